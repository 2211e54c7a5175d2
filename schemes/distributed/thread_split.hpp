// SPDX-License-Identifier: MIT
// thread_split: a pair of plain one-way counters in every thread, a live flag, membarrier.
//
// What: a get counts in its own thread's memory and then looks whether the module is still live; a
// put counts in its own thread's memory. Nothing is shared and nothing is locked on the way; the
// remover pays with one membarrier and a sum over the threads.
//
// Where from: ours, from known parts: per-thread counters with a registry (perfbook count_end.c,
// Paul McKenney), gets and puts apart (Linux 2.6.34 module counts), the asymmetric barrier of
// liburcu-memb and of folly's TLRefCount.
//
// Cost: per pair two adds, a few loads and five predicted branches on memory of this thread. One
// thread-local word, `attention`, stands for everything rare: a thread that is not known yet, a
// remover that sleeps. Bytes grow with threads, not with CPUs; every thread of the program has 16
// KiB for the first 1024 objects, used or not.
//
// Invariants
//   I1  gets and puts only grow; a thread's pair outlives it (folded when the thread exits).
//   I2  A sum of puts taken before the sum of gets counts no put whose get it misses.
//   I3  Once going_ is set and the barrier has passed, every try_get that counted itself either
//       saw going_ == 0 before the barrier, and its get is in the sum, or takes its get back.
//
// Ordering
//   E1  put's release add -> sum of puts (acquire).
//   E2  asymmetric Dekker:      try_get               stop
//                               gets += 1             going_ = 1
//                               (compiler barrier)    heavy_barrier()
//                               read going_           sum
//       Either try_get sees going_, or the sum sees its get.
//   E3  sum of puts, full barrier, sum of gets: I2.
//   E4  asymmetric Dekker:      put                   wait_drained
//                               puts += 1             attention = on in every thread
//                               (compiler barrier)    heavy_barrier()  (in wait)
//                               read attention        sum; sleep if held
//   E5  A thread's first count precedes attach(); attach() and the sum take one lock. If the sum
//       came first, the thread sees going_ after attach(); if not, its counts are in the sum.
//   E6  restart's release of going_ -> try_get's acquire looks at it.
//
// Limits: a refused try_get has counted and must count a put; it looks at going_ first, so that
// refused callers do not keep the remover summing. try_stop() marks going and may come back to
// life: spurious failures in that window. A thread's first count makes it known, under
// a lock that every sum takes: one that stands still there holds up try_stop().
// Outside the C++ memory model: E2 rests on membarrier(2). Signal handlers: see local_add.hpp.
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class ThreadSplit {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "thread_split",
      .summary = "gets and puts in two plain counters per thread",
      .origin = "getput; parts from perfbook count_end and Linux 2.6.34",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .stop_progress = Progress::blocking,  // try_stop() sums under the lock that registers threads
      .bytes_per_object = 16,
      .bytes_per_thread = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };

  ThreadSplit() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E6
      return Ticket();
    const std::uint32_t attention = words_.template add<kGets>(1);
    if ((attention | going_.load(std::memory_order_acquire)) != 0) [[unlikely]]  // E2
      return look_again();
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    if (words_.template add<kGets>(1) != 0) [[unlikely]]
      Words::attach_or_abort();
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    if (words_.template add<kPuts>(1) != 0) [[unlikely]]  // E1
      put_attentively(this);
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::heavy_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    const typename Words::Attention asked;  // E4
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E6

  std::int64_t count() const {
    const std::int64_t puts = words_.template sum<kPuts>();  // E1
    M::full_barrier();                                       // E3
    return modular_difference(words_.template sum<kGets>(), puts);
  }

  /// For tests: as if this thread's words had been counting for long.
  void near_overflow(std::int64_t n) noexcept {
    words_.template add<kGets>(std::numeric_limits<std::int64_t>::max() - n);
    words_.template add<kPuts>(std::numeric_limits<std::int64_t>::max() - n);
  }

 private:
  enum : std::size_t { kGets, kPuts };

  using Words = typename M::template PerThreadWords<2>;

  // The get is counted; the thread may not have been known when the remover summed. Once it is
  // known, going_ decides: the remover looked through the threads under the same lock.
  [[gnu::cold, gnu::noinline]] Ticket look_again() noexcept {
    Words::attach_or_abort();
    if (going_.load(std::memory_order_acquire) == 0)  // E5, E6
      return Ticket(true);
    put(Ticket(true));
    return Ticket();
  }

  // Not a member: the put is counted, so the object may be gone.
  [[gnu::cold, gnu::noinline]] static void put_attentively(const void* key) noexcept {
    Words::attach_or_abort();
    M::wake_if_waiting(key);
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  Words words_;
};

}  // namespace getput
