// SPDX-License-Identifier: MIT
// What the machine says about itself: a scheme is available exactly where what it needs is, and
// one that is not refuses to be made, in words.
#include "schemes/machine/native.hpp"

#include <gtest/gtest.h>

#include "schemes/distributed/percpu_split.hpp"
#include "schemes/machine/machine.hpp"
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
