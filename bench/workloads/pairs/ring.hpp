// SPDX-License-Identifier: MIT
// A bounded queue from one producer thread to one consumer thread, for tickets that another thread
// puts. Preallocated; each side keeps a copy of the other side's index and looks again only when
// the copy says full or empty.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "bench/engine/line.hpp"

namespace getput::bench::pairs {

template <class T, std::size_t Capacity>
class Ring {
  static_assert((Capacity & (Capacity - 1)) == 0, "the index is masked");

 public:
  /// Producer only.
  bool full() noexcept {
    if (tail_ - head_seen_ < Capacity) {
      return false;
    }
    head_seen_ = head_.load(std::memory_order_acquire);  // R1: the consumer is done with the slot
    return tail_ - head_seen_ == Capacity;
  }

  /// Producer only; not when full().
  void push(const T& value) noexcept {
    slots_[tail_ & (Capacity - 1)] = value;
    published_.store(++tail_, std::memory_order_release);  // R2: the value is written
  }

  /// Consumer only; false when empty.
  bool pop(T& value) noexcept {
    if (taken_ == tail_seen_) {
      tail_seen_ = published_.load(std::memory_order_acquire);  // R2
      if (taken_ == tail_seen_) {
        return false;
      }
    }
    value = slots_[taken_ & (Capacity - 1)];
    head_.store(++taken_, std::memory_order_release);  // R1
    return true;
  }

 private:
  alignas(kLine) std::size_t tail_ = 0;  // the producer's
  std::size_t head_seen_ = 0;
  alignas(kLine) std::size_t taken_ = 0;  // the consumer's
  std::size_t tail_seen_ = 0;
  alignas(kLine) std::atomic<std::size_t> published_{0};
  alignas(kLine) std::atomic<std::size_t> head_{0};
  alignas(kLine) std::array<T, Capacity> slots_{};
};

}  // namespace getput::bench::pairs
