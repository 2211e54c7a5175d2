// SPDX-License-Identifier: MIT
// The end of a loader: users before what they use, and nobody unmapped who is still in use.
#include <gtest/gtest.h>

#include "schemes/control/none.hpp"
#include "schemes/control/plain.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "schemes/grace/rcu_memb.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

template <class S>
class Shutdown : public testing::Test {
 protected:
  ThreadGuardFor<S> guard_;
};
using Schemes = testing::Types<None<>, Plain<>, AtomicBase<>, RcuMemb<>>;
TYPED_TEST_SUITE(Shutdown, Schemes);

TYPED_TEST(Shutdown, UsersFirst) {
  if (const std::string why = machine::Native::unavailable(TypeParam::info); !why.empty())
    GTEST_SKIP() << why;
  Probes probes;
  std::string warnings;
  std::vector<std::string> order;
  for (const char* name : {"alpha", "beta", "gamma", "permanent"})
    probes.on_exit(name, [&order, name] { order.emplace_back(name); });
  {
    Loader<TypeParam> loader(probe_options(&warnings));
    for (const char* name : {"alpha", "permanent", "beta", "gamma"})
      ASSERT_TRUE(loader.load(name).status.ok());
  }
  EXPECT_EQ(order, (std::vector<std::string>{"gamma", "beta", "alpha"}));
  EXPECT_EQ(warnings, "");
  for (const char* name : {"alpha.so", "beta.so", "gamma.so", "permanent.so"})
    EXPECT_FALSE(is_mapped(name)) << name;
}

TEST(ShutdownInUse, LeavesTheTextMapped) {
  Probes probes;
  auto options = probe_options();
  options.shutdown_wait = std::chrono::milliseconds(10);
  Loader<AtomicBase<>> loader(options);
  const auto lingering = loader.load("lingering");
  ASSERT_TRUE(loader.load("alpha").status.ok());
  const auto ticket = try_module_get(lingering.module.get());
  const getput_transport_ops* ops = lingering.module->transport();
  const auto wrong = loader.shutdown();
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong[0].code, -EBUSY);
  EXPECT_NE(wrong[0].message.find("lingering"), std::string::npos) << wrong[0].message;
  EXPECT_EQ(probes.exits("lingering"), 0);
  EXPECT_EQ(probes.exits("alpha"), 1);
  EXPECT_TRUE(is_mapped("lingering.so"));
  getput_core_stats stats{};
  EXPECT_EQ(ops->rcv(nullptr, nullptr, &stats), GETPUT_OK) << "the holder is still safe";
  module_put(lingering.module.get(), ticket);
}

TEST(ShutdownInUse, FailedUnmappingIsReported) {
  std::string warnings;
  {
    Loader<AtomicBase<>> loader(probe_options(&warnings));
    const auto planted = loader.load("planted_too");
    ASSERT_TRUE(planted.status.ok()) << planted.status.message;
  }
  EXPECT_NE(warnings.find("still mapped"), std::string::npos) << warnings;
}

}  // namespace
}  // namespace getput::test
