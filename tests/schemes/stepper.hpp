// SPDX-License-Identifier: MIT
// Between any two instructions of a thread, something else happens: the processor's trap flag
// (x86-64). For progress of code that cannot be run under the model checker.
//
// Limits: not inside an rseq section, which a trap aborts; not where signals are blocked, as while
// a thread is made. Not with sanitizers, whose own code would be stepped through.
#pragma once

#include <csignal>

#include <ucontext.h>

namespace getput::contract {

class Stepper {
 public:
  /// Runs f(); after each of its instructions between(), which must be safe in a signal handler,
  /// until that returns false.
  template <class F, class Between>
  static void run(F f, Between between) {
    install();
    context_ = &between;
    between_ = [](void* context) { return (*static_cast<Between*>(context))(); };
    trap_flag_on();
    f();
    trap_flag_off();
    between_ = nullptr;
  }

 private:
  static constexpr greg_t kTrapFlag = 0x100;

  static void install() {
    struct sigaction action {};
    action.sa_sigaction = &on_trap;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, nullptr);
  }
  static void on_trap(int, siginfo_t*, void* where) {
    if (between_ == nullptr || !between_(context_))
      static_cast<ucontext_t*>(where)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  }

  // Past the red zone.
  [[gnu::always_inline]] static void trap_flag_on() {
    asm volatile(
        "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
            : "memory", "cc");
  }
  [[gnu::always_inline]] static void trap_flag_off() {
    asm volatile(
        "lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
            : "memory", "cc");
  }

  static inline thread_local bool (*between_)(void*) = nullptr;
  static inline thread_local void* context_ = nullptr;
};

}  // namespace getput::contract
