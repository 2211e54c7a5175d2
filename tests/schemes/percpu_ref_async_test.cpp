// SPDX-License-Identifier: MIT
// percpu_ref: a kill that is marked on one thread and confirmed on another.
#include <atomic>
#include <thread>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/percpu_ref_test.hpp"

namespace getput {
namespace {

using contract::times;

class PercpuRefAsync : public contract::CountsReleases {
 protected:
  void SetUp() override {
    confirmed = 0;
    CountsReleases::SetUp();
  }
  static void on_confirm(Ref& ref) {
    EXPECT_TRUE(ref.is_dying());
    EXPECT_FALSE(ref.is_zero()) << "the initial reference is dropped behind the confirmation";
    ++confirmed;
  }
  static inline std::atomic<int> confirmed{0};
};

TEST_F(PercpuRefAsync, ConfirmedWhenCompleted) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill_async(&on_confirm);
  EXPECT_TRUE(ref.is_dying());
  EXPECT_FALSE(ref.try_get()) << "this thread knows of the kill";
  EXPECT_EQ(confirmed, 0);
  EXPECT_EQ(ref.count(), 1);
  EXPECT_TRUE(ref.complete_kill());
  EXPECT_EQ(confirmed, 1);
  EXPECT_FALSE(ref.complete_kill()) << "nothing is pending";
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(ref.count(), 1);
  ref.put(held);
  EXPECT_EQ(released, 1);
}

TEST_F(PercpuRefAsync, ReferencesMoveWhileTheKillIsPending) {
  Ref ref(&on_release);
  const auto per_cpu = ref.try_get();
  ref.kill_async();
  const auto atomic = ref.get(per_cpu);
  const auto any = ref.try_get_any();
  EXPECT_EQ(ref.count(), 3);
  ref.put(per_cpu);
  ref.put(atomic);
  ref.put(any);
  EXPECT_EQ(ref.count(), 0);
  EXPECT_EQ(released, 0);
  EXPECT_FALSE(ref.is_zero());
  EXPECT_TRUE(ref.complete_kill());
  EXPECT_EQ(released, 1);
  EXPECT_TRUE(ref.is_zero());
}

TEST_F(PercpuRefAsync, DrainedAndWaitComplete) {
  Ref ref(&on_release);
  ref.kill_async(&on_confirm);
  EXPECT_TRUE(ref.drained());
  EXPECT_EQ(confirmed, 1);
  ref.reinit();
  ref.kill_async(&on_confirm);
  ref.wait_drained({});
  EXPECT_EQ(confirmed, 2);
  EXPECT_EQ(released, 2);
}

TEST_F(PercpuRefAsync, ResurrectConfirmsFirst) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill_async(&on_confirm);
  ref.resurrect();
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(ref.count(), 1);
  ref.put(held);
  EXPECT_EQ(released, 0);
  ref.kill();
  EXPECT_EQ(released, 1);
}

TEST_F(PercpuRefAsync, ConfirmedAtOnceWhereAtomicAlready) {
  Ref ref(&on_release, Ref::Init::atomic);
  ref.kill_async(&on_confirm);
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(released, 1);
  EXPECT_FALSE(ref.complete_kill());
}

TEST_F(PercpuRefAsync, SecondKillIsIgnored) {
  Ref ref(&on_release);
  ref.kill_async(&on_confirm);
  testing::internal::CaptureStderr();
  ref.kill_async(&on_confirm);
  ref.kill();
  testing::internal::GetCapturedStderr();
  ref.wait_drained({});
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(released, 1);
}

/// What a mode switch does while a kill is pending, and what try_stop() does not.
TEST_F(PercpuRefAsync, OtherSwitchesLeaveThePendingKillAlone) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill_async(&on_confirm);
  ref.switch_to_atomic();
  ref.switch_to_percpu();
  EXPECT_FALSE(ref.try_stop());
  EXPECT_EQ(ref.count(), 1);
  EXPECT_TRUE(ref.complete_kill());
  EXPECT_FALSE(ref.try_stop()) << "the reference that is left is a caller's";
  EXPECT_EQ(ref.count(), 1);
  ref.put(held);
  EXPECT_EQ(released, 1);
}

/// Two threads complete, callers come and go: one confirms, and the last put releases.
TEST_F(PercpuRefAsync, CompletersRace) {
  for (long round = 0; round < times(300); ++round) {
    confirmed = 0;
    released = 0;
    Ref ref(&on_release);
    std::atomic<bool> go{false};
    const auto caller = [&](bool completes) {
      while (!go) std::this_thread::yield();
      if (const auto ticket = ref.try_get())
        ref.put(ticket);
      if (completes)
        ref.complete_kill();
    };
    std::thread a(caller, true);
    std::thread b(caller, true);
    std::thread c(caller, false);
    go = true;
    ref.kill_async(&on_confirm);
    ref.wait_drained({});
    a.join();
    b.join();
    c.join();
    ASSERT_EQ(confirmed, 1);
    ASSERT_EQ(released, 1);
    ASSERT_TRUE(ref.is_zero());
  }
}

}  // namespace
}  // namespace getput
