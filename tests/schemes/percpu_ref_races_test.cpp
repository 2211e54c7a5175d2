// SPDX-License-Identifier: MIT
// percpu_ref's state machine driven by several threads at once.
#include <atomic>
#include <cstdint>
#include <thread>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/percpu_ref_test.hpp"

namespace getput {
namespace {

using contract::Crowd;
using contract::Dice;
using contract::times;

class PercpuRefRaces : public contract::CountsReleases {};

TEST_F(PercpuRefRaces, KillersRace) {
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
TEST_F(PercpuRefRaces, ReleaseMayFreeTheObject) {
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

/// Modes switch back and forth under load, threads migrate: no reference is lost or invented,
/// nobody is refused, and zero is never seen.
TEST_F(PercpuRefRaces, SwitchesUnderLoad) {
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

/// One lock orders those who switch: ThreadSanitizer watches what it guards. Between the mark and
/// the end of a kill the initial reference still counts: one too many, never one too few.
TEST_F(PercpuRefRaces, SwitchersRace) {
  Ref ref(&on_release);
  Crowd<Ref> switchers(2, [&](int) {
    ref.switch_to_atomic();
    ref.switch_to_percpu();
    const std::int64_t seen = ref.count();
    EXPECT_TRUE(seen == 0 || seen == 1) << seen;
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
TEST_F(PercpuRefRaces, KillAndResurrectUnderLoad) {
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
