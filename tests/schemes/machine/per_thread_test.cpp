// SPDX-License-Identifier: MIT
#include "schemes/machine/per_thread.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

using contract::times;
using Words = PerThreadWords<2>;

TEST(PerThread, SumsOverLivingThreads) {
  Words words;
  words.add<0>(1);
  std::atomic<int> counted{0};
  std::atomic<bool> quit{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      words.add<0>(10 * (i + 1));
      words.add<1>(-1);
      ++counted;
      while (!quit) std::this_thread::yield();
    });
  while (counted != 4) std::this_thread::yield();
  EXPECT_EQ(words.sum<0>(), 101);
  EXPECT_EQ(words.sum<1>(), -4);
  quit = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(words.sum<0>(), 101) << "counts of threads that exited are gone";
  EXPECT_EQ(words.sum<1>(), -4);
}

/// Objects in the threads' accounts and in the chunks beyond, both; accounts of ended threads are
/// taken over.
TEST(PerThread, CountsOfEveryObjectOutliveTheirThreads) {
  std::deque<Words> objects(3000);
  for (int round = 1; round <= 3; ++round) {
    std::thread([&] {
      for (Words& words : objects) words.add<0>(1);
    }).join();
    std::thread([&] {
      for (Words& words : objects) words.add<1>(1);
    }).join();
    long wrong = 0;
    for (Words& words : objects) wrong += words.sum<0>() != round || words.sum<1>() != round;
    EXPECT_EQ(wrong, 0) << "after round " << round;
  }
}

TEST(PerThread, FreedSlotIsZeroInEveryThread) {
  std::atomic<int> step{0};
  std::atomic<Words*> now{nullptr};
  const auto await = [&step](int wanted) {
    while (step != wanted) std::this_thread::yield();
  };
  std::thread other([&] {
    await(1);
    now.load()->add<0>(5);
    step = 2;
    await(3);  // still alive: its slot must have been cleared behind its back
    step = 4;
  });
  auto first = std::make_unique<Words>();
  now = first.get();
  first->add<0>(7);
  std::thread([&first] { first->add<0>(9); }).join();
  step = 1;
  await(2);
  EXPECT_EQ(first->sum<0>(), 21);
  first.reset();
  Words second;
  EXPECT_EQ(second.sum<0>(), 0) << "a new object inherits counts";
  step = 3;
  other.join();
  EXPECT_EQ(second.sum<0>(), 0) << "a thread that exits brings back counts of a destroyed object";
}

TEST(PerThread, ThreadsComeAndGoWhileObjectsGrow) {
  std::deque<Words> objects(10);
  std::atomic<bool> quit{false};
  std::atomic<long> visits{0};
  std::atomic<Words*> shared{&objects.front()};
  std::vector<std::thread> parents;
  for (int i = 0; i < 2; ++i)
    parents.emplace_back([&] {
      while (!quit)
        std::thread([&] {
          shared.load()->add<0>(1);
          ++visits;
        }).join();
    });
  for (long i = 0; i < times(3000); ++i) objects.emplace_back();
  quit = true;
  for (std::thread& t : parents) t.join();
  EXPECT_EQ(objects.front().sum<0>(), visits);
}

/// In a child, which has one thread: its account, and what was counted by the others, whose stacks
/// the C library gives to new threads.
int sums_in_child(Words& words) {
  if (words.sum<0>() != 6)
    return 1;
  std::atomic<int> step{0};
  std::thread fresh([&] {
    words.add<0>(10);
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  const bool counted_once = words.sum<0>() == 16;
  step = 2;
  fresh.join();
  return !counted_once ? 2 : words.sum<0>() == 16 ? 0 : 3;
}

TEST(PerThread, ForkKeepsTheCountsOfThreadsThatDoNotExistInTheChild) {
  if (*contract::kNoThreadsAfterFork != '\0')
    GTEST_SKIP() << contract::kNoThreadsAfterFork;
  Words words;
  words.add<0>(1);
  std::atomic<int> step{0};
  std::thread other([&] {
    words.add<0>(5);
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  const pid_t child = fork();
  if (child == 0)
    _exit(sums_in_child(words));
  int status = -1;
  waitpid(child, &status, 0);
  step = 2;
  other.join();
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
  EXPECT_EQ(words.sum<0>(), 6) << "in the parent";
}

TEST(PerThread, AMillionObjectsAreAliveAtOnce) {
  std::deque<Words> objects(static_cast<std::size_t>(times(1'000'000)));
  for (Words& words : objects) words.add<0>(1);
  long wrong = 0;
  for (Words& words : objects) wrong += words.sum<0>() != 1;
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace getput::machine
