// SPDX-License-Identifier: MIT
// The receive ring of each worker: its share of the input, copied into memory of the worker's node,
// and the descriptors a card would have written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bench/workloads/netpath/input/frames.hpp"
#include "bench/workloads/netpath/input/rx_slot.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"

namespace getput::bench {
class Team;
}

namespace getput::bench::netpath {

/// How frames find their worker.
enum class Steering : std::uint8_t {
  rss,     ///< by the hash of the flow: what belongs to one flow is touched by one worker
  spray,   ///< round robin: every worker touches every flow, the worst case for what is shared
  onehot,  ///< the frames of the busiest destination alone, round robin: all workers meet in one
           ///< route and one neighbour, or in the sockets of one address
};
/// "rss", "spray", "onehot".
std::string_view name(Steering steering) noexcept;
/// Empty: there is none of this name.
std::optional<Steering> find_steering(std::string_view text) noexcept;

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
