// SPDX-License-Identifier: MIT
// StopMachine in the child of a fork, and under the limits that a child can be given.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "schemes/machine/stop_machine.hpp"
#include "tests/schemes/contract/actor.hpp"

namespace getput::machine {
namespace {

using contract::kTsan;
using contract::milliseconds;
using contract::spin_ns;

/// What contract::Worker registers its thread with.
struct ForkStopped {
  using ThreadGuard = StopMachine::ThreadGuard;
};
using ForkWorker = contract::Worker<ForkStopped>;

/// A child that runs @p body, and not for long if it hangs.
template <class Body>
pid_t fork_and(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  return child;
}

template <class Body>
pid_t fork_from_registered_thread(Body body) {
  const StopMachine::ThreadGuard guard;
  return fork_and(body);
}

/// What the child returned; 255 if a signal ended it.
int status_of(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/// The child has this thread only; those that the list still names do not exist there.
TEST(StopMachineFork, ChildOfForkCanStop) {
  if (*contract::kNoThreadsAfterFork != '\0')
    GTEST_SKIP() << contract::kNoThreadsAfterFork;
  ForkWorker left_behind("left behind");
  left_behind.run([] {});
  const pid_t child = fork_and([] {
    int calls = 0;
    StopMachine::run([&] { ++calls; });
    std::thread([] { const StopMachine::ThreadGuard guard; }).join();
    StopMachine::run([&] { ++calls; });
    return calls;
  });
  EXPECT_EQ(status_of(child), 2);
}

/// A thread that is registered forks: in the child it has another number and can still be stopped.
TEST(StopMachineFork, RegisteredThreadIsStoppedAfterFork) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork of threads";
  const pid_t child = fork_from_registered_thread([] {
    std::atomic<bool> over{false};
    std::atomic<long> steps{0};
    long moved = 0;
    std::thread remover([&] {
      for (int i = 0; i < 5; ++i)
        StopMachine::run([&] {
          const long before = steps.load(std::memory_order_relaxed);
          std::this_thread::sleep_for(milliseconds(2));
          moved += before != steps.load(std::memory_order_relaxed);
        });
      over = true;
    });
    while (!over) steps.fetch_add(1, std::memory_order_relaxed);
    remover.join();
    return moved == 0 ? 0 : 1;
  });
  EXPECT_EQ(status_of(child), 0);
}

/// A fork in the middle of a round: the child must not find the lock taken.
TEST(StopMachineFork, ForkWhileOthersStop) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork of threads";
  StopMachine::run([] {});  // its first use must not race with a fork
  std::atomic<bool> enough{false};
  std::thread remover([&] {
    while (!enough) StopMachine::run([] { spin_ns(200'000); });
  });
  for (int i = 0; i < 10; ++i) {
    const pid_t child = fork_and([] {
      StopMachine::run([] {});
      return 0;
    });
    EXPECT_EQ(status_of(child), 0);
  }
  enough = true;
  remover.join();
}

/// Linux refuses real-time signals beyond this limit; nobody is left out for that.
TEST(StopMachineFork, WaitsForRoomForPendingSignals) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork of threads";
  const pid_t child = fork_and([] {
    rlimit limit{};
    getrlimit(RLIMIT_SIGPENDING, &limit);
    const rlimit none{0, limit.rlim_max};
    ForkWorker other("to be stopped");
    other.run([] {});
    if (setrlimit(RLIMIT_SIGPENDING, &none) != 0)
      return 2;
    std::atomic<int> calls{0};
    std::thread remover([&] { StopMachine::run([&] { ++calls; }); });
    std::this_thread::sleep_for(milliseconds(50));
    const int early = calls;
    setrlimit(RLIMIT_SIGPENDING, &limit);
    remover.join();
    return early == 0 && calls == 1 ? 0 : 1;
  });
  EXPECT_EQ(status_of(child), 0);
}

}  // namespace
}  // namespace getput::machine
