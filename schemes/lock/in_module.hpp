// SPDX-License-Identifier: MIT
// in_module: the module counts itself, kernel 2.2. Wrong, and here to be seen to be wrong.
//
// What: the caller jumps into the module, and the first thing that the module's code does is to
// raise its own use count. Between the jump and the count the code runs with a count of zero; a
// remover that looks in between unmaps it.
//
// Where from: Linux 2.0 and 2.2, include/linux/module.h (MOD_INC_USE_COUNT, MOD_DEC_USE_COUNT),
// kernel/module.c (sys_delete_module). What held it together there was the big kernel lock, as long
// as nobody slept before counting. LWN of 7 May 2003 ("Module reference counts - back to the
// future?") begins with this race.
//
// Cost: one locked instruction per get and per put on a shared word.
//
// Invariants: none that protects the module. users_ = the callers that have counted themselves.
//
// Ordering
//   E1  put's release -> the acquire of drained() and try_stop(), for those who counted.
//   E2  restart's release of deleted_ -> try_get's acquire of it.
//
// Limits: safe = false. The contract tests and the oracle of every workload must catch it.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class InModule {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "in_module",
      .summary = "the module raises its own count once it runs: the race of 2.2, unsafe",
      .origin = "Linux 2.2, include/linux/module.h (MOD_INC_USE_COUNT)",
      .generation = "2.2",
      .safe = false,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .bytes_per_object = 16,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };

  Ticket try_get() noexcept {
    if (deleted_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2; the caller finds none
      return Ticket();
    // Here the module's code already runs, and nobody knows.
    users_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    users_.fetch_add(1, std::memory_order_relaxed);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    users_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    if (users_.load(std::memory_order_acquire) != 0)  // E1
      return false;
    deleted_.store(1, std::memory_order_release);
    return true;
  }

  void stop() { deleted_.store(1, std::memory_order_seq_cst); }

  [[nodiscard]] bool drained() { return users_.load(std::memory_order_acquire) == 0; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { deleted_.store(0, std::memory_order_release); }  // E2

  std::int64_t count() const { return users_.load(std::memory_order_relaxed); }

  void near_overflow(std::int64_t n) noexcept {
    users_.store(std::numeric_limits<std::int64_t>::max() - n, std::memory_order_relaxed);
  }

 private:
  typename M::template Atomic<std::int64_t> users_{0};
  typename M::template Atomic<std::uint32_t> deleted_{0};
};

}  // namespace getput
