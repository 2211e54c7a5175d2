// SPDX-License-Identifier: MIT
#include "schemes/machine/per_cpu.hpp"

#include <gtest/gtest.h>
#include <linux/mempolicy.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <thread>

#include "schemes/machine/native.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/cpus.hpp"

namespace getput::machine {
namespace {

using contract::allowed_cpus;
using contract::can_migrate;
using contract::kNoMigration;
using contract::kSanitized;
using contract::pin;
using contract::times;
using contract::unpin;

class PerCpu : public testing::Test {
 protected:
  void SetUp() override {
    if (!rseq_available())
      GTEST_SKIP() << "not available here: kernel or libc without rseq";
  }
};

TEST_F(PerCpu, ObjectsArePackedSideBySide) {
  using Arena = PerCpuArena<40>;  // a size of its own: nobody else takes slots between
  char* const first = Arena::instance().take();
  char* const second = Arena::instance().take();
  EXPECT_EQ(second - first, 40);
  Arena::instance().give_back(first);
  Arena::instance().give_back(second);
}

TEST_F(PerCpu, FreedSlotIsUsedAgainAndZero) {
  using Arena = PerCpuArena<48>;
  char* const slot = Arena::instance().take();
  for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
    *reinterpret_cast<std::int64_t*>(slot + cpu * kCpuStride) = 42;
  Arena::instance().give_back(slot);
  char* const again = Arena::instance().take();
  ASSERT_EQ(again, slot);
  for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu)
    EXPECT_EQ(*reinterpret_cast<std::int64_t*>(again + cpu * kCpuStride), 0) << "CPU " << cpu;
  Arena::instance().give_back(again);
}

/// The node that the page of @p address lies on, -1 if the kernel does not tell.
int node_of_page(const void* address) {
  int node = -1;
  const unsigned long ask = MPOL_F_NODE | MPOL_F_ADDR;
  return syscall(SYS_get_mempolicy, &node, nullptr, 0UL, address, ask) == 0 ? node : -1;
}

/// Whoever touches it first: here one thread, on one CPU, touches all copies.
TEST_F(PerCpu, EveryCopyLiesOnTheNodeOfItsCpu) {
  if (node_of_cpu(0) == node_of_cpu(possible_cpus() - 1))
    GTEST_SKIP() << "not available here: one NUMA node";
  using Arena = PerCpuArena<56>;
  char* const slot = Arena::instance().take();
  for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) {
    char* const copy = slot + cpu * kCpuStride;
    *reinterpret_cast<std::int64_t*>(copy) = 1;
    EXPECT_EQ(node_of_page(copy), node_of_cpu(cpu)) << "CPU " << cpu;
  }
  Arena::instance().give_back(slot);
}

TEST_F(PerCpu, SumsOverAllCpus) {
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  PerCpuWords<2> words;
  std::int64_t expected = 0;
  for (const int cpu : allowed_cpus()) {
    ASSERT_TRUE(pin(0, cpu));
    words.add<0>(cpu + 1);
    words.add<1>(-1);
    expected += cpu + 1;
  }
  unpin(0);
  EXPECT_EQ(words.sum<0>(), expected);
  EXPECT_EQ(words.sum<1>(), -static_cast<std::int64_t>(allowed_cpus().size()));
  words.clear<0>();
  EXPECT_EQ(words.sum<0>(), 0);
  EXPECT_EQ(words.sum<1>(), -static_cast<std::int64_t>(allowed_cpus().size()));
}

TEST_F(PerCpu, AddsOnlyWhileGuardIsClear) {
  PerCpuWords<2> words;
  std::atomic<std::uint32_t> guard{4};
  EXPECT_TRUE((words.add_if_clear<0>(guard, 3, 5)));
  EXPECT_EQ(words.sum<0>(), 5);
  guard = 2;
  EXPECT_FALSE((words.add_if_clear<0>(guard, 3, 5)));
  EXPECT_EQ(words.sum<0>(), 5);
}

TEST_F(PerCpu, WordsWrapAndTheSumStaysRight) {
  PerCpuWords<2> words;
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  words.add<0>(kMost);
  words.add<0>(kMost);
  words.add<0>(10);
  EXPECT_EQ(words.sum<0>(), 8);
}

/// No count is lost whatever preempts or moves the thread in the middle of a section.
TEST_F(PerCpu, NoCountIsLostWhileThreadsMove) {
  PerCpuWords<1> words;
  const long each = times(3'000'000);
  std::atomic<int> running{3};
  std::array<std::atomic<int>, 3> tids{};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < tids.size(); ++i)
    threads.emplace_back([&, i] {
      tids[i] = gettid();
      for (long k = 0; k < each; ++k) words.add<0>(1);
      --running;
    });
  for (std::size_t n = 0; running > 0; ++n) {
    if (const int tid = tids[n % tids.size()]; can_migrate() && tid != 0)
      pin(tid, allowed_cpus()[n / tids.size() % allowed_cpus().size()]);
    std::this_thread::yield();
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(words.sum<0>(), 3 * each);
}

/// A barrier ends or restarts every section: once the guard is set and the barrier has passed,
/// nothing is added any more.
TEST_F(PerCpu, NothingIsAddedAfterGuardAndBarrier) {
  if (!Membarrier::rseq_available())
    GTEST_SKIP() << "not available here: kernel without membarrier for rseq";
  PerCpuWords<1> words;
  std::atomic<std::uint32_t> guard{0};
  std::atomic<bool> enough{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      while (!enough)
        for (int k = 0; k < 100; ++k) words.add_if_clear<0>(guard, 1, 1);
    });
  contract::Dice dice(1);
  long changed = 0;
  for (contract::Rounds round(5000); round; ++round) {
    guard = 1;
    Membarrier::rseq_barrier();
    const std::int64_t before = words.sum<0>();
    contract::breathe(dice);
    changed += words.sum<0>() != before;
    guard = 0;
    contract::breathe(dice);
  }
  enough = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(changed, 0);
}

/// Bytes that the process has now: "VmData:" is what RLIMIT_DATA counts, "VmSize:" RLIMIT_AS.
std::size_t bytes_now(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key))
      return std::stoul(line.substr(key.size())) * 1024;
  return 0;
}

/// Runs @p body in a child of fork() under a limit, because a limit cannot be lifted reliably.
template <class Body>
int status_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0)
    _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

TEST_F(PerCpu, GrowthErrorNamesMemoryAndRemedy) {
  if (kSanitized || contract::scale() < 1)
    GTEST_SKIP() << "limits on memory hit the sanitizer or emulator first";
  const int status = status_of_child([] {
    using Arena = PerCpuArena<4096>;
    char* const early = Arena::instance().take();
    *reinterpret_cast<std::int64_t*>(early) = 42;
    const rlimit tight{bytes_now("VmData:") + (std::size_t{4} << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_DATA, &tight) != 0)
      return 10;
    std::string what;
    try {
      for (int i = 0; i < 10000; ++i) Arena::instance().take();
    } catch (const OutOfSlots& e) {
      what = e.what();
    }
    if (what.find("cannot grow per-CPU counter memory") == std::string::npos ||
        what.find("free memory, or raise") == std::string::npos)
      return 11;
    if (*reinterpret_cast<std::int64_t*>(early) != 42)
      return 12;
    const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_DATA, &wide) != 0)
      return 13;
    char* const late = Arena::instance().take();  // the error was not the end
    *reinterpret_cast<std::int64_t*>(late + (possible_cpus() - 1) * kCpuStride) = 1;
    return 0;
  });
  EXPECT_EQ(status, 0);
}

/// The limit that is in the way, and no other.
TEST_F(PerCpu, GrowthErrorNamesTheLimit) {
  if (kSanitized || contract::scale() < 1)
    GTEST_SKIP() << "limits on memory hit the sanitizer or emulator first";
  const int status = status_of_child([] {
    auto& arena = PerCpuArena<8192>::instance();
    const rlimit tight{bytes_now("VmSize:") + (std::size_t{4} << 20), RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &tight) != 0)
      return 10;
    try {
      for (int i = 0; i < 10000; ++i) arena.take();
    } catch (const OutOfSlots& e) {
      const std::string what = e.what();
      return what.find("ulimit -v") != std::string::npos &&
                     what.find("ulimit -d") == std::string::npos
                 ? 0
                 : 11;
    }
    return 12;
  });
  EXPECT_EQ(status, 0);
}

TEST(RemedyOfMmap, LockedMemory) {
  EXPECT_NE(remedy_of_mmap(EAGAIN).find("ulimit -l"), std::string::npos);
  EXPECT_EQ(remedy_of_mmap(ENOMEM).find("ulimit -l"), std::string::npos);
}

TEST_F(PerCpu, AMillionObjectsAreAliveAtOnce) {
  const long n = times(1'000'000);
  std::deque<PerCpuWords<2>> objects(static_cast<std::size_t>(n));
  for (auto& words : objects) words.add<0>(1);
  long wrong = 0;
  for (auto& words : objects) wrong += words.sum<0>() != 1 || words.sum<1>() != 0;
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace getput::machine
