// SPDX-License-Identifier: MIT
// atomic: one atomic word as in kref, increment unless zero, the last decrement knows it.
//
// Where from: Linux include/linux/kref.h and atomic_inc_not_zero() before refcount_t (4.11).
//
// Cost: a compare-exchange loop and a locked subtraction on one shared line. Under contention the
// loop retries: "O(N^2)" in the words of lib/rcuref.c.
//
// Invariants: word_ = 1 while live + references held; 0 is final until restart().
// Ordering: E1 to E4 of base_reference.hpp; try_inc is acquire for the sake of E4, inc is relaxed
// (the caller holds a reference), decrements are release and acquire.
// Limits: no protection against overflow or against a put too many. 4 bytes and a flag.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class AtomicWord {
 public:
  bool try_inc() noexcept {
    std::int32_t seen = refs_.load(std::memory_order_acquire);  // E1
    do {
      if (seen == 0)
        return false;  // E1
    } while (!refs_.compare_exchange_weak(seen, wrapping_add(seen, 1), std::memory_order_acquire,
                                          std::memory_order_acquire));  // E4
    return true;
  }
  void inc() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
  bool dec() noexcept { return refs_.fetch_sub(1, std::memory_order_seq_cst) == 1; }  // E1
  bool dec_if_one() noexcept {
    std::int32_t one = 1;
    return refs_.compare_exchange_strong(one, 0, std::memory_order_seq_cst);  // E1
  }
  bool dead() const noexcept { return refs_.load(std::memory_order_acquire) == 0; }  // E1
  void revive() noexcept { refs_.store(1, std::memory_order_release); }              // E4
  std::int64_t value() const noexcept { return refs_.load(std::memory_order_relaxed); }
  void set_near_limit(std::int32_t n) noexcept {
    refs_.store(std::numeric_limits<std::int32_t>::max() - n, std::memory_order_relaxed);
  }

 private:
  static std::int32_t wrapping_add(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  }

  typename M::template Atomic<std::int32_t> refs_{1};
};

template <class M = machine::Native>
class Atomic : public BaseReference<M, AtomicWord<M>> {
 public:
  static constexpr SchemeInfo info{
      .name = "atomic",
      .summary = "one atomic word: increment unless zero, decrement and test",
      .origin = "Linux include/linux/kref.h, atomic_t before 4.11",
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .bytes_per_object = 8,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
