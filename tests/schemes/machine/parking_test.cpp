// SPDX-License-Identifier: MIT
#include "schemes/machine/parking.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "schemes/machine/spin_lock.hpp"
#include "tests/schemes/contract/actor.hpp"

namespace getput::machine {
namespace {

using contract::Deadline;
using contract::Dice;
using contract::milliseconds;
using contract::spin_ns;
using contract::times;

TEST(Parking, ReturnsAtOnceWhenDone) {
  const char key = 0;
  Parking::wait(&key, [] { return true; }, {});
}

/// Two threads wake each other by turns; one lost wake-up and the deadline passes. The spins before
/// a thread sleeps differ, so that the wake-up comes before, while and after it falls asleep.
TEST(Parking, NoWakeUpIsLost) {
  std::array<std::atomic<long>, 2> turn{};
  const Deadline deadline;
  const long rounds = times(5000);
  const auto play = [&](std::size_t me) {
    Dice dice(static_cast<unsigned>(me));
    for (long i = 1; i <= rounds && !deadline.passed(); ++i) {
      if (me == 1 || i > 1)
        Parking::wait(
            &turn[me], [&] { return turn[me] >= i - (me == 0 ? 1 : 0); }, deadline.token());
      spin_ns(dice(8) * dice(4000));
      turn[1 - me].store(i, std::memory_order_seq_cst);
      Parking::wake_if_waiting(&turn[1 - me]);
    }
  };
  std::thread other([&] { play(1); });
  play(0);
  other.join();
  EXPECT_FALSE(deadline.passed()) << "somebody was not woken";
  EXPECT_EQ(turn[0], rounds);
}

/// Waiters share buckets: a wake-up for one key does no harm to, and misses none of, the others.
TEST(Parking, EveryWaiterIsWoken) {
  constexpr std::size_t kWaiters = 16;
  std::array<std::atomic<bool>, kWaiters> flags{};
  const Deadline deadline;
  std::vector<std::thread> waiters;
  for (std::size_t i = 0; i < kWaiters; ++i)
    waiters.emplace_back([&, i] {
      Parking::wait(
          &flags[i], [&] { return flags[i].load(); }, deadline.token());
    });
  std::this_thread::sleep_for(milliseconds(20));
  for (auto& flag : flags) {
    flag = true;
    Parking::wake_if_waiting(&flag);
  }
  for (std::thread& t : waiters) t.join();
  EXPECT_FALSE(deadline.passed());
}

TEST(Parking, TokenEndsSleep) {
  for (long i = 0; i < times(200); ++i) {
    std::stop_source source;
    const char key = 0;
    std::thread waiter([&] {
      Parking::wait(
          &key, [] { return false; }, source.get_token());
    });
    spin_ns(i * 500);
    source.request_stop();
    waiter.join();
  }
}

TEST(SpinLock, Excludes) {
  SpinLock lock;
  long counter = 0;
  const long each = times(200'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      for (long k = 0; k < each; ++k) {
        if (k % 2 == 0 || !lock.try_lock())
          lock.lock();
        ++counter;
        lock.unlock();
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(counter, 3 * each);
}

}  // namespace
}  // namespace getput::machine
