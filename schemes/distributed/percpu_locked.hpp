// SPDX-License-Identifier: MIT
// percpu_locked: a locked counter on a cache line of each CPU, the first per-CPU module count.
//
// What: a get adds one to the line of the CPU it runs on with a locked instruction, a put subtracts
// one from the line of its CPU. The remover stops the machine for the sum.
//
// Where from: Linux 2.5.48 (November 2002) to 2.6.0-test1, include/linux/module.h: struct
// module_ref held an atomic_t on its own cache line, and local_inc() was atomic_inc() unless an
// architecture had better. Plain local_t came in July 2003 (c681e2af80;
// distributed/percpu_stop_machine).
//
// Cost: a locked instruction per get and per put, on a line that nobody else wants. What is left is
// the price of the lock prefix itself. One cache line per CPU and object.
//
// Invariants
//   I1  The sum over the lines is the number of references, plus the refused gets that have not
//       been taken back; one line may be negative.
//   I2  A get that saw going_ == 0 after it counted is in the sum of a machine that stands still.
//
// Ordering
//   E1  put's subtraction -> the thread arrives at the rendezvous -> the sum there.
//   E2  Dekker:  try_get: line += 1 (locked, full barrier); read going_
//                remover: going_ = 1 (seq_cst); sum in the rendezvous
//   E3  restart's release of going_ -> try_get's look at it (acquire).
//   get() needs no edge, its caller holds a reference; seq_cst costs it nothing on x86-64.
//
// Limits: the kernel checked first and then counted, with preemption off. Without that a thread can
// be stopped between the two, so this one counts first and takes back. A sum of moving lines can
// come out too low, see percpu_stop_machine; drained() believes a zero only in the rendezvous.
// That holds up every registered thread wherever it is, in a get or put too.
#pragma once

#include "../machine/native.hpp"
#include "../near_overflow.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class PercpuLocked {
 public:
  using Ticket = BoolTicket;
  using ThreadGuard = typename M::StopMachineGuard;

  static constexpr SchemeInfo info{
      .name = "percpu_locked",
      .summary = "locked operation on a cache line per CPU, summed while every thread stands still",
      .origin = "Linux 2.5.48 to 2.6.0-test1, include/linux/module.h",
      .generation = "2.5.48 to 2.6.0-test1",
      .count = CountExactness::approximate,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::blocking,  // while the machine is stopped; so put
      .put_progress = Progress::blocking,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .bytes_per_cpu = 64,
      .locked_in_get = 1,
      .locked_in_put = 1,
      .needs_stop_machine = true,
      .needs_registration = true,
  };

  PercpuLocked() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E3
      return Ticket();
    const unsigned cpu = M::current_cpu();
    lines_.template on<kRefs>(cpu).fetch_add(1, std::memory_order_seq_cst);  // E2
    if (going_.load(std::memory_order_seq_cst) != 0) [[unlikely]] {          // E2
      lines_.template on<kRefs>(cpu).fetch_sub(1, std::memory_order_seq_cst);
      M::wake_if_waiting(this);
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    lines_.template on<kRefs>(M::current_cpu()).fetch_add(1, std::memory_order_seq_cst);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    lines_.template on<kRefs>(M::current_cpu()).fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    return unused_at_rendezvous<M>(*this,
                                   [this] { going_.store(1, std::memory_order_seq_cst); });  // E2
  }

  void stop() { going_.store(1, std::memory_order_seq_cst); }  // E2

  [[nodiscard]] bool drained() {
    // If it is busy, do not stop the machine for it.
    return count() == 0 && unused_at_rendezvous<M>(*this, [] {});  // E1
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E3

  std::int64_t count() const { return lines_.template sum<kRefs>(); }

  /// For tests: as if this CPU's word had been counting for long.
  void near_overflow(std::int64_t n) noexcept { shift_to_this_cpu<M, kRefs>(lines_, n); }

 private:
  enum : std::size_t { kRefs };
  static constexpr std::size_t kWordsPerLine = 8;

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template PerCpuWords<kWordsPerLine> lines_;
};

}  // namespace getput
