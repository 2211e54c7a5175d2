// SPDX-License-Identifier: MIT
// hpref beyond the common interface: promotion, the end of the slots, handlers.
#include "schemes/grace/hpref.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "tests/schemes/contract/cpus.hpp"

namespace getput {
namespace {

class HprefTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = machine::Native::unavailable(Hpref<>::info); !why.empty())
      GTEST_SKIP() << why;
    contract::pin(0, contract::allowed_cpus().front());
  }
  void TearDown() override { contract::unpin(0); }
};

TEST_F(HprefTest, TicketIsOneWord) {
  static_assert(sizeof(Hpref<>::Ticket) == sizeof(void*));
  EXPECT_FALSE(static_cast<bool>(Hpref<>::Ticket()));
  EXPECT_FALSE(Hpref<>::Ticket().counted());
}

TEST_F(HprefTest, PromotionKeepsTheReferenceAndFreesTheSlot) {
  Hpref<> module;
  const auto shown = module.try_get();
  ASSERT_TRUE(static_cast<bool>(shown));
  EXPECT_FALSE(shown.counted());
  const auto counted = module.promote(shown);
  EXPECT_TRUE(counted.counted());
  EXPECT_EQ(module.count(), 1);
  EXPECT_TRUE(module.promote(counted).counted()) << "promoting twice is harmless";
  EXPECT_EQ(module.count(), 1);
  EXPECT_FALSE(module.try_stop());
  module.stop();
  EXPECT_FALSE(module.drained());
  std::thread([&] { module.put(counted); }).join();
  EXPECT_TRUE(module.drained());
}

TEST_F(HprefTest, HoldersGetIsCounted) {
  Hpref<> module;
  const auto shown = module.try_get();
  const auto passed_on = module.get(shown);
  EXPECT_TRUE(passed_on.counted());
  EXPECT_EQ(module.count(), 2);
  module.put(shown);
  EXPECT_EQ(module.count(), 1);
  module.put(passed_on);
  EXPECT_TRUE(module.try_stop());
}

/// Slots are shared by all modules: what one holds for long, another lacks.
TEST_F(HprefTest, CountsWhenTheSlotsOfTheCpuAreInUse) {
  Hpref<> holder;
  Hpref<> module;
  std::vector<Hpref<>::Ticket> held;
  for (std::size_t i = 0; i < machine::Native::kCpuSlots; ++i) {
    held.push_back(holder.try_get());
    ASSERT_FALSE(held.back().counted()) << i;
  }
  const auto counted = module.try_get();
  ASSERT_TRUE(static_cast<bool>(counted));
  EXPECT_TRUE(counted.counted());
  EXPECT_EQ(module.count(), 1);
  module.stop();
  EXPECT_FALSE(module.drained());
  EXPECT_FALSE(static_cast<bool>(module.try_get()));
  module.put(counted);
  EXPECT_TRUE(module.drained());
  module.restart();
  held.back() = holder.promote(held.back());
  const auto shown = module.try_get();
  EXPECT_FALSE(shown.counted()) << "a promoted reference leaves its slot to others";
  module.put(shown);
  for (const auto& ticket : held) holder.put(ticket);
  EXPECT_TRUE(holder.try_stop());
}

Hpref<>* interrupted = nullptr;
volatile std::sig_atomic_t handled = 0;

void get_and_put(int) {
  if (const auto ticket = interrupted->try_get()) {
    interrupted->put(ticket);
    handled = handled + 1;
  }
}

/// A handler gets and puts wherever it interrupts a get or a put of the same module.
TEST_F(HprefTest, HandlersGetAndPut) {
  contract::unpin(0);  // the sender runs beside this thread where it can
  Hpref<> module;
  interrupted = &module;
  struct sigaction action {};
  action.sa_handler = &get_and_put;
  struct sigaction before {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  std::atomic<bool> over{false};
  const pthread_t victim = pthread_self();
  std::thread sender([&] {
    while (!over) {
      pthread_kill(victim, SIGUSR1);
      std::this_thread::yield();
    }
  });
  bool refused = false;
  while (handled < 200 && !refused) {
    const auto ticket = module.try_get();
    refused = !ticket;
    if (ticket)
      module.put(ticket);
  }
  over = true;
  sender.join();
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
  EXPECT_FALSE(refused);
  EXPECT_EQ(module.count(), 0);
  EXPECT_TRUE(module.try_stop());
}

}  // namespace
}  // namespace getput
