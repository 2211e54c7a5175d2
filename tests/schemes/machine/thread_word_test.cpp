// SPDX-License-Identifier: MIT
#include "schemes/machine/thread_word.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "tests/schemes/contract/actor.hpp"

namespace getput::machine {
namespace {

struct One;
struct Other;
using Word = ThreadWord<One>;

/// Words that are known now and have this value.
int known_with(std::uint64_t value) {
  int n = 0;
  Word::all_of([&](std::uint64_t seen) {
    n += seen == value ? 1 : 0;
    return true;
  });
  return n;
}

TEST(ThreadWord, KnownWhileGuarded) {
  contract::Worker<Word> first("first");
  {
    contract::Worker<Word> second("second");
    first.run([] { Word::mine().store(7, std::memory_order_release); });
    second.run([] { Word::mine().store(7, std::memory_order_release); });
    EXPECT_EQ(known_with(7), 2);
  }
  EXPECT_EQ(known_with(7), 1);
  first.run([] { const Word::ThreadGuard inner; });
  EXPECT_EQ(known_with(7), 1);
  EXPECT_FALSE(Word::all_of([](std::uint64_t value) { return value == 0; }));
}

/// Whoever comes or goes meanwhile waits: the words that are looked at are there.
TEST(ThreadWord, NobodyComesOrGoesDuringALook) {
  contract::Worker<Word> looked_at("looked at");
  looked_at.run([] {});  // its word is known
  std::atomic<bool> came{false};
  std::atomic<bool> stays{true};
  std::atomic<bool> went{false};
  const auto during_a_look = [](auto f) {
    bool first = true;
    Word::all_of([&](std::uint64_t) {
      if (std::exchange(first, false))
        f();
      return true;
    });
  };
  std::thread other;
  during_a_look([&] {
    other = std::thread([&] {
      {
        const Word::ThreadGuard guard;
        came = true;
        while (stays) std::this_thread::yield();
      }
      went = true;
    });
    std::this_thread::sleep_for(contract::milliseconds(20));
    EXPECT_FALSE(came);
  });
  while (!came) std::this_thread::yield();
  during_a_look([&] {
    stays = false;
    std::this_thread::sleep_for(contract::milliseconds(20));
    EXPECT_FALSE(went);
  });
  other.join();
  EXPECT_TRUE(went);
}

TEST(ThreadWord, UsersHaveWordsOfTheirOwn) {
  const Word::ThreadGuard one;
  const ThreadWord<Other>::ThreadGuard other;
  Word::mine().store(1, std::memory_order_relaxed);
  EXPECT_EQ(ThreadWord<Other>::mine().load(std::memory_order_relaxed), 0U);
  Word::mine().store(0, std::memory_order_relaxed);
}

/// Every one of a thread's words is looked at, and none is another's.
TEST(ThreadWord, SeveralInEachThread) {
  using Words = ThreadWord<One, 3>;
  const Words::ThreadGuard guard;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Words::mine(i).load(std::memory_order_relaxed), 0U);
    Words::mine(i).store(i + 1, std::memory_order_release);
  }
  std::vector<std::uint64_t> seen;
  EXPECT_TRUE(Words::all_of([&](std::uint64_t value) {
    seen.push_back(value);
    return true;
  }));
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 3}));
  for (std::uint64_t value = 1; value <= 3; ++value)
    EXPECT_FALSE(Words::all_of([=](std::uint64_t other) { return other != value; }));
  EXPECT_EQ(Word::mine().load(std::memory_order_relaxed), 0U);
  for (std::size_t i = 0; i < 3; ++i) Words::mine(i).store(0, std::memory_order_relaxed);
}

}  // namespace
}  // namespace getput::machine
