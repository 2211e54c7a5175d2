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
// DISABLE_IRQ): a handler may count, too. The handler runs on the thread's alternate signal stack
// where it has one (sigaltstack(2)), so that a small stack suffices.
//
// Three bugs of the kernel's that this must not have: an arrival without a barrier (Linux
// 571a25776b), participants that spin and keep others from arriving (9bfec65b7d), a rendezvous that
// goes on although a participant could not be made (there the result was ignored).
// For the last a signal that is refused, because the user has RLIMIT_SIGPENDING of them pending, is
// sent again until it is not.
//
// The signal is the first real-time signal at or below SIGRTMAX - 3 that has no handler, or the
// number in the environment variable GETPUT_STOP_SIGNAL. If the program sets a handler for it
// later, the next round notices, says so and goes on with another number.
//
// A fork() waits for the round under way; its child knows the thread that forked, if it was
// registered, by its new number, and no other.
//
// Limits: the signal interrupts system calls of the threads; those that cannot be restarted
// (sleeps, polls) then return EINTR, as for any handled signal. Threads without a guard are not
// stopped; one that blocks the signal holds up the remover until it unblocks it. A thread's first
// guard unblocks the signal in use then, not one that is chosen later.
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
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "annotate.hpp"
#include "errors.hpp"
#include "nesting_guard.hpp"
#include "process_wide.hpp"
#include "signals.hpp"
#include "spin_lock.hpp"

namespace getput::machine {

class StopMachine {
  struct Registration {
    static constexpr const char* kGuardName = "stop machine guard";
    static void enter() { state().enter(); }
    static void leave() { state().leave(); }
  };

 public:
  /// A thread uses schemes that stop the machine only while it holds one. Counts nesting. Throws
  /// Unavailable if the signal cannot be set up.
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
    State& all = state();
    const std::lock_guard one_at_a_time(all.mutex);
    const SignalsBlocked no_handler_counts;  // not before: a thread that waits for the lock arrives
    const std::uint32_t stopped = all.stop_others();
    f();
    all.let_go(stopped);
  }

  /// The number of the signal in use.
  static int signal_number() {
    return state().signal;
  }

 private:
  using Word = std::atomic<std::uint32_t>;

  /// One for the process.
  struct State {
    static constexpr const char* kName = "stop machine";

    SpinLock mutex;
    std::vector<pid_t> threads;
    pid_t forking = 0;
    int signal = 0;
    void (*const handler)(int) = &StopMachine::stand_still;  // of the image that made this
    Word round{0};
    Word arrived{0};
    Word left{0};

    State() {
      keep_image_mapped<SpinLock>();  // the handler
      signal = asked_signal();
      if (signal == 0)
        signal = free_signal(SIGRTMAX - 3);
      if (signal == 0 || !install(signal))
        fail<Unavailable>(
            "stop_machine: no real-time signal is free; remedy: leave one without a "
            "handler");
    }

    /// Of the environment; 0 if there is none. Its handler, if it has one, is replaced.
    static int asked_signal() {
      const char* const text = std::getenv("GETPUT_STOP_SIGNAL");
      if (text == nullptr)
        return 0;
      char* end = nullptr;
      const long number = std::strtol(text, &end, 10);
      if (end == text || *end != '\0' || number < SIGRTMIN || number > SIGRTMAX)
        fail<Unavailable>("GETPUT_STOP_SIGNAL=" + std::string(text) +
                          " is no real-time signal; use a number from " + std::to_string(SIGRTMIN) +
                          " to " + std::to_string(SIGRTMAX));
      return static_cast<int>(number);
    }

    /// The highest one up to @p most without a handler; 0 if there is none.
    static int free_signal(int most) noexcept {
      for (int number = most; number >= SIGRTMIN; --number) {
        struct sigaction now {};
        if (sigaction(number, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
            now.sa_handler == SIG_DFL)
          return number;
      }
      return 0;
    }

    bool install(int number) const noexcept {
      struct sigaction action {};
      action.sa_handler = handler;
      action.sa_flags = SA_RESTART | SA_ONSTACK;
      sigfillset(&action.sa_mask);
      return sigaction(number, &action, nullptr) == 0;
    }

    /// Another part of the program may have set a handler of its own meanwhile.
    void keep_signal() noexcept {
      struct sigaction now {};
      if (sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
          now.sa_handler == handler)
        return;
      const int another = free_signal(signal - 1);
      std::fprintf(stderr,
                   "getput: the handler of signal %d, which stops threads, was replaced; using "
                   "signal %d; choose one for getput with GETPUT_STOP_SIGNAL\n",
                   signal, another);
      if (another == 0 || !install(another))
        std::abort();  // going on without the stop would break the callers' promise
      signal = another;
    }

    void enter() {
      const std::lock_guard lock(mutex);
      threads.push_back(static_cast<pid_t>(syscall(SYS_gettid)));
      sigset_t mine;
      sigemptyset(&mine);
      sigaddset(&mine, signal);
      pthread_sigmask(SIG_UNBLOCK, &mine, nullptr);
    }

    void leave() {
      const std::lock_guard lock(mutex);
      std::erase(threads, static_cast<pid_t>(syscall(SYS_gettid)));
    }

    void before_fork() noexcept {
      mutex.lock();
      forking = static_cast<pid_t>(syscall(SYS_gettid));
    }
    void after_fork() noexcept { mutex.unlock(); }
    void in_child() noexcept {
      const bool registered = std::erase(threads, forking) != 0;
      threads.clear();
      if (registered)
        threads.push_back(static_cast<pid_t>(syscall(SYS_gettid)));  // there is room
      mutex.unlock();
    }

    /// Returns how many stand still.
    std::uint32_t stop_others() noexcept {
      keep_signal();
      arrived.store(0, std::memory_order_relaxed);
      left.store(0, std::memory_order_relaxed);
      const auto self = static_cast<pid_t>(syscall(SYS_gettid));
      std::uint32_t stopped = 0;
      for (const pid_t thread : threads)
        if (thread != self && interrupt(thread))
          ++stopped;
      wait_for(arrived, stopped);
      return stopped;
    }

    void let_go(std::uint32_t stopped) noexcept {
      round.fetch_add(1, std::memory_order_release);
      futex(round, FUTEX_WAKE_PRIVATE, INT_MAX);
      wait_for(left, stopped);
    }

    /// False if there is no such thread.
    bool interrupt(pid_t thread) const noexcept {
      while (syscall(SYS_tgkill, getpid(), thread, signal) != 0) {
        if (errno == ESRCH)
          return false;
        sched_yield();  // refused for now: going on without it is no choice
      }
      return true;
    }
  };

  static State& state() {
    return ProcessWide<State>::get();
  }

  static void stand_still(int) noexcept {
    const int saved = errno;
    State& all = state();
    const std::uint32_t round = all.round.load(std::memory_order_relaxed);
    all.arrived.fetch_add(1, std::memory_order_seq_cst);
    futex(all.arrived, FUTEX_WAKE_PRIVATE, 1);
    while (all.round.load(std::memory_order_acquire) == round)
      futex(all.round, FUTEX_WAIT_PRIVATE, round);
    all.left.fetch_add(1, std::memory_order_release);
    futex(all.left, FUTEX_WAKE_PRIVATE, 1);
    errno = saved;
  }

  static void wait_for(Word& word, std::uint32_t wanted) noexcept {
    for (std::uint32_t seen; (seen = word.load(std::memory_order_acquire)) != wanted;)
      futex(word, FUTEX_WAIT_PRIVATE, seen);
  }

  static void futex(Word& word, int operation, std::uint32_t value) noexcept {
    syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
  }
};

}  // namespace getput::machine
