// SPDX-License-Identifier: MIT
// The path at every level, era, shape and table, with the kernel's counter: no frame is lost and no
// reference is kept.
#include <gtest/gtest.h>

#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::empty_tables;
using testing::small_mix;

template <class T>
class PathAtLevel : public ::testing::Test {};

template <std::size_t L, std::size_t V>
struct At {
  static constexpr std::size_t kLevel = L;
  static constexpr Variant kVariant = kVariants[V];
  using Rig = testing::Rig<AtomicBase<>, L, kVariants[V]>;
};
// A path takes a sanitizer's build half a minute to compile, so there those that keep a reference
// in different places stand for all.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
using Levels = ::testing::Types<At<level("L7"), 0>, At<level("L7"), 2>, At<level("L3"), 0>,
                                At<level("bulk"), 0>, At<level("recycled"), 0>>;
#else
using Levels =
    ::testing::Types<At<level("L0"), 0>, At<level("L0"), 1>, At<level("L0"), 2>, At<level("L3"), 0>,
                     At<level("L3"), 2>, At<level("L4"), 2>, At<level("L5"), 0>, At<level("L5"), 2>,
                     At<level("L6"), 1>, At<level("L7"), 0>, At<level("L7"), 1>, At<level("L7"), 2>,
                     At<level("bulk"), 0>, At<level("nofail"), 0>, At<level("nofail"), 2>,
                     At<level("recycled"), 0>, At<level("locked"), 0>, At<level("split"), 0>,
                     At<level("L7"), 3>, At<level("L3"), 3>>;
#endif
TYPED_TEST_SUITE(PathAtLevel, Levels);

TYPED_TEST(PathAtLevel, EveryFrameIsAccountedFor) {
  const Input input = generate_imix(small_mix());
  for (const NetworkOptions& options :
       {empty_tables(), empty_tables(0), testing::with_policies(empty_tables(100))}) {
    typename TypeParam::Rig rig(*input, options);
    const Account account = rig.passes(3);
    EXPECT_EQ(account.received, 3 * input->frames().size());
    EXPECT_EQ(account.accounted(), account.received);
    EXPECT_EQ(account.drops(), 0U);
    EXPECT_EQ(account.bytes, 3 * input->summary().wire_bytes);
    EXPECT_EQ(rig.core().passes, 3U);
    EXPECT_EQ(rig.core().bad_passes, 0U);
    EXPECT_EQ(rig.finish(), "");
  }
}

TYPED_TEST(PathAtLevel, RawSocketGetsEveryLocalPacketToo) {
  const Input input = generate_imix(small_mix());
  typename TypeParam::Rig rig(*input, empty_tables(), true);
  const Account account = rig.passes();
  EXPECT_EQ(account.cloned, account.delivered);
  EXPECT_EQ(rig.finish(), "");
}

TYPED_TEST(PathAtLevel, AnEmptyRingIsNoWork) {
  FrameSet input("nothing");
  input.finish();
  typename TypeParam::Rig rig(input);
  rig.poll();
  EXPECT_EQ(rig.core().account.received, 0U);
  EXPECT_EQ(rig.finish(), "");
}

}  // namespace
}  // namespace getput::bench::netpath
