// SPDX-License-Identifier: MIT
// What the machine says about itself: a scheme is available exactly where what it needs is, and
// one that is not refuses to be made, in words.
#include "schemes/machine/native.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "schemes/distributed/percpu_split.hpp"
#include "schemes/machine/machine.hpp"
#include "schemes/machine/urcu_bp.hpp"
#include "schemes/machine/urcu_mb.hpp"
#include "schemes/machine/urcu_memb.hpp"
#include "schemes/machine/urcu_qsbr.hpp"
#include "tests/schemes/contract/cpus.hpp"

namespace getput::machine {
namespace {

static_assert(Machine<Native>);

SchemeInfo needing(bool rseq, bool membarrier) {
  SchemeInfo info;
  info.name = "toy";
  info.needs_rseq = rseq;
  info.needs_membarrier = membarrier;
  return info;
}

TEST(Native, SaysWhatIsMissing) {
  EXPECT_EQ(Native::unavailable(needing(false, false)), "");
  EXPECT_EQ(Native::unavailable(needing(true, false)).empty(), rseq_available());
  EXPECT_EQ(Native::unavailable(needing(false, true)).empty(), Membarrier::available());
  EXPECT_EQ(Native::unavailable(needing(true, true)).empty(),
            rseq_available() && Membarrier::rseq_available());
}

TEST(Native, SchemeRefusesToBeMadeWhereItCannotWork) {
  const std::string why = Native::unavailable(PercpuSplit<>::info);
  if (why.empty()) {
    EXPECT_NO_THROW(PercpuSplit<>());
    return;
  }
  try {
    const PercpuSplit<> module;
    FAIL() << "made although " << why;
  } catch (const Unavailable& e) {
    EXPECT_EQ(std::string(e.what()), "percpu_split: " + why);
  }
}

TEST(Native, ThreadsHaveDifferentNumbers) {
  const std::uintptr_t mine = Native::this_thread();
  std::uintptr_t other = 0;
  std::thread([&other] { other = Native::this_thread(); }).join();
  EXPECT_NE(mine, 0U);
  EXPECT_NE(mine, other);
  EXPECT_EQ(mine, Native::this_thread());
}

TEST(Native, TableSlotsSpread) {
  std::set<std::uint32_t> slots;
  std::vector<char> objects(64 * 100);
  for (std::size_t i = 0; i < objects.size(); i += 64) {
    const std::uint32_t slot = Native::table_slot(&objects[i]);
    EXPECT_LT(slot, Native::kTableSlots);
    EXPECT_EQ(slot, Native::table_slot(&objects[i]));
    slots.insert(slot);
  }
  EXPECT_GT(slots.size(), 80U);  // 98.8 of 100 expected of a good hash
}

TEST(Native, ClockDoesNotGoBack) {
  std::uint64_t last = Native::monotonic_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t now = Native::monotonic_ns();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Native, KnowsItsCpu) {
  if (!contract::can_migrate())
    GTEST_SKIP() << contract::kNoMigration;
  for (const int cpu : contract::allowed_cpus()) {
    ASSERT_TRUE(contract::pin(0, cpu));
    EXPECT_EQ(Native::current_cpu(), static_cast<unsigned>(cpu));
    EXPECT_LT(Native::current_cpu(), Native::possible_cpus());
  }
  contract::unpin(0);
}

}  // namespace
}  // namespace getput::machine
