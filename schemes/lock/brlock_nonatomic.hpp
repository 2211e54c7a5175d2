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
//   E4  A thread's first count precedes attach(); attach() and the sum take one lock. If the sum
//       came first, the thread sees the flag, or it is down and E3 holds.
//   E5  wait_drained asks every thread for attention, then heavy_barrier(): as thread_split's E4.
//   E6  restart's release of going_ -> try_get's looks at it (acquire).
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
  struct alignas(64) Writer {
    typename M::SpinLock one_at_a_time;
    typename M::template Atomic<std::uint32_t> writing{0};
  };

 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "brlock_nonatomic",
      .summary = "plain per-thread read side of one big reader lock, held while inside",
      .origin = "Linux 2.4, lib/brlock.c (non-atomic readers)",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,
      .bytes_per_object = 16,
      .shared_bytes = sizeof(Writer),
      .locked_in_get = 1,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };
  static constexpr std::string_view kNoNearOverflow =
      "no count() shows that a word of 64 bits has wrapped";

  BrlockNonatomic() { M::require(info); }

  // clang calls it otherwise, for its loop.
  [[gnu::always_inline]] Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E6
      return Ticket();
    read_lock();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E3
      put(Ticket(true));
      return Ticket();
    }
    return Ticket(true);
  }

  Ticket get(const Ticket&) noexcept {
    readers_->template add<0>(1);  // known and inside: no writer, I2
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    if (readers_->template add<0>(-1) != 0) [[unlikely]]  // E1
      put_attentively();
  }

  bool try_stop() {
    const WriteSide side(*readers_);
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

  bool drained() {
    if (!passed_)
      passed_ = WriteSide(*readers_).nobody_reads();
    return passed_;
  }

  void wait_drained(std::stop_token token) {
    const typename Words::Attention asked;  // E5
    M::wait(
        &wait_key_, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E6

  std::int64_t count() const { return 0; }

 private:
  using Words = typename M::template PerThreadWords<1>;

  /// The flag is up while one exists.
  class WriteSide {
   public:
    explicit WriteSide(Words& readers) : readers_(readers) {
      writer_.one_at_a_time.lock();
      writer_.writing.store(1, std::memory_order_seq_cst);
      M::full_barrier();  // E2
    }
    ~WriteSide() {
      writer_.writing.store(0, std::memory_order_release);  // E3
      writer_.one_at_a_time.unlock();
    }
    WriteSide(const WriteSide&) = delete;
    WriteSide& operator=(const WriteSide&) = delete;

    bool nobody_reads() const { return readers_.template sum<0>() == 0; }  // E1, I1

   private:
    Words& readers_;
  };

  /// The machine-wide words. Never freed: any object with static storage may still use them.
  static Words* readers() {
    static Words* const all = new Words;
    return all;
  }

  void read_lock() noexcept {
    for (;;) {
      if (readers_->template add<0>(1) != 0) [[unlikely]]
        Words::attach_or_abort();  // E4
      M::full_barrier();           // E2
      if (writer_.writing.load(std::memory_order_acquire) == 0) [[likely]]
        return;
      step_back();
    }
  }

  // The remover may have seen this thread inside and gone to sleep: as a put.
  [[gnu::cold, gnu::noinline]] void step_back() noexcept {
    put(Ticket(true));
    while (writer_.writing.load(std::memory_order_relaxed) != 0) M::cpu_relax();
  }

  [[gnu::cold, gnu::noinline]] static void put_attentively() noexcept {
    Words::attach_or_abort();
    M::wake_if_waiting(&wait_key_);
  }

  static inline Writer writer_;
  static inline const char wait_key_ = 0;  // removers wait for all words, not for one module's

  typename M::template Atomic<std::uint32_t> going_{0};
  bool passed_ = false;  // the words were seen free since stop(); the remover's alone
  Words* readers_ = readers();
};

}  // namespace getput
