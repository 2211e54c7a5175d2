// SPDX-License-Identifier: MIT
#include "schemes/machine/per_cpu_banks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

using contract::allowed_cpus;
using contract::can_migrate;
using contract::kNoMigration;
using contract::pin;
using contract::times;
using contract::unpin;

class PerCpuBanksTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!rseq_available())
      GTEST_SKIP() << "not available here: kernel or libc without rseq";
  }
};

TEST_F(PerCpuBanksTest, DefaultNamesNoBank) {
  const PerCpuBanks<2> banks;
  EXPECT_FALSE(PerCpuBanks<2>::Bank());
  EXPECT_TRUE(static_cast<bool>(banks.bank(0)));
  EXPECT_TRUE(banks.bank(1) == banks.bank(1));
  EXPECT_FALSE(banks.bank(0) == banks.bank(1));
}

/// Every word of both banks of two objects on every CPU has a place of its own.
TEST_F(PerCpuBanksTest, WordsDoNotOverlap) {
  if (!can_migrate())
    GTEST_SKIP() << kNoMigration;
  const PerCpuBanks<3> one;
  const PerCpuBanks<3> two;
  std::int64_t each = 0;
  for (const int cpu : allowed_cpus()) {
    ASSERT_TRUE(pin(0, cpu));
    ++each;
    for (const auto* banks : {&one, &two})
      for (const unsigned index : {0U, 1U}) {
        const std::int64_t scale = (banks == &one ? 1 : 100) * (index == 0 ? 1 : 10'000);
        banks->bank(index).add<0>(scale);
        banks->bank(index).add<1>(2 * scale);
        banks->bank(index).add<2>(3 * scale);
      }
  }
  unpin(0);
  for (const auto* banks : {&one, &two})
    for (const unsigned index : {0U, 1U}) {
      const std::int64_t scale = (banks == &one ? 1 : 100) * (index == 0 ? 1 : 10'000);
      EXPECT_EQ(banks->bank(index).sum<0>(), each * scale);
      EXPECT_EQ(banks->bank(index).sum<1>(), 2 * each * scale);
      EXPECT_EQ(banks->bank(index).sum<2>(), 3 * each * scale);
    }
}

TEST_F(PerCpuBanksTest, NewObjectStartsAtZero) {
  PerCpuBanks<5>::Bank used;
  {
    const PerCpuBanks<5> banks;
    used = banks.bank(1);
    banks.bank(0).add<4>(7);
    banks.bank(1).add<0>(7);
  }
  const PerCpuBanks<5> banks;
  ASSERT_TRUE(banks.bank(1) == used) << "a freed slot is used again";
  EXPECT_EQ(banks.bank(0).sum<4>(), 0);
  EXPECT_EQ(banks.bank(1).sum<0>(), 0);
}

TEST_F(PerCpuBanksTest, WordsWrapAndTheSumStaysRight) {
  const PerCpuBanks<2> banks;
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  banks.bank(1).add<1>(kMost);
  banks.bank(1).add<1>(kMost);
  banks.bank(1).add<1>(10);
  EXPECT_EQ(banks.bank(1).sum<1>(), 8);
}

TEST_F(PerCpuBanksTest, NoCountIsLostWhileThreadsCount) {
  const PerCpuBanks<2> banks;
  const long each = times(1'000'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      const auto bank = banks.bank(0);
      for (long k = 0; k < each; ++k) bank.add<0>(1);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(banks.bank(0).sum<0>(), 3 * each);
}

}  // namespace
}  // namespace getput::machine
