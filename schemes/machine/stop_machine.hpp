// SPDX-License-Identifier: MIT
// Stopping the machine: one thread runs a function while all others stand still. The user-space
// form of stop_machine(), with a signal in the place of the per-CPU kernel thread.
//
//   coordinator                        each registered thread
//   sends the signal to all of them
//   waits until all have arrived  <--  arrives (in the handler: any rseq section is aborted)
//   calls the function                 stands still (futex)
//   next round, wakes them        -->  goes on
//   waits until all have left     <--  leaves
// Arriving is a release and counting the arrivals an acquire; the next round is a release and
// seeing it an acquire: so what the others did is seen by the function, and what it did by them.
//
// While the machine stands still no other signal handler runs, neither on the threads that stand
// nor on the one that calls the function, as the kernel's CPUs all had their interrupts off (its
// DISABLE_IRQ): a handler may count, too.
//
// Three bugs of the kernel's that this must not have: an arrival without a barrier (Linux
// 571a25776b), participants that spin and keep others from arriving (9bfec65b7d), a rendezvous that
// goes on although a participant could not be made (there the result was ignored).
// For the last a signal that is refused, because the user has RLIMIT_SIGPENDING of them pending, is
// sent again until it is not.
//
// A fork() waits for the round under way; its child knows the thread that forked, if it was
// registered, by its new number, and no other.
//
// Limits: the signal interrupts system calls of the threads; those that cannot be restarted
// (sleeps, polls) then return EINTR, as for any handled signal. Threads without a guard are not
// stopped; one that blocks the signal holds up the remover until it unblocks it. A fork must not
// race with the first use: the child would inherit a static that is being made.
//
// Cost: two context switches a registered thread, some 10 microseconds each. The threads sleep in
// the handler, so it works with more threads than CPUs.
//
// Source: Linux kernel/stop_machine.c (in 2.5.48 still a part of kernel/module.c); signal(7),
// rseq(2).
#pragma once

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <vector>

#include "annotate.hpp"
#include "nesting_guard.hpp"
#include "spin_lock.hpp"

namespace getput::machine {

class StopMachine {
  struct Registration {
    static void enter() { StopMachine::enter(); }
    static void leave() { StopMachine::leave(); }
  };

 public:
  /// A thread uses schemes that stop the machine only while it holds one. Counts nesting. Throws
  /// std::system_error if the signal cannot be set up.
  using ThreadGuard = NestingGuard<Registration>;

  /// False under ThreadSanitizer, which delivers no signal to a thread that waits for a std::mutex.
  static constexpr bool available() noexcept {
#if defined(GETPUT_TSAN)
    return false;
#else
    return true;
#endif
  }

  /// Calls @p f while every other registered thread stands still. f must not take a lock that one
  /// of them may hold, nor allocate.
  template <class F>
  static void run(F f) {
    State& state = instance();
    const std::lock_guard one_at_a_time(state.mutex);
    const SignalsHeldBack no_handler_counts;  // not before: who waits for the lock must arrive
    arrived_.store(0, std::memory_order_relaxed);
    left_.store(0, std::memory_order_relaxed);
    std::uint32_t stopped = 0;
    for (const pid_t thread : state.threads)
      if (thread != own_id_ && interrupt(thread))
        ++stopped;
    wait_for(arrived_, stopped);
    f();
    round_.fetch_add(1, std::memory_order_release);
    futex(round_, FUTEX_WAKE_PRIVATE, INT_MAX);
    wait_for(left_, stopped);
  }

 private:
  // Above the ones that C libraries and debuggers use, below the last, which tests like to take.
  static int signal_number() noexcept {
    return SIGRTMAX - 3;
  }

  using Word = std::atomic<std::uint32_t>;

  class SignalsHeldBack {
   public:
    SignalsHeldBack() noexcept {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsHeldBack(const SignalsHeldBack&) = delete;
    SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

   private:
    sigset_t before_;
  };

  struct State {
    SpinLock mutex;
    std::vector<pid_t> threads;

    State() {
      struct sigaction action {};
      action.sa_handler = &StopMachine::stand_still;
      action.sa_flags = SA_RESTART;
      sigfillset(&action.sa_mask);
      if (sigaction(signal_number(), &action, nullptr) != 0)
        throw std::system_error(errno, std::generic_category(), "stop_machine: sigaction");
      if (const int error = pthread_atfork(&before_fork, &after_fork, &in_child); error != 0)
        throw std::system_error(error, std::generic_category(), "stop_machine: pthread_atfork");
    }
  };

  static State& instance() {
    static State* const state = new State;  // never destroyed: threads may outlive main()
    return *state;
  }

  static void enter() {
    State& state = instance();
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, signal_number());
    pthread_sigmask(SIG_UNBLOCK, &mine, nullptr);
    const std::lock_guard lock(state.mutex);
    own_id_ = static_cast<pid_t>(syscall(SYS_gettid));
    state.threads.push_back(own_id_);
  }

  static void leave() {
    State& state = instance();
    const std::lock_guard lock(state.mutex);
    std::erase(state.threads, own_id_);
  }

  static void before_fork() {
    instance().mutex.lock();
  }
  static void after_fork() {
    instance().mutex.unlock();
  }
  static void in_child() {
    State& state = instance();
    const bool registered = std::erase(state.threads, own_id_) != 0;
    state.threads.clear();
    own_id_ = static_cast<pid_t>(syscall(SYS_gettid));
    if (registered)
      state.threads.push_back(own_id_);  // there is room
    state.mutex.unlock();
  }

  /// False if there is no such thread.
  static bool interrupt(pid_t thread) noexcept {
    while (syscall(SYS_tgkill, getpid(), thread, signal_number()) != 0) {
      if (errno == ESRCH)
        return false;
      sched_yield();  // refused for now: going on without it is no choice
    }
    return true;
  }

  static void stand_still(int) noexcept {
    const int saved = errno;
    const std::uint32_t round = round_.load(std::memory_order_relaxed);
    arrived_.fetch_add(1, std::memory_order_seq_cst);
    futex(arrived_, FUTEX_WAKE_PRIVATE, 1);
    while (round_.load(std::memory_order_acquire) == round)
      futex(round_, FUTEX_WAIT_PRIVATE, round);
    left_.fetch_add(1, std::memory_order_release);
    futex(left_, FUTEX_WAKE_PRIVATE, 1);
    errno = saved;
  }

  static void wait_for(Word& word, std::uint32_t wanted) noexcept {
    for (std::uint32_t seen; (seen = word.load(std::memory_order_acquire)) != wanted;)
      futex(word, FUTEX_WAIT_PRIVATE, seen);
  }

  static void futex(Word& word, int operation, std::uint32_t value) noexcept {
    syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
  }

  static inline constinit thread_local pid_t own_id_ = 0;
  static inline constinit Word round_{0};
  static inline constinit Word arrived_{0};
  static inline constinit Word left_{0};
};

}  // namespace getput::machine
