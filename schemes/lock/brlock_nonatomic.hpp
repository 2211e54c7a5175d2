// SPDX-License-Identifier: MIT
// brlock_nonatomic: the big-reader lock without atomic readers; a plain word in every thread and
// one writer flag for the machine.
//
// What: try_get raises a word of its own thread, passes a full barrier and looks whether a remover
// has raised the writer flag; if so it steps back and waits. put lowers the word. The remover
// raises the flag, passes a full barrier and looks at all words; if somebody is inside he lowers
// the flag again and starts over. Words and flag belong to no module, as in brlock.
//
// Where from: Linux 2.4 to 2.5.69, include/linux/brlock.h and lib/brlock.c, the variant without
// __BRLOCK_USE_ATOMICS (sparc64, alpha, ppc). Its word was a CPU's, written with preemption off;
// here it is a thread's, which nothing but the thread writes either. The words are machine-wide, as
// they were there. An unlock was a store-store barrier and a plain store; ours is a release.
//
// Cost: one full barrier a get, none a put. No memory per module; 8 bytes a thread for all of them.
//
// Invariants
//   I1  A thread's word = how often it is inside any module. Never negative: who gets puts. So the
//       sum over the threads is 0 if and only if every word is.
//   I2  The flag is up only while one remover, who holds the lock beside it, looks at the words. He
//       never waits for a reader with the flag up, so readers nest without deadlock and he may
//       starve (as in the original).
//   I3  Nobody comes in while the flag is up; a reader who steps back makes the remover see
//       somebody who is not there, never the other way round.
//
// Ordering
//   E1  put's release store -> the remover's acquire sum.
//   E2  Dekker:  try_get: word += 1; full barrier; read writing     remover: writing = 1; full
//       barrier; sum.  Either try_get sees the flag and steps back, or the sum sees its word.
//   E3  going_ = 1 before the flag is lowered (release) -> a try_get that sees it down again
//       (acquire) sees going_.
//   E4  asymmetric Dekker (parking.hpp): put's store; read waiters | announce; heavy barrier; sum.
//   E5  restart's release of going_ -> try_get's looks at it (acquire).
//
// Limits: not a reference: the thread that entered must leave, and while it is inside it delays
// the removal of every module. Only one machine-wide lock instead of the kernel's several.
#pragma once

#include <string_view>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class BrlockNonatomic {
  /// The machine-wide words and the flag. Removers sleep on its address, because they wait for all
  /// words and not for one module's.
  struct Machine {
    static constexpr const char* kName = "brlock_nonatomic";
    alignas(64) typename M::SpinLock one_at_a_time;
    typename M::template Atomic<std::uint32_t> writing{0};
    alignas(64) typename M::template PerThreadWords<1> readers;
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "brlock_nonatomic",
      .summary = "plain per-thread read side of one big reader lock, held while inside",
      .origin = "Linux 2.4, lib/brlock.c (non-atomic readers)",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .shared_bytes = sizeof(Machine),
      .locked_in_get = 1,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };
  static constexpr std::string_view kNoNearOverflow =
      "no count() shows that a word of 64 bits has wrapped";

  BrlockNonatomic() { M::require(info); }

  // clang calls it otherwise, for its loop.
  [[gnu::always_inline]] Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E5
      return Ticket();
    read_lock();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E3
      put(Ticket(true));
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    machine_->readers.template add<0>(1);  // inside already: no writer, I2
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    Machine* const all = machine_;     // the object may be gone after the store
    all->readers.template add<0>(-1);  // E1
    M::wake_if_waiting(all);           // E4
  }

  [[nodiscard]] bool try_stop() {
    const WriteSide side(*machine_);
    if (!side.nobody_reads())
      return false;
    going_.store(1, std::memory_order_seq_cst);  // E3
    passed_ = true;
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E3
    passed_ = false;
  }

  [[nodiscard]] bool drained() {
    if (!passed_)
      passed_ = WriteSide(*machine_).nobody_reads();
    return passed_;
  }

  void wait_drained(StopToken token) {
    M::wait(
        machine_, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E5

  std::int64_t count() const { return 0; }

 private:
  /// The flag is up while one exists.
  class WriteSide {
   public:
    explicit WriteSide(Machine& all) : all_(all) {
      all_.one_at_a_time.lock();
      all_.writing.store(1, std::memory_order_seq_cst);
      M::full_barrier();  // E2
    }
    ~WriteSide() {
      all_.writing.store(0, std::memory_order_release);  // E3
      all_.one_at_a_time.unlock();
    }
    WriteSide(const WriteSide&) = delete;
    WriteSide& operator=(const WriteSide&) = delete;

    bool nobody_reads() const { return all_.readers.template sum<0>() == 0; }  // E1, I1

   private:
    Machine& all_;
  };

  void read_lock() noexcept {
    for (;;) {
      machine_->readers.template add<0>(1);
      M::full_barrier();  // E2
      if (machine_->writing.load(std::memory_order_acquire) == 0) [[likely]]
        return;
      step_back();
    }
  }

  // The remover may have seen this thread inside and gone to sleep: as a put.
  [[gnu::cold, gnu::noinline]] void step_back() noexcept {
    put(Ticket(true));
    while (machine_->writing.load(std::memory_order_relaxed) != 0) M::cpu_relax();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the words were seen free since stop(); the remover's alone
  Machine* const machine_ = &M::template ProcessWide<Machine>::get();
};

}  // namespace getput
