// SPDX-License-Identifier: MIT
// percpu_stop_machine: one signed counter a CPU, decided while the machine stands still.
//
// What: a get looks whether the module is live and adds one to this CPU's counter, without being
// interrupted in between; a put subtracts one from the counter of whichever CPU it runs on. Only
// the sum means something, and the sum can be trusted only while nobody moves: the remover stops
// every other thread, adds up and marks the module going in one go.
//
// Where from: Linux 2.6.0 to 2.6.33, include/linux/module.h (try_module_get, module_put),
// kernel/module.c (try_stop_module), kernel/stop_machine.c; Rusty Russell's FAQ of 2002 ("disables
// preemption for a moment, checks the live flag, and then increments a per-cpu counter").
// Since 2.5.48 with a locked counter (distributed/percpu_locked). A removal that was to wait (rmmod
// --wait) stopped the machine too, to mark the module, until 2.6.27 made it mark first and call
// synchronize_sched().
//
// Cost: one rseq section per get and per put, no locked instruction. Removal: a rendezvous of all
// registered threads, and they all lose that time.
//
// Invariants
//   I1  The sum over the CPUs is the number of references; one CPU's counter may be negative.
//   I2  A section that saw going_ == 0 has counted before the machine stopped, or starts over.
//
// Ordering
//   E1  put's release add -> the thread arrives at the rendezvous -> the sum there: the holder's
//       accesses are done.
//   E2  going_ = 1 inside the rendezvous -> every later section sees it.
//   E3  restart's release of going_ -> the acquire of a section that finds it clear.
//
// Limits: a sum outside the rendezvous can come out too low: it reads CPU 0, a holder gets once
// more on CPU 0 and puts on CPU 1, it reads CPU 1. The kernel's waiting remover summed without
// stopping the machine and had this fault until 2.6.34 (Piggin 2010). drained() here stops the
// machine before it believes a zero; count() does not. Threads must be registered, because a signal
// has to reach them, and the rendezvous holds them up wherever they are, in a get or put too.
#pragma once

#include "../machine/native.hpp"
#include "../near_overflow.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class PercpuStopMachine {
 public:
  using Ticket = BoolTicket;
  using ThreadGuard = typename M::StopMachineGuard;

  static constexpr SchemeInfo info{
      .name = "percpu_stop_machine",
      .summary = "one signed counter per CPU, summed while every thread stands still",
      .origin = "Linux 2.6.0 to 2.6.33, kernel/module.c and kernel/stop_machine.c",
      .generation = "2.6.0 to 2.6.33",
      .count = CountExactness::approximate,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::blocking,  // while the machine is stopped; so put
      .put_progress = Progress::blocking,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .bytes_per_cpu = 8,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
      .needs_stop_machine = true,
      .needs_registration = true,
  };

  PercpuStopMachine() { M::require(info); }

  Ticket try_get() noexcept { return Ticket(words_.template add_if_clear<kRefs>(going_, 1, 1)); }

  Ticket get(const Ticket&) noexcept {
    words_.template add<kRefs>(1);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    words_.template add<kRefs>(-1);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    return unused_at_rendezvous<M>(*this,
                                   [this] { going_.store(1, std::memory_order_relaxed); });  // E2
  }

  void stop() {
    M::stop_machine([&] { going_.store(1, std::memory_order_relaxed); });  // E2
  }

  [[nodiscard]] bool drained() {
    // If it is busy, do not stop the machine for it.
    return count() == 0 && unused_at_rendezvous<M>(*this, [] {});  // E1
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return words_.template sum<kRefs>(); }

  /// For tests: as if this CPU's word had been counting for long.
  void near_overflow(std::int64_t n) noexcept { shift_to_this_cpu<M, kRefs>(words_, n); }

 private:
  enum : std::size_t { kRefs };

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerCpuWords<1> words_;
};

}  // namespace getput
