// SPDX-License-Identifier: MIT
// percpu_ref: several references at a time.
#include <cstdint>
#include <thread>

#include "tests/schemes/percpu_ref_test.hpp"

namespace getput {
namespace {

class PercpuRefMany : public contract::CountsReleases {};

TEST_F(PercpuRefMany, PutOneByOneOrTogether) {
  for (const Ref::Init init : {Ref::Init::percpu, Ref::Init::atomic}) {
    released = 0;
    Ref ref(&on_release, init);
    const auto three = ref.try_get_many(3);
    ASSERT_TRUE(static_cast<bool>(three));
    const auto five = ref.get_many(three, 5);
    const auto two = ref.try_get_any_many(2);
    EXPECT_EQ(ref.count(), 10);
    ref.put(three);
    ref.put_many(five, 5);
    std::thread([&] { ref.put_many(three, 2); }).join();
    EXPECT_EQ(ref.count(), 2);
    ref.kill();
    EXPECT_EQ(released, 0);
    ref.put_many(two, 2);
    EXPECT_EQ(released, 1);
  }
}

/// Taken per CPU, put once the mode has changed, and the other way round.
TEST_F(PercpuRefMany, KeepTheirCountAcrossModes) {
  Ref ref(&on_release);
  const auto before = ref.try_get_many(1'000'000'007);
  ref.switch_to_atomic();
  const auto after = ref.get_many(before, 4);
  EXPECT_EQ(ref.count(), 1'000'000'011);
  ref.put_many(before, 1'000'000'000);
  ref.switch_to_percpu();
  ref.put_many(after, 4);
  EXPECT_EQ(ref.count(), 7);
  ref.put_many(before, 7);
  ref.kill();
  EXPECT_EQ(released, 1);
}

TEST_F(PercpuRefMany, RefusedAsOneIs) {
  Ref ref(&on_release);
  const auto held = ref.try_get();
  ref.kill();
  EXPECT_FALSE(ref.try_get_many(2)) << "dying";
  const auto any = ref.try_get_any_many(2);
  EXPECT_TRUE(static_cast<bool>(any)) << "refused only at zero";
  ref.put(held);
  EXPECT_EQ(released, 0);
  ref.put_many(any, 2);
  EXPECT_EQ(released, 1);
  EXPECT_FALSE(ref.try_get_any_many(2)) << "zero is final";
}

}  // namespace
}  // namespace getput
