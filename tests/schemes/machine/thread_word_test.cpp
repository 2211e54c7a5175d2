// SPDX-License-Identifier: MIT
#include "schemes/machine/thread_word.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

struct One {
  static constexpr const char* kThreadWordName = "test word one";
};
struct Other {
  static constexpr const char* kThreadWordName = "test word other";
};
struct Three {
  static constexpr const char* kThreadWordName = "test words three";
};
using Word = ThreadWord<One>;

/// How many threads' words have this value.
int words_with(std::uint64_t value) {
  int n = 0;
  Word::all_of([&](std::uint64_t seen) {
    n += seen == value ? 1 : 0;
    return true;
  });
  return n;
}

TEST(ThreadWord, IsSeenFromItsFirstStoreOn) {
  contract::Worker<One> first("first");
  contract::Worker<One> second("second");
  first.run([] { Word::mine().store(7, std::memory_order_release); });
  EXPECT_EQ(words_with(7), 1);
  second.run([] { Word::mine().store(7, std::memory_order_release); });
  EXPECT_EQ(words_with(7), 2);
  EXPECT_FALSE(Word::all_of([](std::uint64_t value) { return value != 7; }));
  for (contract::Actor* thread : {&first, &second})
    thread->run([] { Word::mine().store(0, std::memory_order_release); });
  EXPECT_EQ(words_with(7), 0);
}

/// A thread that ends takes its word with it only if the word says so.
TEST(ThreadWord, AThreadThatEndsInsideStaysInside) {
  std::thread([] { Word::mine().store(9, std::memory_order_release); }).join();
  EXPECT_EQ(words_with(9), 1);
  std::thread([] {
    EXPECT_EQ(Word::mine().load(std::memory_order_relaxed), 0U);
    Word::mine().store(10, std::memory_order_release);
    Word::mine().store(0, std::memory_order_release);
  }).join();
  EXPECT_EQ(words_with(9), 1);
}

/// Threads that come and go use the same words again.
TEST(ThreadWord, WordsAreUsedAgain) {
  const auto all = [] {
    int n = 0;
    Word::all_of([&](std::uint64_t) { return ++n != 0; });
    return n;
  };
  std::thread([] { Word::mine().store(0, std::memory_order_release); }).join();
  const int before = all();
  for (int i = 0; i < 50; ++i)
    std::thread([] { Word::mine().store(0, std::memory_order_release); }).join();
  EXPECT_EQ(all(), before);
}

TEST(ThreadWord, UsersHaveWordsOfTheirOwn) {
  Word::mine().store(1, std::memory_order_relaxed);
  EXPECT_EQ(ThreadWord<Other>::mine().load(std::memory_order_relaxed), 0U);
  Word::mine().store(0, std::memory_order_relaxed);
}

TEST(ThreadWord, OfAThreadThatTheChildDoesNotHaveStaysAsItWas) {
  if (*contract::kNoThreadsAfterFork != '\0')
    GTEST_SKIP() << contract::kNoThreadsAfterFork;
  contract::Worker<One> other("other");
  other.run([] { Word::mine().store(5, std::memory_order_release); });
  const pid_t child = fork();
  if (child == 0) {
    std::thread([] { Word::mine().store(6, std::memory_order_release); }).join();
    _exit(words_with(5) == 1 && words_with(6) == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  other.run([] { Word::mine().store(0, std::memory_order_release); });
}

/// Every one of a thread's words is looked at, and none is another's.
TEST(ThreadWord, SeveralInEachThread) {
  using Words = ThreadWord<Three, 3>;
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
