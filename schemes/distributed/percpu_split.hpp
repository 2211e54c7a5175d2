// SPDX-License-Identifier: MIT
// percpu_split: the kernel's module count from 2.6.34 to 3.18, two one-way counters a CPU.
//
// What: a get adds one to this CPU's gets, a put adds one to whichever CPU's puts it runs on. The
// remover sums. "Check live, then count" is one rseq section, the user-space form of
// preempt_disable(); the remover's membarrier restarts sections that are half way, the user-space
// form of synchronize_sched() in the removal that waits (2.6.27 to 3.12).
//
// Where from: Linux 2.6.34 to 3.18, kernel/module.c (struct module_ref { incs, decs }); the split
// is Nick Piggin's "Fix up possibly racy module refcounting" (April 2010) for a sum that could come
// out too low.
//
// Cost: one rseq section per get and per put, no locked instruction, no shared line written.
// Removal: one membarrier and two sums over the possible CPUs.
//
// Invariants
//   I1  gets and puts only grow. A reference is one get and, later, one put, on any two CPUs.
//   I2  A sum of puts taken before the sum of gets counts no put whose get it misses.
//   I3  Once going_ is set and the barrier has passed, gets no longer grow.
//
// Ordering
//   E1  put's release add -> sum of puts (acquire): the holder's accesses are done.
//   E2  going_ = 1; rseq_barrier() -> every later section of try_get sees it (asymmetric: the
//       section has no fence, the barrier interrupts every running thread).
//   E3  sum of puts (acquire), full barrier, sum of gets: I2.
//   E4  restart's release of going_ -> the acquire of a section that finds it clear.
//
// Limits: the kernel's non-blocking removal decided under stop_machine. Here try_stop() marks
// going, sums, and comes back to life if somebody is inside: a try_get in that window fails
// spuriously (distributed/percpu_stop_machine is the exact form). 64-bit counters wrap together,
// sums stay right. Outside the C++ memory model: the counters are written by inline assembly in a
// section that the kernel may restart, and E2 rests on membarrier(2).
#pragma once

#include <limits>

#include "../machine/native.hpp"
#include "../modular.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class PercpuSplit {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "percpu_split",
      .summary = "gets and puts in two one-way counters per CPU",
      .origin = "Linux 2.6.34 to 3.18, kernel/module.c",
      .generation = "2.6.34 to 3.18",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 16,
      .bytes_per_cpu = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  PercpuSplit() { M::require(info); }

  Ticket try_get() noexcept {
    return Ticket(words_.template add_if_clear<kGets>(going_, 1, 1));  // E2, E4
  }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kGets>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    words_.template add<kPuts>(1);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::rseq_barrier();  // E2
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const {
    const std::int64_t puts = words_.template sum<kPuts>();  // E1
    M::full_barrier();                                       // E3
    return modular_difference(words_.template sum<kGets>(), puts);
  }

  /// For tests: as if this CPU's words had been counting for long.
  void near_overflow(std::int64_t n) noexcept {
    words_.template add<kGets>(std::numeric_limits<std::int64_t>::max() - n);
    words_.template add<kPuts>(std::numeric_limits<std::int64_t>::max() - n);
  }

 private:
  enum : std::size_t { kGets, kPuts };

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerCpuWords<2> words_;
};

}  // namespace getput
