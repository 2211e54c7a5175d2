// SPDX-License-Identifier: MIT
// Checked<S> ends the process where a caller breaks the contract of S, and is S otherwise.
#include <gtest/gtest.h>
#include <ucontext.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>
#include <type_traits>

#include "schemes/checked.hpp"
#include "schemes/counter/atomic.hpp"
#include "schemes/distributed/thread_split.hpp"
#include "schemes/grace/epoch.hpp"
#include "schemes/grace/rcu_qsbr.hpp"
#include "schemes/machine/annotate.hpp"

namespace getput {
namespace {

static_assert(Scheme<Checked<Epoch<>>> && Scheme<Checked<Atomic<>>> && Scheme<Checked<RcuQsbr<>>>);
static_assert(std::is_same_v<ThreadGuardFor<Checked<RcuQsbr<>>>, ThreadGuardFor<RcuQsbr<>>>);

using CheckedEpoch = Checked<Epoch<>>;

class CheckedScheme : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = machine::Native::unavailable(Epoch<>::info); !why.empty())
      GTEST_SKIP() << why;
#if !defined(GETPUT_TEST_EMULATED)  // an emulated program cannot start itself anew
    GTEST_FLAG_SET(death_test_style, "threadsafe");
#endif
  }
};

template <class F>
void on_another_thread(F f) {
  std::thread(f).join();
}

TEST_F(CheckedScheme, LetsTheHolderGetMoreAndPut) {
  CheckedEpoch module;
  const auto first = module.try_get();
  ASSERT_TRUE(first);
  const auto second = module.get(first);
  module.put(second);
  module.put(first);
  module.stop();
  EXPECT_FALSE(module.try_get());
  EXPECT_TRUE(module.drained());
}

TEST_F(CheckedScheme, LetsAnotherThreadPutWhereTheSchemeDoes) {
  Checked<ThreadSplit<>> module;
  const auto ticket = module.try_get();
  ASSERT_TRUE(ticket);
  on_another_thread([&] { module.put(ticket); });
  EXPECT_EQ(module.count(), 0);
}

TEST_F(CheckedScheme, SeesAPutOnAnotherThread) {
  CheckedEpoch module;
  const auto ticket = module.try_get();
  EXPECT_DEATH(on_another_thread([&] { module.put(ticket); }),
               "epoch: a reference of another thread is put; remedy: .*thread_split");
  module.put(ticket);
}

TEST_F(CheckedScheme, SeesAnotherThreadThatTakesAHoldersReferenceAgain) {
  CheckedEpoch module;
  const auto ticket = module.try_get();
  EXPECT_DEATH(on_another_thread([&] { (void)module.get(ticket); }), "is taken again");
  module.put(ticket);
}

TEST_F(CheckedScheme, SeesAnEmptyTicket) {
  CheckedEpoch module;
  EXPECT_DEATH(module.put(CheckedEpoch::Ticket()), "epoch: an empty ticket is put; remedy: test");
}

ucontext_t scheduler;
ucontext_t fibre;
CheckedEpoch* held_by_fibre = nullptr;

void wait_while_holding() {
  const auto ticket = held_by_fibre->try_get();
  swapcontext(&fibre, &scheduler);
  held_by_fibre->put(ticket);
  swapcontext(&fibre, &scheduler);
}

void run_fibre() {
  swapcontext(&scheduler, &fibre);
}

void move_a_fibre_while_it_holds() {
  static std::array<std::byte, std::size_t{256} << 10> stack;
  CheckedEpoch module;
  held_by_fibre = &module;
  getcontext(&fibre);
  fibre.uc_stack.ss_sp = stack.data();
  fibre.uc_stack.ss_size = stack.size();
  makecontext(&fibre, &wait_while_holding, 0);
  run_fibre();
  on_another_thread(&run_fibre);
}

TEST_F(CheckedScheme, SeesAFibreThatChangesThreadsWhileItHolds) {
#if defined(GETPUT_TSAN) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "sanitizers do not follow a stack from thread to thread";
#endif
  EXPECT_DEATH(move_a_fibre_while_it_holds(), "epoch: a reference of another thread is put");
}

}  // namespace
}  // namespace getput
