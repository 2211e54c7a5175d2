// SPDX-License-Identifier: MIT
#include "schemes/machine/per_cpu_cache.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "schemes/distributed/refcache.hpp"
#include "schemes/machine/native.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/cpus.hpp"

namespace getput::machine {
namespace {

using contract::allowed_cpus;
using contract::can_migrate;
using contract::kNoMigration;
using contract::pin;
using contract::times;
using contract::unpin;
using Found = PerCpuCache::Found;

/// An owner: nothing but an address and what it has been given.
struct alignas(16) Owner {
  std::atomic<std::int64_t> given{0};
};

void give(void* owner, std::int64_t delta) {
  static_cast<Owner*>(owner)->given += delta;
}

class PerCpuCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!rseq_available() || !Membarrier::rseq_available())
      GTEST_SKIP() << "not available here: rseq, or membarrier for it";
    static auto& for_ever = *new std::vector<PerCpuCache*>;  // as its destructor says
    cache_ = for_ever.emplace_back(new PerCpuCache);
  }
  void TearDown() override { unpin(0); }

  /// As a scheme counts.
  void change(Owner& owner, std::int64_t delta) {
    while (cache_->add(open_, 0, kSlot, &owner, delta) == Found::missed)
      cache_->claim(kSlot, &owner, &give);
  }
  void collect_everything() {
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) cache_->collect_all(cpu, &give);
  }

  static constexpr std::uint32_t kSlot = 7;  // of all owners: they collide

  PerCpuCache* cache_ = nullptr;
  std::atomic<std::uint32_t> open_{0};
  Owner one_;
  Owner two_;
};

TEST_F(PerCpuCacheTest, OwnersAreSpreadOverTheTable) {
  std::array<Owner, 512> owners;
  std::map<std::uint32_t, int> at;
  for (const Owner& owner : owners) {
    const std::uint32_t slot = PerCpuCache::slot_of(&owner);
    ASSERT_LT(slot, PerCpuCache::kSlots);
    ++at[slot];
  }
  EXPECT_GT(at.size(), owners.size() / 2);
}

/// Neighbours do not collide, and neither do those who are as far apart as regions of memory are.
TEST_F(PerCpuCacheTest, TheTableIsUsedToTheFull) {
  for (const std::uintptr_t apart : {std::uintptr_t{16}, std::uintptr_t{1} << 16}) {
    std::set<std::uint32_t> taken;
    for (std::uintptr_t i = 0; i < PerCpuCache::kSlots; ++i)
      taken.insert(
          PerCpuCache::slot_of(reinterpret_cast<void*>((std::uintptr_t{1} << 40) + i * apart)));
    EXPECT_EQ(taken.size(), PerCpuCache::kSlots) << apart << " bytes apart";
  }
}

/// Tables lie side by side: the last pair of one is not the beginning of the next.
TEST_F(PerCpuCacheTest, TablesDoNotOverlap) {
  pin(0, allowed_cpus().front());
  constexpr std::uint32_t kLast = PerCpuCache::kSlots - 1;
  static auto& for_ever = *new std::vector<PerCpuCache*>;
  for (int i = 0; i < 3; ++i) {
    PerCpuCache& cache = *for_ever.emplace_back(new PerCpuCache);
    cache.claim(kLast, &one_, &give);
    ASSERT_EQ(cache.add(open_, 0, kLast, &one_, 1), Found::added);
  }
  for (PerCpuCache* const cache : for_ever)
    for (unsigned cpu = 0; cpu < possible_cpus(); ++cpu) cache->collect_all(cpu, &give);
  EXPECT_EQ(one_.given, 3);
}

TEST(PerCpuCache, CostsWhatRefcacheSays) {
  EXPECT_EQ(Refcache<>::info.shared_bytes_per_cpu, PerCpuCache::kBytesPerCpu);
}

TEST_F(PerCpuCacheTest, MissesUntilClaimed) {
  pin(0, allowed_cpus().front());
  EXPECT_EQ(cache_->add(open_, 0, kSlot, &one_, 1), Found::missed);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 0);
  cache_->claim(kSlot, &one_, &give);
  EXPECT_EQ(cache_->add(open_, 0, kSlot, &one_, 3), Found::added);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 3);
  EXPECT_EQ(one_.given, 0);
  EXPECT_EQ(cache_->add(open_, 0, kSlot + 1, &one_, 1), Found::missed) << "another pair";
}

TEST_F(PerCpuCacheTest, GuardRefuses) {
  pin(0, allowed_cpus().front());
  change(one_, 1);
  std::atomic<std::uint32_t> guard{2};
  EXPECT_EQ(cache_->add(guard, 1, kSlot, &one_, 1), Found::added);
  EXPECT_EQ(cache_->add(guard, 2, kSlot, &one_, 1), Found::refused);
  EXPECT_EQ(cache_->add(guard, 2, kSlot, &two_, 1), Found::refused) << "before it looks for a pair";
  EXPECT_EQ(cache_->peek(kSlot, &one_), 2);
}

TEST_F(PerCpuCacheTest, CollisionGivesTheOtherWhatIsHis) {
  pin(0, allowed_cpus().front());
  change(one_, 5);
  change(two_, -2);
  EXPECT_EQ(one_.given, 5);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 0);
  EXPECT_EQ(cache_->peek(kSlot, &two_), -2);
  change(one_, 1);
  EXPECT_EQ(two_.given, -2);
  EXPECT_EQ(one_.given, 5);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 1);
}

/// What is the owner's already is left as it is.
TEST_F(PerCpuCacheTest, ClaimedTwice) {
  pin(0, allowed_cpus().front());
  change(one_, 5);
  cache_->claim(kSlot, &one_, &give);
  EXPECT_EQ(one_.given, 0);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 5);
}

TEST_F(PerCpuCacheTest, PeekSumsOverCpus) {
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  std::int64_t expected = 0;
  for (const int cpu : allowed_cpus()) {
    ASSERT_TRUE(pin(0, cpu));
    change(one_, cpu + 1);
    expected += cpu + 1;
  }
  EXPECT_EQ(cache_->peek(kSlot, &one_), expected);
  collect_everything();
  EXPECT_EQ(one_.given, expected);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 0);
}

/// A pair with delta 0 was used: Refcache's review has to hear of it. One CPU only, and once.
TEST_F(PerCpuCacheTest, CollectsPairsWithDeltaZero) {
  pin(0, allowed_cpus().front());
  const auto cpu = static_cast<unsigned>(allowed_cpus().front());
  change(one_, 1);
  change(one_, -1);
  int calls = 0;
  const auto heard = [&](void* owner, std::int64_t delta) {
    ++calls;
    EXPECT_EQ(owner, &one_);
    EXPECT_EQ(delta, 0);
  };
  for (unsigned other = 0; other < possible_cpus(); ++other)
    if (other != cpu)
      cache_->collect_all(other, heard);
  EXPECT_EQ(calls, 0);
  cache_->collect_all(cpu, heard);
  EXPECT_EQ(calls, 1);
  cache_->collect_all(cpu, heard);
  EXPECT_EQ(calls, 1) << "the table was not emptied";
  EXPECT_EQ(cache_->add(open_, 0, kSlot, &one_, 1), Found::missed);
}

TEST_F(PerCpuCacheTest, CollectsFirstAndLastSlot) {
  pin(0, allowed_cpus().front());
  for (const std::uint32_t slot : {0U, PerCpuCache::kSlots - 1}) {
    cache_->claim(slot, &one_, &give);
    EXPECT_EQ(cache_->add(open_, 0, slot, &one_, 1), Found::added);
  }
  collect_everything();
  EXPECT_EQ(one_.given, 2);
}

/// Who is forgotten is given nothing any more, and the others keep what they have.
TEST_F(PerCpuCacheTest, Forgets) {
  pin(0, allowed_cpus().front());
  cache_->claim(kSlot + 1, &two_, &give);
  ASSERT_EQ(cache_->add(open_, 0, kSlot + 1, &two_, 4), Found::added);
  change(one_, 5);
  cache_->forget(kSlot, &one_);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 0);
  cache_->forget(kSlot, &two_);  // has no pair there
  change(two_, 1);
  collect_everything();
  EXPECT_EQ(one_.given, 0);
  EXPECT_EQ(two_.given, 5);
}

TEST_F(PerCpuCacheTest, ForgetsOnEveryCpu) {
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  for (const int cpu : allowed_cpus()) {
    ASSERT_TRUE(pin(0, cpu));
    change(one_, 5);
  }
  cache_->forget(kSlot, &one_);
  EXPECT_EQ(cache_->peek(kSlot, &one_), 0);
  collect_everything();
  EXPECT_EQ(one_.given, 0);
}

/// Else a delta might be lost, or be given to its owner twice.
TEST_F(PerCpuCacheTest, CollectorHasTheTableForHimself) {
  pin(0, allowed_cpus().front());
  change(one_, 5);
  std::atomic<bool> tried{false}, claimed{false};
  std::thread other;
  const auto run_other = [&] {
    EXPECT_EQ(cache_->add(open_, 0, kSlot, &one_, 1), Found::missed);
    tried = true;
    cache_->claim(kSlot, &two_, &give);
    claimed = true;
  };
  cache_->collect_all(static_cast<unsigned>(allowed_cpus().front()),
                      [&](void* owner, std::int64_t delta) {
                        other = std::thread(run_other);
                        while (!tried) std::this_thread::yield();
                        std::this_thread::sleep_for(contract::milliseconds(20));
                        EXPECT_FALSE(claimed);
                        give(owner, delta);
                      });
  other.join();
  EXPECT_EQ(one_.given, 5);
  EXPECT_EQ(cache_->add(open_, 0, kSlot, &two_, 1), Found::added);
}

/// Two owners fight for one pair of each CPU while somebody moves the threads and somebody
/// collects: claims begin on one CPU and end on another, and no delta is lost or given to the wrong
/// one.
TEST_F(PerCpuCacheTest, NoDeltaIsLostWhileThreadsMoveAndCollide) {
  const std::int64_t each = times(6'000'000);
  std::array<Owner*, 3> owner_of{&one_, &two_, &one_};
  std::array<std::atomic<int>, 3> tids{};
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < tids.size(); ++i)
    threads.emplace_back([&, i] {
      tids[i] = gettid();
      for (std::int64_t k = 0; k < each; ++k) change(*owner_of[i], k % 3 == 0 ? -1 : 2);
      --running;
    });
  const contract::Interruptions interruptions;
  for (std::size_t n = 0; running > 0; ++n) {
    if (const int tid = tids[n % tids.size()]; can_migrate() && tid != 0)
      pin(tid, allowed_cpus()[n / tids.size() % allowed_cpus().size()]);
    if (n % 16 == 0)
      cache_->collect_all(static_cast<unsigned>(n / 16) % possible_cpus(), &give);
    std::this_thread::yield();
  }
  for (std::thread& t : threads) t.join();
  const std::int64_t minus = (each + 2) / 3;
  const std::int64_t expected = 2 * (each - minus) - minus;
  EXPECT_EQ(one_.given + cache_->peek(kSlot, &one_), 2 * expected);
  EXPECT_EQ(two_.given + cache_->peek(kSlot, &two_), expected);
  collect_everything();
  EXPECT_EQ(one_.given, 2 * expected);
  EXPECT_EQ(two_.given, expected);
}

/// While a table is closed nobody counts in it: what the collector read is what he empties.
TEST_F(PerCpuCacheTest, NothingIsCountedWhileCollecting) {
  const std::int64_t each = times(6'000'000);
  std::atomic<int> running{2};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      for (std::int64_t k = 0; k < each; ++k) change(one_, 1);
      --running;
    });
  while (running > 0) collect_everything();
  for (std::thread& t : threads) t.join();
  collect_everything();
  EXPECT_EQ(one_.given, 2 * each);
}

}  // namespace
}  // namespace getput::machine
