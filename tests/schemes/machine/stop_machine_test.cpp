// SPDX-License-Identifier: MIT
#include "schemes/machine/stop_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/cpus.hpp"

namespace getput::machine {
namespace {

using contract::await;
using contract::kTsan;
using contract::milliseconds;
using contract::Rounds;
using contract::spin_ns;
using contract::times;

/// What contract::Worker and contract::Crowd register their threads with.
struct Stopped {
  using ThreadGuard = StopMachine::ThreadGuard;
};
using Worker = contract::Worker<Stopped>;
using Crowd = contract::Crowd<Stopped>;

/// A count that one thread raises, on a line of its own.
struct alignas(64) Steps {
  std::atomic<long> n{0};
};

/// Stops the machine @p rounds times; how often somebody moved while it stood still.
template <std::size_t N>
long moved_while_stopped(std::array<Steps, N>& steps, long rounds) {
  long moved = 0;
  for (Rounds round(rounds); round; ++round) {
    StopMachine::run([&] {
      std::array<long, N> before{};
      for (std::size_t i = 0; i < N; ++i) before[i] = steps[i].n.load(std::memory_order_relaxed);
      spin_ns(round.number() % 8 * 5000);
      for (std::size_t i = 0; i < N; ++i)
        moved += before[i] != steps[i].n.load(std::memory_order_relaxed);
    });
    spin_ns(2000);
  }
  return moved;
}

template <std::size_t N>
void expect_nobody_moves(long rounds) {
  std::array<Steps, N> steps{};
  const auto step = [&steps](int i) {
    auto& mine = steps[static_cast<std::size_t>(i)].n;
    mine.store(mine.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  };
  Crowd crowd(static_cast<int>(N), step);
  for (Steps& each : steps)  // registered, and under way
    ASSERT_TRUE(await([&each] { return each.n != 0; }));
  EXPECT_EQ(moved_while_stopped(steps, rounds), 0);
  for (Steps& each : steps) {
    const long seen = each.n;
    EXPECT_TRUE(await([&] { return each.n != seen; })) << "somebody was not let go on";
  }
}

TEST(StopMachine, NobodyIsThere) {
  int calls = 0;
  StopMachine::run([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

/// Who is registered himself does not wait for himself.
TEST(StopMachine, CallerMayBeRegistered) {
  const StopMachine::ThreadGuard guard;
  int calls = 0;
  StopMachine::run([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(StopMachine, EveryoneElseStandsStill) {
  expect_nobody_moves<2>(300);
}

/// Participants that spin until all have arrived keep the others from arriving (Linux 9bfec65b7d).
TEST(StopMachine, MoreThreadsThanCpus) {
  expect_nobody_moves<16>(50);
}

/// The function sees all that the others did, and they see what it did, though all of it is plain.
TEST(StopMachine, PlainMemoryIsHandedOverAndBack) {
  if (kTsan)
    GTEST_SKIP() << "the edge goes through a futex in a signal handler";
  struct alignas(64) Pair {
    volatile long first = 0;  // read and written in this order by the compiler
    volatile long second = 0;
  };
  std::array<Pair, 3> pairs;
  std::atomic<long> torn{0};
  Crowd crowd(3, [&](int i) {
    Pair& mine = pairs[static_cast<std::size_t>(i)];
    const long seen = mine.first;
    mine.first = seen + 1;
    mine.second = seen + 1;
  });
  for (Rounds round(300); round; ++round)
    StopMachine::run([&] {
      for (const Pair& pair : pairs)
        if (const long behind = pair.first - pair.second; behind != 0 && behind != 1)
          ++torn;
    });
  crowd.disperse();
  EXPECT_EQ(torn, 0);
}

/// Arrival from a system call: a lock, a sleep, a read. The thread goes on as if nothing happened.
TEST(StopMachine, ThreadsThatSleepAreStoppedToo) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer delivers no signal to a thread that waits for a mutex";
  Worker in_lock("in a lock");
  Worker in_read("in read()");
  Worker in_sleep("in a sleep");
  std::mutex mutex;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  std::atomic<bool> locked{false};
  std::atomic<bool> over{false};
  char byte = 0;
  ssize_t got = 0;
  std::unique_lock lock(mutex);
  in_lock.start([&] {
    const std::lock_guard mine(mutex);
    locked = true;
  });
  in_read.start([&] { got = read(ends[0], &byte, 1); });
  in_sleep.start([&] {
    while (!over) std::this_thread::sleep_for(milliseconds(1));
  });
  std::this_thread::sleep_for(milliseconds(20));
  int calls = 0;
  for (int i = 0; i < 20; ++i) StopMachine::run([&] { calls += locked ? 0 : 1; });
  EXPECT_EQ(calls, 20);
  lock.unlock();
  over = true;
  EXPECT_EQ(write(ends[1], "x", 1), 1);
  in_lock.finish();
  in_read.finish();
  in_sleep.finish();
  EXPECT_TRUE(locked);
  EXPECT_EQ(got, 1) << "read() was not restarted";
  EXPECT_EQ(byte, 'x');
  close(ends[0]);
  close(ends[1]);
}

TEST(StopMachine, ErrnoIsKept) {
  std::atomic<long> wrong{0};
  Crowd crowd(2, [&](int i) {
    errno = 1000 + i;
    spin_ns(1000);
    wrong += errno != 1000 + i;
  });
  for (Rounds round(200); round; ++round) StopMachine::run([] {});
  crowd.disperse();
  EXPECT_EQ(wrong, 0);
}

/// Stopped as long as the outermost guard lives, and once only.
TEST(StopMachine, GuardsNest) {
  Steps steps;
  std::atomic<int> phase{0};
  std::thread nested([&] {
    const StopMachine::ThreadGuard outer;
    {
      const StopMachine::ThreadGuard inner;
      phase = 1;
    }
    while (phase != 2) steps.n.fetch_add(1, std::memory_order_relaxed);
  });
  ASSERT_TRUE(await([&] { return phase == 1 && steps.n != 0; }));
  long moved = 0;
  for (Rounds round(100); round; ++round)
    StopMachine::run([&] {
      const long before = steps.n.load(std::memory_order_relaxed);
      spin_ns(20'000);
      moved += before != steps.n.load(std::memory_order_relaxed);
    });
  EXPECT_EQ(moved, 0);
  phase = 2;
  nested.join();
}

/// A thread without a guard is left alone: it may hold what the function waits for.
TEST(StopMachine, OthersGoOn) {
  std::atomic<bool> ready{false};
  std::atomic<int> asked{0};
  std::atomic<bool> over{false};
  std::thread other([&] {
    { const StopMachine::ThreadGuard once; }
    ready = true;
    while (!over)
      if (asked == 1)
        asked = 2;
  });
  ASSERT_TRUE(await([&] { return ready.load(); }));
  bool answered = false;
  StopMachine::run([&] {
    asked = 1;
    answered = await([&] { return asked == 2; });
  });
  over = true;
  other.join();
  EXPECT_TRUE(answered);
}

/// Threads begin and end while others stop the machine: whoever is counted arrives.
TEST(StopMachine, ThreadsComeAndGo) {
  std::atomic<bool> enough{false};
  std::vector<std::thread> sources;
  std::atomic<long> lives{0};
  for (int i = 0; i < 2; ++i)
    sources.emplace_back([&] {
      while (!enough) {
        std::thread([&] {
          const StopMachine::ThreadGuard guard;
          ++lives;
        }).join();
      }
    });
  const long wanted = times(1000);
  EXPECT_TRUE(await([&] {
    StopMachine::run([] {});
    return lives >= wanted;
  })) << "nobody came any more";
  enough = true;
  for (std::thread& t : sources) t.join();
}

/// Two who are registered both stop the machine: each stands still for the other one's function.
TEST(StopMachine, TwoRemoversAtOnce) {
  if (kTsan)
    GTEST_SKIP() << "ThreadSanitizer delivers no signal to a thread that waits for a mutex";
  std::atomic<int> inside{0};
  std::atomic<long> together{0};
  std::atomic<long> stops{0};
  const long each = times(300);
  const auto remover = [&] {
    const StopMachine::ThreadGuard guard;
    for (long i = 0; i < each; ++i)
      StopMachine::run([&] {
        together += inside++ != 0;
        spin_ns(500);
        --inside;
        ++stops;
      });
  };
  Crowd crowd(2, [](int) { spin_ns(100); });
  std::thread first(remover);
  std::thread second(remover);
  first.join();
  second.join();
  EXPECT_EQ(together, 0);
  EXPECT_EQ(stops, 2 * each);
}

}  // namespace
}  // namespace getput::machine
