// SPDX-License-Identifier: MIT
// Modules that use modules, symbols, and the two rules for modules that are coming.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <thread>

#include "schemes/counter/atomic_base.hpp"
#include "tests/modules/mutex_scheme.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

template <class S>
class Dependencies : public testing::Test {
 protected:
  Probes probes_;
  Loader<S> loader_{probe_options()};
};
// The last keeps the loader's references as pins: it must not hold for long.
using Schemes = testing::Types<MutexScheme, AtomicBase<>, WaitOnlyScheme>;
TYPED_TEST_SUITE(Dependencies, Schemes);

TYPED_TEST(Dependencies, OneReferencePerPair) {
  auto& loader = this->loader_;
  const auto alpha = loader.load("alpha");
  const auto beta = loader.load("beta");
  const auto gamma = loader.load("gamma");  // names alpha twice, and beta
  ASSERT_TRUE(gamma.status.ok()) << gamma.status.message;
  EXPECT_EQ(alpha.module->refcount(), 2);
  EXPECT_EQ(beta.module->refcount(), 1);
  EXPECT_EQ(gamma.module->refcount(), 0);
  const auto rows = loader.list();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].used_by, (std::vector<std::string>{"beta", "gamma"}));

  const Status used = loader.delete_module("alpha", 0);
  EXPECT_EQ(used.code, -EWOULDBLOCK);
  EXPECT_NE(used.message.find("used by beta, gamma"), std::string::npos) << used.message;
  EXPECT_TRUE(loader.delete_module("gamma", 0).ok());
  EXPECT_EQ(alpha.module->refcount(), 1);
  EXPECT_EQ(loader.delete_module("alpha", 0).code, -EWOULDBLOCK);
  EXPECT_TRUE(loader.delete_module("beta", 0).ok());
  EXPECT_EQ(alpha.module->refcount(), 0);
  EXPECT_TRUE(loader.delete_module("alpha", 0).ok());
}

TYPED_TEST(Dependencies, MissingOrSelf) {
  auto& loader = this->loader_;
  const auto beta = loader.load("beta");
  EXPECT_EQ(beta.status.code, -ENOENT);
  EXPECT_NE(beta.status.message.find("load alpha first"), std::string::npos) << beta.status.message;
  EXPECT_EQ(loader.load("orphan").status.code, -ENOENT);
  EXPECT_EQ(loader.load("selfish").status.code, -ENOENT);
  EXPECT_TRUE(loader.list().empty());
  EXPECT_FALSE(is_mapped("beta.so"));
}

// gamma takes alpha and then fails on beta: alpha must not stay referenced.
TYPED_TEST(Dependencies, HalfResolvedIsUndone) {
  auto& loader = this->loader_;
  const auto alpha = loader.load("alpha");
  EXPECT_EQ(loader.load("gamma").status.code, -ENOENT);
  EXPECT_EQ(alpha.module->refcount(), 0);
  EXPECT_TRUE(loader.delete_module("alpha", 0).ok());
}

TYPED_TEST(Dependencies, FailedInitGivesTheDependencyBack) {
  auto& loader = this->loader_;
  const auto alpha = loader.load("alpha");
  this->probes_.on_init("beta", [&](const std::string&) {
    EXPECT_EQ(alpha.module->refcount(), 1);
    return -EIO;
  });
  EXPECT_EQ(loader.load("beta").status.code, -EIO);
  EXPECT_EQ(alpha.module->refcount(), 0);
  EXPECT_TRUE(loader.delete_module("alpha", 0).ok());
}

TYPED_TEST(Dependencies, ExitMayStillUseTheDependency) {
  auto& loader = this->loader_;
  ASSERT_TRUE(loader.load("alpha").status.ok());
  ASSERT_TRUE(loader.load("beta").status.ok());
  this->probes_.on_exit("beta", [&] {
    EXPECT_EQ(loader.delete_module("alpha", 0).code, -EWOULDBLOCK);
    EXPECT_TRUE(is_mapped("alpha.so"));
  });
  EXPECT_TRUE(loader.delete_module("beta", 0).ok());
}

TEST(Coming, StrongGetGivesUpWithBusy) {
  Probes probes;
  auto options = probe_options();
  options.dependency_wait = std::chrono::milliseconds(20);
  Loader<AtomicBase<>> loader(options);
  Gate started;
  Gate finish;
  probes.on_init("alpha", [&](const std::string&) {
    started.open();
    finish.wait();
    return 0;
  });
  std::thread first([&] { EXPECT_TRUE(loader.load("alpha").status.ok()); });
  started.wait();
  const auto beta = loader.load("beta");
  EXPECT_EQ(beta.status.code, -EBUSY);
  EXPECT_NE(beta.status.message.find("gave up"), std::string::npos) << beta.status.message;
  EXPECT_EQ(loader.symbol_get("alpha_answer").address, nullptr);
  finish.open();
  first.join();
  EXPECT_TRUE(loader.load("beta").status.ok());
}

TEST(Coming, StrongGetWaitsForTheInit) {
  Probes probes;
  Loader<AtomicBase<>> loader(probe_options());
  Gate started;
  Gate finish;
  probes.on_init("alpha", [&](const std::string&) {
    started.open();
    finish.wait();
    return 0;
  });
  std::thread first([&] { EXPECT_TRUE(loader.load("alpha").status.ok()); });
  started.wait();
  std::thread second([&] { EXPECT_TRUE(loader.load("beta").status.ok()); });
  EXPECT_TRUE(eventually([&] { return loader.list().size() == 2; }));
  EXPECT_EQ(probes.inits("beta"), 0);
  finish.open();
  first.join();
  second.join();
  EXPECT_EQ(probes.inits("beta"), 1);
}

// The kernel lets callers in while init() runs; the first merge of 2002 did not.
template <class Check>
void during_init(ComingRule rule, Check check) {
  Probes probes;
  auto options = probe_options();
  options.coming = rule;
  Loader<AtomicBase<>> loader(options);
  probes.on_init("alpha", [&](const std::string&) {
    check(*loader.find("alpha"));
    return 0;
  });
  const auto alpha = loader.load("alpha");
  ASSERT_TRUE(alpha.status.ok()) << alpha.status.message;
  const auto ticket = try_module_get(alpha.module.get());
  EXPECT_TRUE(ticket) << "once live, both rules agree";
  module_put(alpha.module.get(), ticket);
}

TEST(Coming, PlainRuleLetsCallersIn) {
  during_init(ComingRule::plain, [](Module<AtomicBase<>>& alpha) {
    const auto ticket = try_module_get(&alpha);
    EXPECT_TRUE(ticket);
    module_put(&alpha, ticket);
  });
}

TEST(Coming, StrictRuleTurnsThemAway) {
  during_init(ComingRule::strict, [](Module<AtomicBase<>>& alpha) {
    EXPECT_FALSE(try_module_get(&alpha));
    EXPECT_EQ(alpha.refcount(), 1) << "only the reference of the initialization";
  });
}

// Whoever came in under the plain rule is inside when init() fails: the text must outlive it.
TEST(Coming, FailedInitWaitsForThoseWhoCameIn) {
  Probes probes;
  Loader<AtomicBase<>> loader(probe_options());
  Gate inside;
  std::thread holder;
  getput_core_stats stats{};
  probes.on_init("alpha", [&](const std::string&) {
    holder = std::thread([&, alpha = loader.find("alpha")] {
      const auto ticket = try_module_get(alpha.get());
      EXPECT_TRUE(ticket);
      const getput_transport_ops* ops = alpha->transport();
      inside.open();
      EXPECT_TRUE(eventually([&] { return alpha->state() == ModuleState::going; }));
      EXPECT_FALSE(try_module_get(alpha.get()));
      ops->rcv(nullptr, nullptr, &stats);
      module_put(alpha.get(), ticket);
    });
    inside.wait();
    return -ENOMEM;
  });
  EXPECT_EQ(loader.load("alpha").status.code, -ENOMEM);
  holder.join();
  EXPECT_EQ(stats.rx_packets, 1u);
  EXPECT_FALSE(is_mapped("alpha.so"));
}

TEST(Symbols, GetHoldsTheModule) {
  Probes probes;
  Loader<AtomicBase<>> loader(probe_options());
  EXPECT_EQ(loader.symbol_get("alpha_answer").address, nullptr);
  ASSERT_TRUE(loader.load("alpha").status.ok());
  const auto answer = loader.symbol_get("alpha_answer");
  ASSERT_NE(answer.address, nullptr);
  EXPECT_EQ(*static_cast<const int*>(answer.address), 42);
  EXPECT_EQ(loader.delete_module("alpha", O_NONBLOCK).code, -EWOULDBLOCK);
  loader.symbol_put(answer);
  EXPECT_TRUE(loader.delete_module("alpha", O_NONBLOCK).ok());
  const auto unknown = loader.symbol_get("nothing");
  EXPECT_EQ(unknown.address, nullptr);
  loader.symbol_put(unknown);
}

}  // namespace
}  // namespace getput::test
