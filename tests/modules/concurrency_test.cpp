// SPDX-License-Identifier: MIT
// Several loads and removals at once, and modules that hang.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "schemes/counter/atomic_base.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

class Concurrency : public testing::Test {
 protected:
  Probes probes_;
  Loader<AtomicBase<>> loader_{probe_options()};
};

TEST_F(Concurrency, TwoRemovalsAtOnce) {
  const auto alpha = loader_.load("alpha");
  const auto ticket = try_module_get(alpha.module.get());
  std::thread first([&] { EXPECT_TRUE(loader_.delete_module("alpha", 0).ok()); });
  EXPECT_TRUE(eventually([&] { return alpha.module->state() == ModuleState::going; }));
  EXPECT_EQ(loader_.delete_module("alpha", 0).code, -EBUSY);
  EXPECT_EQ(loader_.delete_module("alpha", O_NONBLOCK).code, -EBUSY);
  EXPECT_EQ(loader_.delete_module("alpha", O_TRUNC).code, -EBUSY);
  module_put(alpha.module.get(), ticket);
  first.join();
  EXPECT_EQ(probes_.exits("alpha"), 1);
  EXPECT_EQ(loader_.delete_module("alpha", 0).code, -ENOENT);
}

TEST_F(Concurrency, RacingRemovalsRemoveOnce) {
  for (int round = 1; round <= 50; ++round) {
    ASSERT_TRUE(loader_.load("alpha").status.ok());
    std::atomic<int> removed{0};
    {
      std::vector<std::jthread> removers;
      for (int i = 0; i < 3; ++i) {
        removers.emplace_back([&, i] {
          const Status status = loader_.delete_module("alpha", i == 0 ? 0u : unsigned{O_NONBLOCK});
          removed += status.ok() ? 1 : 0;
          EXPECT_TRUE(status.ok() || status.code == -EBUSY || status.code == -ENOENT)
              << status.message;
        });
      }
    }
    EXPECT_EQ(removed, 1);
    EXPECT_EQ(probes_.exits("alpha"), round);
  }
}

// The bug of 2.5: the remover waited with the global lock held, and the holder needed it.
TEST_F(Concurrency, WaitingRemoverHoldsNoLock) {
  const auto alpha = loader_.load("alpha");
  const auto ticket = try_module_get(alpha.module.get());
  std::thread remover([&] { EXPECT_TRUE(loader_.delete_module("alpha", 0).ok()); });
  EXPECT_TRUE(eventually([&] { return alpha.module->state() == ModuleState::going; }));
  EXPECT_TRUE(loader_.load("delta").status.ok());
  EXPECT_EQ(loader_.list().size(), 2u);
  EXPECT_TRUE(loader_.delete_module("delta", O_NONBLOCK).ok());
  EXPECT_EQ(loader_.load("beta").status.code, -ENOENT) << "nobody may depend on what is going";
  EXPECT_EQ(alpha.module->state(), ModuleState::going);
  module_put(alpha.module.get(), ticket);
  remover.join();
}

// The bug of before March 2004: exit() ran under the mutex.
TEST_F(Concurrency, HungExitBlocksNobodyElse) {
  const auto alpha = loader_.load("alpha");
  Gate in_exit;
  Gate finish;
  probes_.on_exit("alpha", [&] {
    in_exit.open();
    finish.wait();
  });
  std::thread remover([&] { EXPECT_TRUE(loader_.delete_module("alpha", O_NONBLOCK).ok()); });
  in_exit.wait();
  EXPECT_EQ(alpha.module->state(), ModuleState::going);
  EXPECT_TRUE(loader_.load("delta").status.ok());
  EXPECT_TRUE(loader_.delete_module("delta", 0).ok());
  EXPECT_EQ(loader_.load("alpha").status.code, -EBUSY);
  EXPECT_EQ(loader_.delete_module("alpha", O_TRUNC).code, -EBUSY);
  EXPECT_TRUE(is_mapped("alpha.so"));
  finish.open();
  remover.join();
  EXPECT_FALSE(is_mapped("alpha.so"));
}

TEST_F(Concurrency, HungInitBlocksNobodyElse) {
  Gate in_init;
  Gate finish;
  probes_.on_init("alpha", [&](const std::string&) {
    in_init.open();
    finish.wait();
    return 0;
  });
  std::thread first([&] { EXPECT_TRUE(loader_.load("alpha").status.ok()); });
  in_init.wait();
  EXPECT_EQ(loader_.delete_module("alpha", 0).code, -EBUSY);
  EXPECT_TRUE(loader_.load("delta").status.ok());
  finish.open();
  first.join();
}

TEST_F(Concurrency, InitMayLoadOtherModules) {
  probes_.on_init("delta", [&](const std::string&) { return loader_.load("alpha").status.code; });
  EXPECT_TRUE(loader_.load("delta").status.ok());
  EXPECT_EQ(loader_.find("alpha")->state(), ModuleState::live);
}

// Starts a load of alpha whose init() returns `result` once the second load waits for it.
void second_load(Loader<AtomicBase<>>& loader, Probes& probes, int result, int expected) {
  Gate in_init;
  Gate finish;
  probes.on_init("alpha", [&](const std::string&) {
    in_init.open();
    finish.wait();
    return result;
  });
  std::thread first([&] { EXPECT_EQ(loader.load("alpha").status.code, result); });
  in_init.wait();
  std::atomic<bool> returned{false};
  Gate on_its_way;
  std::thread second([&] {
    on_its_way.open();
    EXPECT_EQ(loader.load("alpha").status.code, expected);
    returned = true;
  });
  on_its_way.wait();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(returned) << "the second load waits for the first";
  finish.open();
  first.join();
  second.join();
  EXPECT_EQ(probes.inits("alpha"), 1);
}

TEST_F(Concurrency, SecondLoadWaitsForSuccess) {
  second_load(loader_, probes_, 0, -EEXIST);
}
TEST_F(Concurrency, SecondLoadWaitsForFailure) {
  second_load(loader_, probes_, -EIO, -EBUSY);
}

TEST_F(Concurrency, SecondLoadCanBeInterrupted) {
  Gate in_init;
  Gate finish;
  probes_.on_init("alpha", [&](const std::string&) {
    in_init.open();
    finish.wait();
    return 0;
  });
  std::thread first([&] { EXPECT_TRUE(loader_.load("alpha").status.ok()); });
  in_init.wait();
  std::stop_source interrupt;
  std::thread second(
      [&] { EXPECT_EQ(loader_.load("alpha", "", interrupt.get_token()).status.code, -EINTR); });
  interrupt.request_stop();
  second.join();
  finish.open();
  first.join();
}

// A false "busy" would be the Oct-2002 design: while others fail to remove, callers notice nothing.
TEST_F(Concurrency, FailedAttemptsDoNotDisturbCallers) {
  const auto alpha = loader_.load("alpha");
  const auto pin = try_module_get(alpha.module.get());
  std::atomic<int> refused{0};
  {
    std::jthread caller([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        const auto ticket = try_module_get(alpha.module.get());
        refused += ticket ? 0 : 1;
        if (ticket)
          module_put(alpha.module.get(), ticket);
      }
    });
    for (int i = 0; i < 2000; ++i)
      EXPECT_EQ(loader_.delete_module("alpha", O_NONBLOCK).code, -EWOULDBLOCK);
  }
  EXPECT_EQ(refused, 0);
  module_put(alpha.module.get(), pin);
  EXPECT_TRUE(loader_.delete_module("alpha", O_NONBLOCK).ok());
}

}  // namespace
}  // namespace getput::test
