// SPDX-License-Identifier: MIT
// The receive ring of each worker: its share of the input, copied into memory of the worker's node,
// and the descriptors a card would have written.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "bench/workloads/netpath/input/frames.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"
#include "modules/plugin_abi.h"

namespace getput::bench {
class Team;
}

namespace getput::bench::netpath {

/// How frames find their worker.
enum class Steering : std::uint8_t {
  rss,    ///< by the hash of the flow: what belongs to one flow is touched by one worker
  spray,  ///< round robin: every worker touches every flow, the worst case for what is shared
};

/// One descriptor and its buffer. Forwarding changes TTL and header checksum in place; the card
/// would write the frame anew each time it comes, so receiving restores that word and nothing else.
struct RxSlot {
  getput_rx_desc desc{};
  std::uint8_t* restore_at = nullptr;  ///< null: not an IP frame, nothing changes it
  std::uint32_t restore_word = 0;      ///< in memory order
  bool checksum_good = false;          ///< receive offload: the transport checksum is right
  /// A packet refers to the frame: the buffer's own reference, as a page of a page pool has it.
  /// Cleared with release where the last such packet is freed, on any core.
  mutable std::atomic<bool> in_use{false};

  RxSlot() = default;
  RxSlot(const RxSlot& other) noexcept
      : desc(other.desc),
        restore_at(other.restore_at),
        restore_word(other.restore_word),
        checksum_good(other.checksum_good) {}

  std::uint8_t* frame() const noexcept { return const_cast<std::uint8_t*>(desc.data); }
  void restore() const noexcept {
    if (restore_at != nullptr) [[likely]]
      std::memcpy(restore_at, &restore_word, sizeof(restore_word));
  }
};

/// One worker's ring. Filled by the worker itself: pages go to the node that touches them first.
class RxRing {
 public:
  /// @p share: indices into the frames of @p input, in order.
  RxRing(const FrameSet& input, const std::vector<std::uint32_t>& share);
  RxRing(const RxRing&) = delete;
  RxRing& operator=(const RxRing&) = delete;

  /// Frames of one pass over the share.
  std::size_t pass() const noexcept { return pass_; }
  /// Descriptors: the share as often as it takes to have more of them than packets in flight.
  std::span<const RxSlot> slots() const noexcept { return {slots_.data(), count_}; }
  /// Slots behind the last one that may be read for prefetching: the first ones again.
  static constexpr std::size_t kPadding = 32;

 private:
  static HugeMemory map(std::size_t size);  // throws EnvironmentError

  std::size_t pass_ = 0;
  std::size_t count_ = 0;
  HugeMemory memory_;
  std::vector<RxSlot> slots_;
};

/// The rings of all workers of a placement.
using RxRings = std::vector<std::unique_ptr<RxRing>>;

/// The shares of @p workers workers, as indices into the frames of @p input.
std::vector<std::vector<std::uint32_t>> steer(const FrameSet& input, Steering steering,
                                              std::size_t workers);

/// The rings for this input, steering and placement; made by the threads of @p team, and kept for
/// the next cell that asks for the same.
std::shared_ptr<const RxRings> rings_for(const Input& input, Steering steering, Team& team);

}  // namespace getput::bench::netpath
