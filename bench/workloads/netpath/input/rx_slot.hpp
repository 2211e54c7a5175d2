// SPDX-License-Identifier: MIT
// A descriptor of the receive ring, as a card would have written it.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>

#include "bench/workloads/netpath/input/frames.hpp"
#include "modules/plugin_abi.h"

namespace getput::bench::netpath {

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
  RxSlot& operator=(const RxSlot&) = delete;

  std::uint8_t* frame() const noexcept { return const_cast<std::uint8_t*>(desc.data); }
  void restore() const noexcept {
    if (restore_at != nullptr) [[likely]]
      std::memcpy(restore_at, &restore_word, sizeof(restore_word));
  }
};

/// The descriptor of @p frame, whose bytes lie at @p data.
RxSlot make_slot(const Frame& frame, std::uint8_t* data) noexcept;

}  // namespace getput::bench::netpath
