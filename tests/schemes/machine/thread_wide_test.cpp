// SPDX-License-Identifier: MIT
#include "schemes/machine/thread_wide.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "schemes/machine/per_thread.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

using contract::kSanitized;
using contract::times;

struct Tally {
  static constexpr const char* kName = "tally of the test";
  std::atomic<long> n{0};
};
using Tallies = ThreadWide<Tally>;

long sum() {
  long total = 0;
  Tallies::each([&](Tally& tally) { total += tally.n; });
  return total;
}

int objects() {
  int n = 0;
  Tallies::each([&](Tally&) { ++n; });
  return n;
}

TEST(ThreadWide, EveryThreadHasItsOwn) {
  Tally* const mine = &Tallies::mine();
  EXPECT_EQ(mine, &Tallies::mine());
  Tally* theirs = nullptr;
  std::thread([&] { theirs = &Tallies::mine(); }).join();
  EXPECT_NE(mine, theirs);
}

TEST(ThreadWide, AnObjectOutlivesItsThreadAndIsTakenOver) {
  const long before = sum();
  std::thread([] { Tallies::mine().n += 5; }).join();
  EXPECT_EQ(sum(), before + 5);
  const int count = objects();
  for (int i = 0; i < 20; ++i) std::thread([] { Tallies::mine().n += 1; }).join();
  EXPECT_EQ(sum(), before + 25);
  EXPECT_EQ(objects(), count) << "a new object for a thread that came after another had ended";
}

/// Destructors of thread-specific data run in any order, and this one may run after ours.
TEST(ThreadWide, IsFoundAgainByOtherKeysDestructors) {
  static std::atomic<int> rounds;
  static pthread_key_t key;
  rounds = 0;
  ASSERT_EQ(pthread_key_create(&key,
                               [](void* again) {
                                 Tallies::mine().n += 1;
                                 if (++rounds < 3)
                                   pthread_setspecific(key, again);
                               }),
            0);
  const long before = sum();
  std::thread([] {
    Tallies::mine().n += 1;
    pthread_setspecific(key, &key);
  }).join();
  pthread_key_delete(key);
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(sum(), before + 4);
}

std::atomic<long> first_uses{0};
PerThreadWords<2>* counted_by_signal = nullptr;
void count_in_signal(int) {
  counted_by_signal->add<0>(1);
  ++first_uses;
}

/// Interrupts threads that have not used the library yet, in malloc() and in a sum; the handler is
/// their first use.
TEST(ThreadWide, ASignalHandlerMayBeTheFirstUse) {
  if (kSanitized)
    GTEST_SKIP() << "sanitizers delay signals and lock in malloc()";
  PerThreadWords<2> words;
  counted_by_signal = &words;
  first_uses = 0;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = &count_in_signal;
  sigaction(SIGUSR2, &action, &before);
  for (long i = 0; i < times(200); ++i) {
    std::atomic<bool> quit{false};
    std::atomic<bool> running{false};
    std::thread busy([&] {
      running = true;
      while (!quit) {
        std::free(std::malloc(100'000));
        static_cast<void>(words.sum<1>());
        const PerThreadWords<2> made_meanwhile;
      }
    });
    while (!running) std::this_thread::yield();
    const long wanted = first_uses + 1;
    pthread_kill(busy.native_handle(), SIGUSR2);
    EXPECT_TRUE(contract::await([&] { return first_uses >= wanted; })) << "hangs in thread " << i;
    quit = true;
    busy.join();
  }
  sigaction(SIGUSR2, &before, nullptr);
  EXPECT_EQ(words.sum<0>(), first_uses);
}

/// What the program has in thread-local storage comes out of every thread's stack.
TEST(ThreadWide, SmallThreadStacksSuffice) {
  if (kSanitized)
    GTEST_SKIP() << "sanitizers need more stack";
  PerThreadWords<2> words;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* w) -> void* {
                  static_cast<PerThreadWords<2>*>(w)->add<0>(1);
                  return nullptr;
                },
                &words),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(words.sum<0>(), 1);
}

/// In a child with little address space.
int count_in_a_hundred_threads() {
  const rlimit little{std::size_t{1} << 30, RLIM_INFINITY};
  if (setrlimit(RLIMIT_AS, &little) != 0)
    return 2;
  PerThreadWords<2> words;
  std::atomic<int> counted{0};
  std::vector<pthread_t> threads(100);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{256} << 10);
  std::pair<PerThreadWords<2>*, std::atomic<int>*> shared{&words, &counted};
  for (pthread_t& thread : threads)
    if (pthread_create(
            &thread, &attributes,
            [](void* argument) -> void* {
              auto& [all, n] = *static_cast<decltype(shared)*>(argument);
              all->template add<0>(1);
              ++*n;
              while (*n != 100) sched_yield();  // all alive at once
              return nullptr;
            },
            &shared) != 0)
      return 3;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  return words.sum<0>() == 100 ? 0 : 1;
}

TEST(ThreadWide, AHundredThreadsNeedLittleAddressSpace) {
  if (kSanitized || *contract::kNoThreadsAfterFork != '\0')
    GTEST_SKIP() << "a sanitizer's address space, or no threads after a fork";
  const pid_t child = fork();
  if (child == 0)
    _exit(count_in_a_hundred_threads());
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0) << WEXITSTATUS(status);
}

}  // namespace
}  // namespace getput::machine
