// SPDX-License-Identifier: MIT
// percpu_ref beyond the common interface: the kernel's state machine.
#include "schemes/distributed/percpu_ref.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/handover.hpp"

namespace getput {
namespace {

using contract::Crowd;
using contract::Dice;
using contract::times;
using Ref = PercpuRef<>;

class PercpuRefTest : public testing::Test {
 protected:
  void SetUp() override {
    released = 0;
    if (const std::string why = machine::Native::unavailable(Ref::info); !why.empty())
      GTEST_SKIP() << why;
  }
  static void on_release(Ref&) { ++released; }
  static inline std::atomic<int> released{0};
};

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

TEST_F(PercpuRefTest, KillersRace) {
  for (long round = 0; round < times(300); ++round) {
    Ref ref(&on_release);
    std::atomic<int> confirmed{0};
    std::atomic<bool> go{false};
    const auto killer = [&] {
      while (!go) std::this_thread::yield();
      ref.kill_and_confirm([&] { ++confirmed; });
    };
    std::thread a(killer);
    std::thread b(killer);
    go = true;
    a.join();
    b.join();
    ASSERT_EQ(confirmed, 1);
    ASSERT_TRUE(ref.is_zero());
  }
  EXPECT_EQ(released, times(300));
}

/// The object may be freed by release; AddressSanitizer watches the put that runs it.
TEST_F(PercpuRefTest, ReleaseMayFreeTheObject) {
  for (long round = 0; round < times(500); ++round) {
    Ref* const ref = new Ref([](Ref& self) {
      ++released;
      delete &self;
    });
    const auto ticket = ref->try_get();
    std::thread other([ref, ticket, round] {
      contract::spin_ns(round % 50 * 200);
      ref->put(ticket);
    });
    ref->kill();
    other.join();
  }
  EXPECT_EQ(released, times(500));
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

/// Modes switch back and forth under load, threads migrate: no reference is lost or invented,
/// nobody is refused, and zero is never seen.
TEST_F(PercpuRefTest, SwitchesUnderLoad) {
  Ref ref(&on_release);
  std::atomic<long> refused{0};
  Crowd<Ref> callers(contract::crowd_size(), [&](int) {
    for (int i = 0; i < 64; ++i) {
      const auto ticket = ref.try_get();
      if (!ticket) {
        ++refused;
        continue;
      }
      const auto more = ref.get(ticket);
      ref.put(ticket);
      ref.put(more);
    }
  });
  Dice dice(1);
  const contract::Clock::time_point end = contract::Clock::now() + 4 * contract::burst();
  while (contract::Clock::now() < end) {
    if (contract::can_migrate())
      contract::pin(
          0,
          contract::allowed_cpus()[dice(static_cast<unsigned>(contract::allowed_cpus().size()))]);
    ref.switch_to_atomic();
    contract::breathe(dice);
    ref.switch_to_percpu();
    contract::breathe(dice);
    ASSERT_FALSE(ref.is_zero());
  }
  contract::unpin(0);
  callers.disperse();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(ref.count(), 0);
  EXPECT_EQ(released, 0);
  ref.kill();
  EXPECT_EQ(released, 1);
}

/// One lock orders those who switch: ThreadSanitizer watches what it guards.
TEST_F(PercpuRefTest, SwitchersRace) {
  Ref ref(&on_release);
  Crowd<Ref> switchers(2, [&](int) {
    ref.switch_to_atomic();
    ref.switch_to_percpu();
    EXPECT_EQ(ref.count(), 0);
  });
  const contract::Clock::time_point end = contract::Clock::now() + contract::burst();
  while (contract::Clock::now() < end) {
    ref.kill();
    ref.resurrect();
  }
  switchers.disperse();
  EXPECT_EQ(ref.count(), 0);
  ref.kill();
  EXPECT_TRUE(ref.is_zero());
}

/// Killed and brought back again and again while callers take both kinds of reference.
TEST_F(PercpuRefTest, KillAndResurrectUnderLoad) {
  Ref ref(&on_release);
  Crowd<Ref> callers(contract::crowd_size(), [&](int) {
    for (int i = 0; i < 64; ++i) {
      if (const auto live = ref.try_get())
        ref.put(live);
      if (const auto any = ref.try_get_any())
        ref.put(any);
    }
  });
  Dice dice(2);
  const contract::Clock::time_point end = contract::Clock::now() + 4 * contract::burst();
  while (contract::Clock::now() < end) {
    ref.kill();
    contract::breathe(dice);
    ref.resurrect();
    contract::breathe(dice);
  }
  callers.disperse();
  EXPECT_EQ(ref.count(), 0);
  const int before = released;
  ref.kill();
  EXPECT_EQ(released, before + 1);
  EXPECT_TRUE(ref.is_zero());
}

}  // namespace
}  // namespace getput
