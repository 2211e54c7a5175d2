// SPDX-License-Identifier: MIT
// Which slot of every region belongs to which object. A slot is one object's words within each
// CPU's (or each thread's) own region, so objects are packed side by side and an object costs 8
// or 16 bytes a CPU instead of a cache line. Freed slots are handed out again, lowest cost first.
//
// Not thread-safe: the arenas call it under their lock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "errors.hpp"

namespace getput::machine {

class SlotSpace {
 public:
  /// @p limit slots at most; @p what names the memory in the error.
  SlotSpace(std::uint32_t limit, const char* what) noexcept : limit_(limit), what_(what) {}

  /// A slot nobody uses. Throws OutOfSlots when all are taken.
  std::uint32_t take() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    if (used_ == limit_)
      fail<OutOfSlots>(std::string(what_) + " is full: " + std::to_string(limit_) +
                       " objects are alive; destroy some");
    if (free_.capacity() == used_)  // room for every slot, so that give_back() cannot fail
      free_.reserve(2 * (used_ + std::size_t{1}));
    return used_++;
  }

  /// Will take() hand out a slot that was never used?
  bool would_grow() const noexcept { return free_.empty(); }

  void give_back(std::uint32_t slot) noexcept { free_.push_back(slot); }

  /// Slots ever handed out: the part of each region that may hold counts.
  std::uint32_t high_water() const noexcept { return used_; }

 private:
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;
  std::uint32_t limit_;
  const char* what_;
};

}  // namespace getput::machine
