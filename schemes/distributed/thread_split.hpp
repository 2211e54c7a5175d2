// SPDX-License-Identifier: MIT
// thread_split: a pair of plain one-way counters in every thread, a live flag, membarrier.
//
// What: a get counts in its own thread's memory and then looks whether the module is still live; a
// put counts in its own thread's memory. Nothing is shared and nothing is locked on the way; the
// remover pays with one membarrier and a sum over the threads.
//
// Where from: ours, from known parts: per-thread counters with a registry (perfbook count_end.c,
// Paul McKenney), gets and puts apart (Linux 2.6.35 module counts), the asymmetric barrier of
// liburcu-memb and of folly's TLRefCount.
//
// Cost: per pair two loads, two adds and three predicted branches on memory of this thread. Bytes
// grow with threads, not with CPUs.
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
//                               light_barrier()       heavy_barrier()
//                               read going_           sum
//       Either try_get sees going_, or the sum sees its get.
//   E3  sum of puts, full barrier, sum of gets: I2.
//
// Limits: a refused try_get has counted and must count a put; it looks at going_ first, so that
// refused callers do not keep the remover summing. try_stop() marks going and may come back to
// life: spurious failures in that window. Outside the C++ memory model: E2 rests on membarrier(2).
#pragma once

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class ThreadSplit {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "thread_split",
      .summary = "gets and puts in two plain counters per thread",
      .origin = "getput; parts from perfbook count_end and Linux 2.6.35",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .bytes_per_object = 16,
      .bytes_per_thread = 16,
      .needs_membarrier = true,
  };

  ThreadSplit() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]
      return Ticket();
    words_.template add<kGets>(1);
    M::light_barrier();                                            // E2
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2
      return refused();
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kGets>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    words_.template add<kPuts>(1);  // E1
    M::wake_if_waiting(this);
  }

  bool try_stop() {
    if (!drained())  // busy for sure: do not disturb the callers
      return false;
    stop();
    if (drained())
      return true;
    restart();
    return false;
  }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::heavy_barrier();  // E2
  }

  bool drained() { return count() == 0; }

  void wait_drained(std::stop_token token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }

  std::int64_t count() const {
    const std::int64_t puts = words_.template sum<kPuts>();  // E1
    M::full_barrier();                                       // E3
    return words_.template sum<kGets>() - puts;
  }

 private:
  enum : std::size_t { kGets, kPuts };

  [[gnu::cold, gnu::noinline]] Ticket refused() noexcept {
    put(Ticket(true));
    return Ticket();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerThreadWords<2> words_;
};

}  // namespace getput
