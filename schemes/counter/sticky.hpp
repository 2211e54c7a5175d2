// SPDX-License-Identifier: MIT
// sticky: a counter that sticks at zero, with a wait-free increment-unless-zero.
//
// What: try_get is one fetch_add and a look at a flag bit; no loop. Zero is not a value but a bit:
// the decrement that brings the count to 0 tries to set it, and a concurrent increment may win, in
// which case the object lives on.
//
// Where from: Anderson, Blelloch, Wei: "Turning Manual Concurrent Memory Reclamation into
// Automatic Reference Counting" (PLDI 2022), section on the sticky counter; the wait-free
// increment-if-not-zero of the CDRC library.
//
// Cost: two unconditional locked instructions on one shared line; no retry under contention. The
// flag is on a line of its own.
//
// Invariants
//   I1  Without kZero: the low bits count 1 while live + references held.
//   I2  With kZero: dead. Failed increments may still raise the low bits; nobody reads them.
//   I3  Exactly one decrement (or dec_if_one) sets kZero and reports the end.
//
// Ordering: E1 to E4 of base_reference.hpp; read-modify-writes are seq_cst: E1, and E4 in try_inc.
// inc is relaxed (the caller holds a reference).
// Limits: 2^63 references. A dead word must not see 2^63 failed increments. Two puts can both have
// reached 0 before one of them sets kZero; the other then looks at the word once more, so the
// object is freed only after a grace period (as rcuref). The published algorithm also lets a reader
// of a 0 decide it; nobody here needs to, and without readers that help, their flag goes away.
#pragma once

#include "../machine/native.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class StickyWord {
 public:
  bool try_inc() noexcept { return (refs_.fetch_add(1, std::memory_order_seq_cst) & kZero) == 0; }
  void inc() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }

  bool dec() noexcept {
    if (refs_.fetch_sub(1, std::memory_order_seq_cst) != 1) [[likely]]  // E1
      return false;
    std::uint64_t none = 0;  // not none any more: an increment came first and the object lives on
    return refs_.compare_exchange_strong(none, kZero, std::memory_order_seq_cst);  // E1
  }

  bool dec_if_one() noexcept {
    std::uint64_t one = 1;
    return refs_.compare_exchange_strong(one, kZero, std::memory_order_seq_cst);  // E1
  }

  bool dead() const noexcept { return (refs_.load(std::memory_order_acquire) & kZero) != 0; }  // E1

  void revive() noexcept { refs_.store(1, std::memory_order_release); }  // E4

  std::int64_t value() const noexcept {
    const std::uint64_t seen = refs_.load(std::memory_order_relaxed);
    return (seen & kZero) != 0 ? 0 : static_cast<std::int64_t>(seen);
  }
  void set_near_limit(std::int32_t n) noexcept {
    refs_.store(kZero - 1 - static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t kZero = std::uint64_t{1} << 63;

  typename M::template Atomic<std::uint64_t> refs_{1};
};

template <class M = machine::Native>
class Sticky : public BaseReference<M, StickyWord<M>, FlagPlace::own_line> {
 public:
  static constexpr SchemeInfo info{
      .name = "sticky",
      .summary = "one word that sticks at zero: wait-free increment unless zero",
      .origin = "Anderson, Blelloch, Wei, PLDI 2022",
      .destroy_when_drained = false,
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .bytes_per_object = 128,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
