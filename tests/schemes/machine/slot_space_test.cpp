// SPDX-License-Identifier: MIT
#include "schemes/machine/slot_space.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <set>

#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

TEST(SlotSpace, SlotsAreDistinctAndDense) {
  SlotSpace space(100, "test memory");
  std::set<std::uint32_t> taken;
  for (int i = 0; i < 100; ++i) taken.insert(space.take());
  EXPECT_EQ(taken.size(), 100U);
  EXPECT_EQ(*taken.rbegin(), 99U);
  EXPECT_EQ(space.high_water(), 100U);
}

TEST(SlotSpace, FreedSlotsAreUsedAgain) {
  SlotSpace space(100, "test memory");
  for (int i = 0; i < 10; ++i) space.take();
  space.give_back(3);
  space.give_back(7);
  const std::set<std::uint32_t> again{space.take(), space.take()};
  EXPECT_EQ(again, (std::set<std::uint32_t>{3, 7}));
  EXPECT_EQ(space.take(), 10U);
  EXPECT_EQ(space.high_water(), 11U);
}

TEST(SlotSpace, SaysWhatIsFullAndWhatHelps) {
  SlotSpace space(2, "test memory");
  space.take();
  const std::uint32_t last = space.take();
  try {
    space.take();
    FAIL() << "a third slot of two";
  } catch (const OutOfSlots& e) {
    const std::string what = e.what();
    EXPECT_NE(what.find("test memory is full: 2 objects"), std::string::npos) << what;
    EXPECT_NE(what.find("destroy some"), std::string::npos) << what;
  }
  space.give_back(last);
  EXPECT_EQ(space.take(), last) << "unusable after the error";
}

/// Objects are destroyed where nothing may fail: room for their slots was made when they were
/// taken.
TEST(SlotSpace, GivingBackTakesNoMemory) {
  for (std::uint32_t n = 1; n <= 100; ++n) {
    SlotSpace space(100, "test memory");
    for (std::uint32_t i = 0; i < n; ++i) space.take();
    const auto before = mallinfo2().uordblks;  // 0 under AddressSanitizer
    for (std::uint32_t slot = 0; slot < n; ++slot) space.give_back(slot);
    EXPECT_EQ(mallinfo2().uordblks, before) << n << " slots";
  }
}

/// Taking slots makes room for them now and then, not each time.
TEST(SlotSpace, RoomGrowsInLeaps) {
  SlotSpace space(1000, "test memory");
  int leaps = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto before = mallinfo2().uordblks;
    space.take();
    leaps += mallinfo2().uordblks == before ? 0 : 1;
  }
  EXPECT_LE(leaps, 20);
}

/// A slot costs the same however many there are: a million objects are a use case.
TEST(SlotSpace, AMillionSlotsAreQuick) {
  const long n = contract::times(1'000'000);
  SlotSpace space(1'000'000, "test memory");
  const auto begin = std::chrono::steady_clock::now();
  for (long i = 0; i < n; ++i) space.take();
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(std::chrono::duration<double>(took).count(), 5.0);
}

}  // namespace
}  // namespace getput::machine
