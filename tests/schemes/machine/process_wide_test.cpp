// SPDX-License-Identifier: MIT
#include "schemes/machine/process_wide.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

using contract::times;

struct Number {
  static constexpr const char* kName = "test number";
  int value = 7;
};

TEST(ProcessWide, IsOneObject) {
  EXPECT_EQ(ProcessWide<Number>::get().value, 7);
  ProcessWide<Number>::get().value = 8;
  EXPECT_EQ(ProcessWide<Number>::get().value, 8);
}

/// Another image's copy of a type is found by its name.
struct SameName {
  static constexpr const char* kName = "test number";
  int value = 1;
};
TEST(ProcessWide, IsFoundByName) {
  EXPECT_EQ(static_cast<void*>(&ProcessWide<Number>::get()),
            static_cast<void*>(&ProcessWide<SameName>::get()));
}

struct OtherVersion {
  static constexpr const char* kName = "test number";
  int values[3]{};
};
TEST(ProcessWideDeathTest, AnotherVersionEndsTheProcessWithOneLine) {
  static_cast<void>(ProcessWide<Number>::get());
  EXPECT_DEATH(ProcessWide<OtherVersion>::get(), "versions of getput that differ in test number");
}

struct Outer {
  static constexpr const char* kName = "test outer";
  Number& inner = ProcessWide<Number>::get();
};
TEST(ProcessWide, MayConsistOfOthers) {
  EXPECT_EQ(&ProcessWide<Outer>::get().inner, &ProcessWide<Number>::get());
}

struct FailsOnce {
  static constexpr const char* kName = "test fails once";
  static inline int attempts = 0;
  FailsOnce() {
    if (attempts++ == 0)
      throw std::runtime_error("no memory");
  }
};
TEST(ProcessWide, IsMadeAgainAfterAnError) {
  EXPECT_THROW(ProcessWide<FailsOnce>::get(), std::runtime_error);
  EXPECT_NO_THROW(ProcessWide<FailsOnce>::get());
  EXPECT_NO_THROW(ProcessWide<FailsOnce>::get());
  EXPECT_EQ(FailsOnce::attempts, 2);
}

/// Keeps a fork waiting while another object is made.
struct SlowToLock {
  static constexpr const char* kName = "test slow to lock";
  void before_fork() noexcept { usleep(5000); }
  void after_fork() noexcept {}
  void in_child() noexcept {}
};

struct Locked {
  static constexpr const char* kName = "test locked";
  std::mutex mutex;
  void before_fork() noexcept { mutex.lock(); }
  void after_fork() noexcept { mutex.unlock(); }
  void in_child() noexcept { mutex.unlock(); }
};

/// A fork begins, and another thread makes and locks an object for the first time.
int fork_at_first_use() {
  static_cast<void>(ProcessWide<SlowToLock>::get());
  std::thread user([] {
    usleep(2000);
    const std::lock_guard lock(ProcessWide<Locked>::get().mutex);
    usleep(20'000);
  });
  const pid_t child = fork();
  if (child == 0) {
    alarm(5);
    const std::lock_guard lock(ProcessWide<Locked>::get().mutex);
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  user.join();
  return status == 0 ? 0 : 1;
}

TEST(ProcessWide, ForkAtItsFirstUse) {
  if (*contract::kNoThreadsAfterFork != '\0')
    GTEST_SKIP() << contract::kNoThreadsAfterFork;
  long hung = 0;
  for (long i = 0; i < times(5) && hung == 0; ++i) {
    const pid_t fresh = fork();
    if (fresh == 0)
      _exit(fork_at_first_use());
    int status = -1;
    waitpid(fresh, &status, 0);
    hung += status == 0 ? 0 : 1;
  }
  EXPECT_EQ(hung, 0);
}

/// Alone in its process, as ctest runs it: nothing has used the library before. A search now would
/// take the dynamic loader's lock, which a child inherits locked where a thread searches while
/// another one forks.
TEST(ProcessWide, TheDirectoryIsThereBeforeTheFirstUse) {
  EXPECT_NE(image::own_place().load(std::memory_order_acquire), nullptr);
}

}  // namespace
}  // namespace getput::machine
