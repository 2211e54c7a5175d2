// SPDX-License-Identifier: MIT
// percpu_ref beyond the common interface: the kernel's state machine.
#include "tests/schemes/percpu_ref_test.hpp"

#include <thread>

namespace getput {
namespace {

class PercpuRefTest : public contract::CountsReleases {};

TEST_F(PercpuRefTest, StartsPerCpuAtomicOrDead) {
  for (const Ref::Init init : {Ref::Init::percpu, Ref::Init::atomic}) {
    Ref ref(nullptr, init);
    EXPECT_FALSE(ref.is_dying());
    EXPECT_FALSE(ref.is_zero());
    const auto ticket = ref.try_get();
    EXPECT_TRUE(static_cast<bool>(ticket));
    EXPECT_EQ(ref.count(), 1);
    ref.put(ticket);
    EXPECT_EQ(ref.count(), 0);
  }
  Ref dead(&on_release, Ref::Init::dead);
  EXPECT_TRUE(dead.is_dying());
  EXPECT_TRUE(dead.is_zero());
  EXPECT_FALSE(dead.try_get());
  EXPECT_FALSE(dead.try_get_any());
  dead.reinit();
  EXPECT_TRUE(static_cast<bool>(dead.try_get()));
  EXPECT_EQ(released, 0);
}

/// When confirm runs, nobody new gets in, and the initial reference is still there.
TEST_F(PercpuRefTest, ConfirmsBeforeInitialReferenceIsDropped) {
  Ref ref(&on_release);
  int confirmed = 0;
  ref.kill_and_confirm([&] {
    ++confirmed;
    EXPECT_TRUE(ref.is_dying());
    EXPECT_FALSE(ref.is_zero());
    EXPECT_FALSE(ref.try_get());
    const auto any = ref.try_get_any();
    EXPECT_TRUE(static_cast<bool>(any)) << "tryget is refused only at zero";
    ref.put(any);
    EXPECT_EQ(released, 0);
  });
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(released, 1);
  EXPECT_TRUE(ref.is_zero());
}

TEST_F(PercpuRefTest, LastPutReleasesOnce) {
  Ref ref(&on_release);
  const auto first = ref.try_get();
  const auto second = ref.get(first);
  ref.kill();
  EXPECT_EQ(released, 0);
  EXPECT_EQ(ref.count(), 2);
  ref.put(first);
  EXPECT_EQ(released, 0);
  std::thread([&] { ref.put(second); }).join();
  EXPECT_EQ(released, 1);
  EXPECT_TRUE(ref.drained());
}

/// tryget keeps working on a dying reference that somebody holds; tryget_live does not.
TEST_F(PercpuRefTest, TryGetAnyOutlivesKill) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill();
  EXPECT_FALSE(ref.try_get());
  const auto any = ref.try_get_any();
  EXPECT_TRUE(static_cast<bool>(any));
  ref.put(held);
  EXPECT_EQ(released, 0);
  ref.put(any);
  EXPECT_EQ(released, 1);
  EXPECT_FALSE(ref.try_get_any()) << "zero is final";
}

TEST_F(PercpuRefTest, KillingTwiceDropsTheInitialReferenceOnce) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill();
  testing::internal::CaptureStderr();
  ref.kill();
  testing::internal::GetCapturedStderr();  // "killed twice", once a process
  EXPECT_EQ(released, 0);
  EXPECT_EQ(ref.count(), 1);
  ref.put(held);
  EXPECT_EQ(released, 1);
}

TEST_F(PercpuRefTest, ResurrectKeepsWhatIsHeld) {
  Ref ref(&on_release);
  for (int i = 1; i <= 3; ++i) {
    const auto before = ref.try_get();
    ref.kill();
    const auto during = ref.get(before);
    ref.resurrect();
    EXPECT_FALSE(ref.is_dying());
    const auto after = ref.try_get();
    EXPECT_TRUE(static_cast<bool>(after));
    EXPECT_EQ(ref.count(), 3);
    ref.put(before);
    ref.put(during);
    ref.put(after);
    EXPECT_EQ(released, 0) << "zero while the initial reference is there";
  }
  EXPECT_EQ(ref.count(), 0);
}

TEST_F(PercpuRefTest, ReinitAtZero) {
  Ref ref(&on_release);
  for (int i = 1; i <= 3; ++i) {
    ref.kill();
    EXPECT_EQ(released, i);
    ref.reinit();
    const auto ticket = ref.try_get();
    EXPECT_TRUE(static_cast<bool>(ticket));
    ref.put(ticket);
  }
}

TEST_F(PercpuRefTest, ResurrectingTheLivingIsIgnored) {
  Ref ref(&on_release);
  testing::internal::CaptureStderr();
  ref.resurrect();
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(ref.count(), 0);
  ref.kill();
  EXPECT_EQ(released, 1) << "a second initial reference was invented";
}

TEST_F(PercpuRefTest, SwitchingModesKeepsTheCount) {
  Ref ref(&on_release);
  const auto one = ref.try_get();
  ref.switch_to_atomic();
  ref.switch_to_atomic();
  const auto two = ref.try_get();
  EXPECT_TRUE(static_cast<bool>(two)) << "switching refuses nobody";
  EXPECT_EQ(ref.count(), 2);
  ref.switch_to_percpu();
  ref.switch_to_percpu();
  EXPECT_EQ(ref.count(), 2);
  ref.put(one);
  ref.switch_to_atomic();
  ref.put(two);
  EXPECT_EQ(ref.count(), 0);
  EXPECT_EQ(released, 0);
  ref.kill();
  EXPECT_EQ(released, 1);
}

TEST_F(PercpuRefTest, ModeAskedForWhileDyingComesWithResurrection) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.switch_to_atomic();
  ref.kill();
  ref.switch_to_percpu();
  EXPECT_FALSE(ref.try_get()) << "switching brought a dying reference back to life";
  EXPECT_TRUE(ref.is_dying());
  EXPECT_EQ(ref.count(), 1);
  ref.resurrect();
  EXPECT_EQ(ref.count(), 1);
  ref.put(held);
  ref.kill();
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace getput
