// SPDX-License-Identifier: MIT
// percpu_ref in managed mode: released by a scan, not by a kill.
#include <atomic>
#include <thread>
#include <vector>

#include "schemes/distributed/percpu_ref_manager.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/percpu_ref_test.hpp"

namespace getput {
namespace {

using contract::times;

class PercpuRefManaged : public contract::CountsReleases {};

TEST_F(PercpuRefManaged, ReleasedByTheScanThatFindsItUnused) {
  Ref ref(&on_release);
  PercpuRefManager<> manager;
  manager.add(ref);
  const auto held = ref.try_get();
  EXPECT_EQ(manager.scan(), 0U);
  EXPECT_TRUE(static_cast<bool>(ref.try_get())) << "per-CPU again after the scan";
  ref.put_many(held, 2);
  EXPECT_EQ(released, 0) << "a put alone does not release";
  EXPECT_EQ(manager.scan(), 1U);
  EXPECT_EQ(released, 1);
  EXPECT_EQ(manager.size(), 0U);
  EXPECT_FALSE(ref.try_get());
  EXPECT_FALSE(ref.try_get_any());
  EXPECT_EQ(manager.scan(), 0U);
}

TEST_F(PercpuRefManaged, ScansInTurn) {
  Ref first(&on_release);
  Ref second(&on_release);
  Ref third(&on_release);
  PercpuRefManager<> manager;
  for (Ref* ref : {&first, &second, &third}) manager.add(*ref);
  const auto held = first.try_get();
  EXPECT_EQ(manager.scan(1), 0U);
  EXPECT_EQ(manager.scan(1), 1U);
  EXPECT_TRUE(second.is_zero());
  EXPECT_EQ(manager.scan(1), 1U);
  EXPECT_TRUE(third.is_zero());
  first.put(held);
  EXPECT_EQ(manager.scan(1), 1U);
  EXPECT_EQ(released, 3);
}

TEST_F(PercpuRefManaged, UnmanagedMayBeKilled) {
  Ref ref(&on_release);
  PercpuRefManager<> manager;
  manager.add(ref);
  manager.remove(ref);
  EXPECT_EQ(manager.scan(), 0U);
  const auto held = ref.try_get();
  ref.kill();
  EXPECT_FALSE(ref.release_if_unused()) << "what is left is a caller's";
  ref.put(held);
  EXPECT_EQ(released, 1);
}

/// Callers come and go under scans. The object is freed in its release function, once, when no
/// reference is left; AddressSanitizer watches what comes after.
TEST_F(PercpuRefManaged, ScannedUnderLoad) {
  for (long round = 0; round < times(50); ++round) {
    released = 0;
    Ref* const ref = new Ref([](Ref& self) {
      ++released;
      delete &self;
    });
    PercpuRefManager<> manager;
    const auto first = ref->try_get();
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([ref, mine = ref->get(first)] {
        for (int k = 0; k < 1000; ++k) ref->put(ref->get(mine));
        ref->put(mine);
      });
    manager.add(*ref);
    ref->put(first);
    while (manager.size() != 0) manager.scan();
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(released, 1);
  }
}

}  // namespace
}  // namespace getput
