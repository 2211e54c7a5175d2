// SPDX-License-Identifier: MIT
#include "schemes/machine/per_cpu_slots.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/effort.hpp"

#if defined(__x86_64__)
#include "tests/schemes/stepper.hpp"
#endif

namespace getput::machine {
namespace {

using contract::allowed_cpus;
using contract::can_migrate;
using contract::kNoMigration;
using contract::kSanitized;
using contract::pin;
using contract::times;
using contract::unpin;

class PerCpuSlotsTest : public testing::Test {
 protected:
  struct User {
    static constexpr char kCpuSlotsName[] = "slots of per_cpu_slots_test: ";
  };
  struct Other {
    static constexpr char kCpuSlotsName[] = "other slots of per_cpu_slots_test: ";
  };
  using Slots = PerCpuSlots<User, 8>;

  void SetUp() override {
    if (!rseq_available())
      GTEST_SKIP() << "not available here: kernel or libc without rseq";
  }
  void TearDown() override { unpin(0); }

  Slots slots_;
  std::atomic<std::uint32_t> open_{0};
};

TEST_F(PerCpuSlotsTest, FillsAnEmptySlotOnly) {
  ASSERT_TRUE(pin(0, allowed_cpus().front()));
  EXPECT_FALSE(static_cast<bool>(Slots::Slot()));
  const auto slot = slots_.take(3, open_, 1, 42);
  ASSERT_TRUE(static_cast<bool>(slot));
  EXPECT_FALSE(static_cast<bool>(slots_.take(3, open_, 1, 43)));
  EXPECT_EQ(slots_.showing(42), 1);
  EXPECT_EQ(slots_.showing(43), 0);
  slot.clear();
  EXPECT_EQ(slots_.showing(42), 0);
  const auto again = slots_.take(3, open_, 1, 43);
  ASSERT_TRUE(static_cast<bool>(again));
  again.clear();
}

TEST_F(PerCpuSlotsTest, FillsOnlyWhileGuardIsClear) {
  open_ = 4;
  const auto slot = slots_.take(0, open_, 3, 42);
  ASSERT_TRUE(static_cast<bool>(slot));
  slot.clear();
  open_ = 2;
  EXPECT_FALSE(static_cast<bool>(slots_.take(0, open_, 3, 42)));
  EXPECT_EQ(slots_.showing(42), 0);
}

/// Every slot of every CPU has a place of its own; another thread, anywhere, clears them all.
TEST_F(PerCpuSlotsTest, SlotsDoNotOverlapAndAnyThreadClearsThem) {
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  std::vector<Slots::Slot> taken;
  for (const int cpu : allowed_cpus()) {
    ASSERT_TRUE(pin(0, cpu));
    for (std::size_t index = 0; index < 8; ++index) {
      taken.push_back(slots_.take(index, open_, 1, 42));
      ASSERT_TRUE(static_cast<bool>(taken.back())) << "CPU " << cpu << ", slot " << index;
    }
  }
  EXPECT_EQ(slots_.showing(42), static_cast<std::int64_t>(taken.size()));
  std::thread([&] {
    for (const auto& slot : taken) slot.clear();
  }).join();
  EXPECT_EQ(slots_.showing(42), 0);
}

TEST_F(PerCpuSlotsTest, UsersHaveSlotsOfTheirOwnAndObjectsShareThem) {
  const PerCpuSlots<Other, 8> others;
  const PerCpuSlots<User, 16> more;
  const Slots same;
  const auto slot = slots_.take(0, open_, 1, 42);
  EXPECT_EQ(same.showing(42), 1);
  EXPECT_EQ(others.showing(42), 0);
  EXPECT_EQ(more.showing(42), 0);
  slot.clear();
}

/// No two threads own a slot at a time, whatever preempts or moves them in the middle of a section.
TEST_F(PerCpuSlotsTest, SlotHasOneOwnerWhileThreadsMove) {
  std::array<std::atomic<std::uint64_t>, 4> found{};
  std::atomic<long> doubles{0};
  std::vector<std::thread> threads;
  for (std::uint64_t mine = 1; mine <= found.size(); ++mine)
    threads.emplace_back([&, mine] {
      const long each = times(200'000);
      for (long i = 0; i < each; ++i) {
        if (i % 1000 == 0 && can_migrate())
          pin(0, allowed_cpus()[(mine + static_cast<std::uint64_t>(i) / 1000) %
                                allowed_cpus().size()]);
        const auto slot = slots_.take(0, open_, 1, mine);
        if (!slot)
          continue;
        // A second owner would have overwritten the value, and only this thread shows it.
        if (slots_.showing(mine) != 1)
          ++doubles;
        slot.clear();
        ++found[mine - 1];
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(doubles, 0);
  for (const auto& taken : found) EXPECT_GT(taken.load(), 0U);
}

#if defined(__x86_64__)
/// A thread that is moved after any instruction fills no slot of the CPU that it has left.
TEST_F(PerCpuSlotsTest, FillsNoSlotOfACpuThatItHasLeft) {
  if (kSanitized)
    GTEST_SKIP() << "a sanitizer's own code would be stepped through";
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  int before_the_store = 0;
  for (int steps = 0; steps < 64; ++steps) {
    ASSERT_TRUE(pin(0, allowed_cpus()[0]));
    int left = steps;
    bool moved = false;
    bool filled_before = false;
    Slots::Slot slot;
    contract::Stepper::run([&] { slot = slots_.take(0, open_, 1, 42); },
                           [&] {
                             if (left-- > 0)
                               return true;
                             filled_before = slots_.showing(42) != 0;
                             moved = pin(0, allowed_cpus()[1]);
                             return false;
                           });
    ASSERT_TRUE(static_cast<bool>(slot));
    if (moved && !filled_before) {
      ++before_the_store;
      const auto second = slots_.take(0, open_, 1, 43);
      EXPECT_FALSE(static_cast<bool>(second)) << "moved after " << steps << " instructions";
      if (second)
        second.clear();
    }
    slot.clear();
  }
  EXPECT_GT(before_the_store, 10);
}
#endif

}  // namespace
}  // namespace getput::machine
