// SPDX-License-Identifier: MIT
// The rendezvous and other signals: handlers of the program, threads that block everything.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "schemes/machine/stop_machine.hpp"
#include "tests/schemes/contract/actor.hpp"

namespace getput::machine {
namespace {

using contract::Actor;
using contract::await;
using contract::kTsan;
using contract::spin_ns;

volatile std::sig_atomic_t handled = 0;
void handle(int) {
  handled = handled + 1;
}

/// A signal handler may get and put, too. It waits until the thread goes on, and so it does on the
/// thread that calls the function.
TEST(StopMachine, NoHandlerRunsWhileTheMachineStands) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer keeps signals back from threads that wait";
  const auto before = std::signal(SIGUSR1, &handle);
  pthread_t stopped{};
  Actor other("stopped", [](const Actor::Loop& loop) {
    const StopMachine::ThreadGuard guard;
    loop();
  });
  other.run([&] { stopped = pthread_self(); });
  for (const pthread_t target : {stopped, pthread_self()}) {
    handled = 0;
    int meanwhile = -1;
    StopMachine::run([&] {
      pthread_kill(target, SIGUSR1);
      spin_ns(20'000'000);
      meanwhile = handled;
    });
    EXPECT_EQ(meanwhile, 0);
    EXPECT_TRUE(await([] { return handled == 1; })) << "the signal was lost";
  }
  std::signal(SIGUSR1, before);
}

/// Libraries start their threads with every signal blocked.
TEST(StopMachine, GuardOpensTheSignalMask) {
  Actor blocked("every signal blocked", [](const Actor::Loop& loop) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const StopMachine::ThreadGuard guard;
    loop();
  });
  blocked.run([] {});
  int calls = 0;
  StopMachine::run([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

/// A thread whose stack has no room for a signal frame, and an alternate stack that has.
TEST(StopMachine, HandlerRunsOnTheAlternateStack) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer keeps signals back from threads that wait";
  std::vector<char> alternate(std::size_t{64} << 10);
  Actor small("alternate stack", [&](const Actor::Loop& loop) {
    stack_t stack{};
    stack.ss_sp = alternate.data();
    stack.ss_size = alternate.size();
    sigaltstack(&stack, nullptr);
    const StopMachine::ThreadGuard guard;
    loop();
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, nullptr);
  });
  small.run([] {});
  std::fill(alternate.begin(), alternate.end(), char{0});
  StopMachine::run([] {});
  EXPECT_NE(std::count_if(alternate.begin(), alternate.end(), [](char c) { return c != 0; }), 0)
      << "the handler did not use it";
}

/// Another part of the program sets a handler of its own for the signal.
TEST(StopMachine, GoesOnWithAnotherSignalWhenItsOwnIsTaken) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer keeps signals back from threads that wait";
  Actor other("stopped", [](const Actor::Loop& loop) {
    const StopMachine::ThreadGuard guard;
    loop();
  });
  other.run([] {});
  const int taken = StopMachine::signal_number();
  std::signal(taken, &handle);
  int calls = 0;
  testing::internal::CaptureStderr();
  StopMachine::run([&] { ++calls; });
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(calls, 1);
  EXPECT_NE(StopMachine::signal_number(), taken);
  EXPECT_NE(said.find("signal " + std::to_string(taken)), std::string::npos) << said;
  EXPECT_NE(said.find("GETPUT_STOP_SIGNAL"), std::string::npos) << said;
  std::signal(taken, SIG_DFL);
}

}  // namespace
}  // namespace getput::machine
