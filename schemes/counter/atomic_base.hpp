// SPDX-License-Identifier: MIT
// atomic_base: the kernel's module count since 3.19, one atomic word with a base reference.
//
// What: the word starts at 1, the base reference that stands for "not being removed". try_get is
// increment-unless-zero, put is decrement-if-positive. The remover takes the base away; if others
// hold references it gives it back and reports busy.
//
// Where from: Linux 3.19 to today, kernel/module/main.c, until 5.18 kernel/module.c
// (try_module_get, module_put, try_release_module_ref); introduced by e513cc1c07e2 "module: Remove
// stop_machine from module unloading", which replaced per-CPU counters.
//
// Cost: two compare-exchange loops on one shared line; retries grow with contention. `state` is the
// first member of struct module and `refcnt` near its end, with core_layout, which starts a cache
// line, between them (include/linux/module.h). So they are on two lines here as well; an object has
// 128 bytes.
//
// Invariants
//   I1  refs_ = base (1 while live, 0 while going) + references held.
//   I2  refs_ never leaves 0 except in restart().
//
// Ordering
//   E1  put's release decrement -> drained()'s acquire load: the holder's accesses are done.
//   E2  stop's subtraction -> a later try_get: sees going_, or a word without base.
//   E3  restart's addition to refs_ and its release of going_ -> try_get's exchange, or its acquire
//       of going_. Both: who looked at going_ in the life before has only the exchange.
//   Kernel value-returning atomics are fully ordered; so are these (seq_cst read-modify-writes);
//   get() needs no edge, its caller holds a reference.
//
// Limits: a failed attempt (n+1 -> n -> n+1) never shows 0 to a try_get while n > 0, so there is no
// spurious failure; count() reads one low meanwhile. It takes its base back by compare-exchange,
// against callers who come and go. No overflow protection: past 2^31 - 1 the word
// is negative and puts are refused, as by atomic_dec_if_positive().
// The kernel has no wait queue here since 3.13; wait_drained() is ours.
#pragma once

#include <cstddef>
#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class AtomicBase {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "atomic_base",
      .summary = "one atomic word with a base reference: today's module count",
      .origin = "Linux 3.19 to today, kernel/module/main.c",
      .generation = "3.19 to today",
      .count = CountExactness::approximate,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .stop_progress = Progress::lock_free,
      .bytes_per_object = 128,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0)  // E2, E3
      return Ticket();
    return Ticket(add_unless_zero());  // E2, E3
  }

  Ticket get(const Ticket&) noexcept {
    refs_.fetch_add(1, std::memory_order_seq_cst);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    std::int32_t seen = refs_.load(std::memory_order_relaxed);
    do {
      if (seen <= 0) {
        M::warn_once(warned_, "atomic_base: put without a reference (refused)");
        return;
      }
    } while (!refs_.compare_exchange_weak(seen, seen - 1, std::memory_order_seq_cst,  // E1
                                          std::memory_order_relaxed));
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    if (refs_.fetch_sub(kBase, std::memory_order_seq_cst) != kBase && add_unless_zero())  // E1
      return false;
    going_.store(1, std::memory_order_seq_cst);  // E2
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);         // E2
    refs_.fetch_sub(kBase, std::memory_order_seq_cst);  // E2
  }

  [[nodiscard]] bool drained() { return refs_.load(std::memory_order_acquire) == 0; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    refs_.fetch_add(kBase, std::memory_order_seq_cst);  // E3
    going_.store(0, std::memory_order_release);         // E3
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    return modular_difference(refs_.load(std::memory_order_relaxed), going ? 0 : kBase);
  }

  void near_overflow(std::int64_t n) noexcept {
    refs_.store(static_cast<std::int32_t>(std::numeric_limits<std::int32_t>::max() - n),
                std::memory_order_relaxed);
  }

 private:
  static constexpr std::int32_t kBase = 1;
  static constexpr std::size_t kLine = 64;

  // Acquire also when it finds zero: try_stop() then succeeds because of the last put (E1).
  bool add_unless_zero() noexcept {
    std::int32_t seen = refs_.load(std::memory_order_acquire);
    do {
      if (seen == 0)
        return false;
    } while (!refs_.compare_exchange_weak(seen, modular_sum(seen, 1), std::memory_order_seq_cst,
                                          std::memory_order_acquire));
    return true;
  }

  static inline std::atomic<bool> warned_{false};

  typename M::template Atomic<std::uint32_t> going_{0};
  alignas(kLine) typename M::template Atomic<std::int32_t> refs_{kBase};  // I1
};

}  // namespace getput
