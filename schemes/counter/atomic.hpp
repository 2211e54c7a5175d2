// SPDX-License-Identifier: MIT
// atomic: one atomic word as in kref, increment unless zero, the last decrement knows it.
//
// Where from: Linux include/linux/kref.h and atomic_inc_not_zero() before refcount_t (4.11). The
// word is also what refcount_t wraps (refcount.hpp), and what an application counts with
// (intrusive_ptr.hpp).
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
#include "../modular.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class AtomicWord {
 public:
  bool try_inc() noexcept { return inc_unless_zero() != 0; }
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

 protected:
  /// Returns the count before; 0 if it was refused.
  std::int32_t inc_unless_zero() noexcept {
    std::int32_t seen = refs_.load(std::memory_order_acquire);  // E1
    do {
      if (seen == 0)
        return 0;  // E1
    } while (!refs_.compare_exchange_weak(seen, modular_sum(seen, 1), std::memory_order_acquire,
                                          std::memory_order_acquire));  // E4
    return seen;
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
