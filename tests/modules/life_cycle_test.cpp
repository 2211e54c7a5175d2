// SPDX-License-Identifier: MIT
// One module from load to unmapped text, with every scheme that can remove.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "schemes/counter/atomic_base.hpp"
#include "schemes/distributed/percpu_ref.hpp"
#include "schemes/distributed/percpu_split.hpp"
#include "schemes/distributed/thread_split.hpp"
#include "schemes/grace/rcu_memb.hpp"
#include "schemes/lock/brlock.hpp"
#include "schemes/lock/unload_lock.hpp"
#include "tests/modules/mutex_scheme.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

template <class S>
class LifeCycle : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = machine::Native::unavailable(S::info); !why.empty())
      GTEST_SKIP() << why;
  }

  std::string warnings_;
  Probes probes_;
  ThreadGuardFor<S> guard_;
};

using Schemes = testing::Types<MutexScheme, WaitOnlyScheme, AtomicBase<>, UnloadLock<>, Brlock<>,
                               PercpuSplit<>, PercpuRef<>, ThreadSplit<>, RcuMemb<>>;

struct SchemeName {
  template <class S>
  static std::string GetName(int) {
    return std::string(S::info.name);
  }
};
TYPED_TEST_SUITE(LifeCycle, Schemes, SchemeName);

TYPED_TEST(LifeCycle, LoadsServesAndIsUnmapped) {
  Loader<TypeParam> loader(probe_options(&this->warnings_));
  this->probes_.on_init("alpha",
                        [](const std::string& params) { return params == "x=1" ? 0 : -5; });
  const auto alpha = loader.load("alpha", "x=1");
  ASSERT_TRUE(alpha.status.ok()) << alpha.status.message;
  EXPECT_EQ(alpha.module->state(), ModuleState::live);
  EXPECT_EQ(alpha.module->refcount(), 0);
  EXPECT_TRUE(is_mapped("alpha.so"));

  const auto ticket = try_module_get(alpha.module.get());
  ASSERT_TRUE(ticket);
  getput_ports ports{};
  EXPECT_EQ(alpha.module->transport()->demux(nullptr, &ports), GETPUT_OK);
  const auto second = module_get(alpha.module.get(), ticket);
  EXPECT_TRUE(second);
  if (TypeParam::info.count == CountExactness::exact) {
    EXPECT_EQ(alpha.module->refcount(), 2);
  }
  module_put(alpha.module.get(), second);
  module_put(alpha.module.get(), ticket);

  RemovalTimes times;
  const Status removed = loader.delete_module("alpha", 0, {}, &times);
  ASSERT_TRUE(removed.ok()) << removed.message;
  EXPECT_EQ(this->probes_.exits("alpha"), 1);
  EXPECT_FALSE(is_mapped("alpha.so"));
  EXPECT_EQ(alpha.module->state(), ModuleState::unformed);
  EXPECT_FALSE(try_module_get(alpha.module.get()));
  EXPECT_EQ(loader.find("alpha"), nullptr);
  EXPECT_GT(times.stop_ns, 0);
  EXPECT_LE(times.stop_ns, times.refusing_ns);
  EXPECT_LE(times.refusing_ns, times.drained_ns);
  EXPECT_LE(times.drained_ns, times.exit_ns);
  EXPECT_LE(times.exit_ns, times.unmap_ns);
  EXPECT_EQ(this->warnings_, "");
}

TYPED_TEST(LifeCycle, LoadsAgainAfterRemoval) {
  Loader<TypeParam> loader(probe_options());
  for (int round = 1; round <= 20; ++round) {
    const auto alpha = loader.load("alpha");
    ASSERT_TRUE(alpha.status.ok()) << alpha.status.message;
    const Status removed = loader.delete_module("alpha", 0);
    ASSERT_TRUE(removed.ok()) << removed.message;
    EXPECT_EQ(this->probes_.exits("alpha"), round);
  }
}

TYPED_TEST(LifeCycle, NonBlockingRefusesWhileSomebodyIsInside) {
  Loader<TypeParam> loader(probe_options());
  const auto alpha = loader.load("alpha");
  const auto ticket = try_module_get(alpha.module.get());
  ASSERT_TRUE(ticket);
  RemovalTimes times;
  const Status busy = loader.delete_module("alpha", O_NONBLOCK, {}, &times);
  EXPECT_EQ(busy.code, TypeParam::info.try_stop ? -EWOULDBLOCK : -EOPNOTSUPP) << busy.message;
  EXPECT_EQ(times.stop_ns, 0);
  EXPECT_EQ(alpha.module->state(), ModuleState::live);
  const auto another = try_module_get(alpha.module.get());
  EXPECT_TRUE(another) << "a failed attempt leaves the module live";
  module_put(alpha.module.get(), another);
  module_put(alpha.module.get(), ticket);

  const Status again = loader.delete_module("alpha", O_NONBLOCK);
  EXPECT_EQ(again.code, TypeParam::info.try_stop ? 0 : -EOPNOTSUPP) << again.message;
  EXPECT_EQ(is_mapped("alpha.so"), !TypeParam::info.try_stop);
}

// The holder leaves only when it has seen the module GOING: the wait is real, and the text that
// it calls through the table is still there.
TYPED_TEST(LifeCycle, WaitingRemovalWaitsForTheHolder) {
  Loader<TypeParam> loader(probe_options());
  const auto alpha = loader.load("alpha");
  Gate held;
  std::atomic<bool> left{false};
  getput_core_stats stats{};
  std::thread holder([&] {
    [[maybe_unused]] const ThreadGuardFor<TypeParam> guard;
    const auto ticket = try_module_get(alpha.module.get());
    EXPECT_TRUE(ticket);
    const getput_transport_ops* ops = alpha.module->transport();
    held.open();
    EXPECT_TRUE(eventually([&] { return alpha.module->state() == ModuleState::going; }));
    EXPECT_FALSE(try_module_get(alpha.module.get()));
    for (int i = 0; i < 1000; ++i) ops->rcv(nullptr, nullptr, &stats);
    left = true;
    module_put(alpha.module.get(), ticket);
  });
  held.wait();
  bool holder_had_left = false;
  this->probes_.on_exit("alpha", [&] { holder_had_left = left; });
  const Status removed = loader.delete_module("alpha", 0);
  EXPECT_TRUE(removed.ok()) << removed.message;
  EXPECT_TRUE(holder_had_left) << "exit() ran while somebody was inside";
  EXPECT_FALSE(is_mapped("alpha.so"));
  holder.join();
  EXPECT_EQ(stats.rx_packets, 1000u);
}

TYPED_TEST(LifeCycle, CalledOffRemovalLeavesTheModuleLive) {
  Loader<TypeParam> loader(probe_options());
  const auto alpha = loader.load("alpha");
  Gate held;
  Gate leave;
  std::thread holder([&] {
    [[maybe_unused]] const ThreadGuardFor<TypeParam> guard;
    const auto ticket = try_module_get(alpha.module.get());
    held.open();
    leave.wait();
    module_put(alpha.module.get(), ticket);
  });
  held.wait();
  std::stop_source call_off;
  std::thread caller([&] {
    EXPECT_TRUE(eventually([&] { return alpha.module->state() == ModuleState::going; }));
    call_off.request_stop();
  });
  RemovalTimes times;
  const Status called_off = loader.delete_module("alpha", 0, call_off.get_token(), &times);
  EXPECT_EQ(called_off.code, -EINTR) << called_off.message;
  EXPECT_EQ(times.stop_ns, 0);
  EXPECT_EQ(alpha.module->state(), ModuleState::live);
  const auto ticket = try_module_get(alpha.module.get());
  EXPECT_TRUE(ticket);
  module_put(alpha.module.get(), ticket);
  EXPECT_EQ(this->probes_.exits("alpha"), 0);
  caller.join();
  leave.open();
  holder.join();
  EXPECT_TRUE(loader.delete_module("alpha", 0).ok());
  EXPECT_FALSE(is_mapped("alpha.so"));
}

// Callers hammer a tombstone and a live module in turn; every call through the table is made under
// a reference, so a removal that unmaps too early crashes here.
TYPED_TEST(LifeCycle, RemovalUnderTraffic) {
  Loader<TypeParam> loader(probe_options());
  for (int round = 0; round < 10; ++round) {
    const auto alpha = loader.load("alpha");
    ASSERT_TRUE(alpha.status.ok()) << alpha.status.message;
    std::atomic<std::uint64_t> served{0};
    std::jthread caller([&](const std::stop_token& stop) {
      [[maybe_unused]] const ThreadGuardFor<TypeParam> guard;
      getput_core_stats stats{};
      while (!stop.stop_requested()) {
        if (const auto ticket = try_module_get(alpha.module.get())) {
          alpha.module->transport()->rcv(nullptr, nullptr, &stats);
          module_put(alpha.module.get(), ticket);
          served = stats.rx_packets;
        }
      }
    });
    EXPECT_TRUE(eventually([&] { return served > 0; }));
    const Status removed = loader.delete_module("alpha", 0);
    EXPECT_TRUE(removed.ok()) << removed.message;
  }
}

// A module of a scheme that cannot hold a reference for long is still held through its init().
TYPED_TEST(LifeCycle, ReferenceDuringInitialization) {
  Loader<TypeParam> loader(probe_options());
  this->probes_.on_init("alpha", [&](const std::string&) {
    const auto alpha = loader.find("alpha");
    EXPECT_NE(alpha, nullptr);
    EXPECT_EQ(alpha->state(), ModuleState::coming);
    EXPECT_EQ(alpha->refcount(), 1);
    EXPECT_EQ(loader.delete_module("alpha", 0).code, -EBUSY);
    return 0;
  });
  const auto alpha = loader.load("alpha");
  ASSERT_TRUE(alpha.status.ok()) << alpha.status.message;
  EXPECT_EQ(alpha.module->refcount(), 0);
}

}  // namespace
}  // namespace getput::test
