// SPDX-License-Identifier: MIT
// References that a thread gives back while it ends: a ticket in a thread_local object that was
// made before the scheme's own thread-local data, and so is destroyed after them.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <type_traits>

#include "schemes/counter/shared_ptr.hpp"
#include "schemes/distributed/page_pool_split.hpp"
#include "schemes/distributed/percpu_split.hpp"
#include "schemes/distributed/thread_split.hpp"
#include "schemes/grace/epoch.hpp"
#if defined(__x86_64__)  // where Debian has xenium
#include "schemes/grace/hazard_pointer.hpp"
#endif
#include "schemes/grace/rcu_bp.hpp"
#include "schemes/grace/srcu.hpp"
#include "tests/schemes/contract/actor.hpp"

namespace getput {
namespace {

/// Holds a reference until it is destroyed, and looks then.
template <class S>
struct HeldToTheEnd {
  S* module = nullptr;
  std::optional<typename S::Ticket> ticket;
  std::atomic<int>* step = nullptr;

  ~HeldToTheEnd() {
    if (!ticket)
      return;
    // One more, and less, in a thread whose data have ended.
    if (const auto another = module->get(*ticket); another)
      module->put(another);
    *step = 1;
    while (*step != 2) std::this_thread::yield();
    module->put(*ticket);
  }
};

template <class S>
class ThreadExit : public testing::Test {};

using Schemes = testing::Types<
#if defined(__x86_64__)  // where Debian has xenium
    HazardPointer<>,
#endif
    SharedPtr<>, PagePoolSplit<>, PercpuSplit<>, ThreadSplit<>, Epoch<>, RcuBp<>, Srcu<>>;
TYPED_TEST_SUITE(ThreadExit, Schemes);

TYPED_TEST(ThreadExit, AReferenceIsHeldUntilTheLastDestructor) {
  using S = TypeParam;
  if (const std::string why = machine::Native::unavailable(S::info); !why.empty())
    GTEST_SKIP() << why;
  if (contract::kSanitized && std::is_same_v<S, RcuBp<>>)
    GTEST_SKIP() << "UBSan reports that liburcu-bp's reader is misaligned";
  S module;
  std::atomic<int> step{0};
  std::thread holder([&] {
    static thread_local HeldToTheEnd<S> held;
    held.module = &module;
    held.step = &step;
    held.ticket.emplace(module.try_get());
    EXPECT_TRUE(static_cast<bool>(*held.ticket));
  });
  while (step != 1) std::this_thread::yield();
  module.stop();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(module.drained()) << "drained while it is held";
  step = 2;
  holder.join();
  const contract::Deadline deadline;
  module.wait_drained(deadline.token());
  EXPECT_FALSE(deadline.passed());
}

}  // namespace
}  // namespace getput
