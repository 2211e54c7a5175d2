// SPDX-License-Identifier: MIT
// refcount: the kernel's refcount_t, an atomic word that saturates instead of overflowing.
//
// Where from: Linux 4.11 to today, include/linux/refcount.h, lib/refcount.c (the form of 5.5,
// generic and with unconditional adds; memory orders as its header states them).
//
// Cost: as kref, and a sign test after each operation.
//
// Zones of the signed word: 0 dead, 1..INT_MAX references, negative saturated. An operation that
// finds a wrong zone (overflow, put of a dead word, increment from zero) warns once and pins the
// word in the middle of the negative range, where it stays: the module leaks and is never removed.
// Why that is safe against races: from kSaturated the word would have to drift 2^30 before it left
// the zone, and every operation that sees it puts it back (kernel: 0x40000000 against at most
// 2^22 tasks with one operation each in flight).
//
// Ordering: E1 to E4 of base_reference.hpp, with the orders of atomic.hpp. The kernel's increments
// are relaxed: its objects do not come back.
// Limits: a saturated count is not a count. 4 bytes and a flag.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "atomic.hpp"
#include "base_reference.hpp"

namespace getput {

template <class M>
class RefcountWord : public AtomicWord<M> {
 public:
  bool try_inc() noexcept {
    const std::int32_t before = this->inc_unless_zero();
    if (before == 0)
      return false;
    check_inc(before);
    return true;
  }

  void inc() noexcept {
    const std::int32_t seen = refs_.fetch_add(1, std::memory_order_relaxed);
    if (seen == 0) [[unlikely]]
      saturate("refcount: increment from zero: use after free (saturated)");
    else
      check_inc(seen);
  }

  bool dec() noexcept {
    const std::int32_t seen = refs_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    if (seen == 1)
      return true;
    if (seen <= 0) [[unlikely]]
      saturate("refcount: underflow: a put too many (saturated)");
    return false;
  }

 private:
  using AtomicWord<M>::refs_;

  static constexpr std::int32_t kSaturated = std::numeric_limits<std::int32_t>::min() / 2;

  void check_inc(std::int32_t before) noexcept {
    if (before < 0 || modular_sum(before, 1) < 0) [[unlikely]]
      saturate("refcount: overflow: too many references (saturated, the module leaks)");
  }

  [[gnu::cold, gnu::noinline]] void saturate(const char* message) noexcept {
    refs_.store(kSaturated, std::memory_order_relaxed);
    M::warn_once(warned_, message);
  }

  static inline std::atomic<bool> warned_{false};
};

template <class M = machine::Native>
class Refcount : public BaseReference<M, RefcountWord<M>> {
 public:
  static constexpr SchemeInfo info{
      .name = "refcount",
      .summary = "refcount_t: one atomic word that saturates",
      .origin = "Linux 4.11 to today, include/linux/refcount.h",
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::saturates,
      .get_progress = Progress::lock_free,
      .bytes_per_object = 8,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
};

}  // namespace getput
