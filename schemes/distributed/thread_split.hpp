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
// Cost: per pair two adds, a few loads and predicted branches on memory of this thread. Bytes grow
// with threads, not with CPUs; a thread that uses the scheme has 16 KiB for the first 1024 objects.
//
// Invariants
//   I1  gets and puts only grow; a thread's pair outlives it (machine/per_thread.hpp).
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
//   E4  asymmetric Dekker (parking.hpp): put's count; read waiters | announce; heavy barrier; sums.
//   E5  restart's release of going_ -> try_get's acquire looks at it.
//
// Limits: a refused try_get has counted and must count a put; it looks at going_ first, so that
// refused callers do not keep the remover summing. try_stop() marks going and may come back to
// life: spurious failures in that window. Outside the C++ memory model: E2 and E4 rest on
// membarrier(2). Signal handlers: see local_add.hpp.
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
      .bytes_per_object = 16,
      .bytes_per_thread = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };

  ThreadSplit() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E5
      return Ticket();
    words_.template add<kGets>(1);
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2
      return refuse();
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kGets>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    words_.template add<kPuts>(1);  // E1
    M::wake_if_waiting(this);       // E4
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::heavy_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E5

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

  [[gnu::cold, gnu::noinline]] Ticket refuse() noexcept {
    put(Ticket(true));
    return Ticket();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerThreadWords<2> words_;
};

}  // namespace getput
