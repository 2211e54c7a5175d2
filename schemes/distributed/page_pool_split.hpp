// SPDX-License-Identifier: MIT
// page_pool_split: gets in a plain counter of the thread that takes, puts in one shared atomic.
//
// What: whoever takes counts in memory of his own; whoever gives back, wherever that is, adds one
// to a word that all share. In flight is the difference.
//
// Where from: Linux 5.3 to today (99c07c43c4ea "xdp: tracking page_pool resources and safe
// removal"; the page pool itself is of 4.18), net/core/page_pool.c: pages_state_hold_cnt, written
// by the one NAPI context that owns the pool, and the atomic pages_state_release_cnt, written by
// whoever returns a page (page_pool_inflight() subtracts them). Here each thread is such a context,
// so the hold counters are per-thread words. The release counter has a line of its own in both.
//
// Cost: a get is one add to this thread's memory; a put is one locked instruction on a shared line.
// Half the price of a shared count, where gets are many places and puts one; worse than
// thread_split by that put.
//
// Invariants
//   I1  Both counters only grow. A reference is one hold and, later, one release.
//   I2  A sum of releases taken before the sum of holds counts no release whose hold it misses.
//   I3  Once going_ is set and the barrier has passed, every try_get that counted itself either saw
//       going_ == 0 before the barrier, and its hold is in the sum, or releases it again.
//
// Ordering
//   E1  put's release add (seq_cst) -> the remover's load of releases (acquire).
//   E2  asymmetric Dekker:      try_get               stop
//                               holds += 1            going_ = 1
//                               compiler barrier      heavy_barrier()
//                               read going_           read holds
//   E3  load of releases (acquire), full barrier, sum of holds: I2.
//   E4  restart's release of going_ -> try_get's acquire looks at it.
//
// Limits: the kernel's counters are 32 bits wide and compared modulo 2^32; these are 64. A thread
// that exits leaves its holds to the scheme. try_stop() marks going, sums, and may come back to
// life: spurious failures in that window. Outside the C++ memory model: E2 rests on membarrier(2).
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class PagePoolSplit {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "page_pool_split",
      .summary = "gets in a plain counter per thread, puts in one shared atomic counter",
      .origin = "Linux 5.3 to today, net/core/page_pool.c",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .bytes_per_object = 128,
      .bytes_per_thread = 8,
      .locked_in_get = 0,
      .locked_in_put = 1,
      .needs_membarrier = true,
  };

  PagePoolSplit() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E4
      return Ticket();
    words_.template add<kHolds>(1);
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2
      return refuse();
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kHolds>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    releases_.fetch_add(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
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

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const {
    const std::uint64_t releases = releases_.load(std::memory_order_acquire);  // E1
    M::full_barrier();                                                         // E3
    return modular_difference(words_.template sum<kHolds>(), static_cast<std::int64_t>(releases));
  }

  /// For tests: as if this thread had been taking for long.
  void near_overflow(std::int64_t n) noexcept {
    const std::int64_t past = std::numeric_limits<std::int64_t>::max() - n;
    words_.template add<kHolds>(past);
    releases_.fetch_add(static_cast<std::uint64_t>(past), std::memory_order_relaxed);
  }

 private:
  enum : std::size_t { kHolds };

  [[gnu::cold, gnu::noinline]] Ticket refuse() noexcept {
    put(Ticket(true));
    return Ticket();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerThreadWords<1> words_;
  // Apart from what every try_get reads: each put writes it.
  alignas(64) typename M::template Atomic<std::uint64_t> releases_{0};
};

}  // namespace getput
