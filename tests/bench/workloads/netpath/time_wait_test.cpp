// SPDX-License-Identifier: MIT
// Connections in TIME_WAIT: late segments, the next connection, expiry, and what level 3 charges.
#include <gtest/gtest.h>

#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::dropped;
using testing::empty_tables;
using testing::FrameSpec;
using testing::Rig;

constexpr std::uint8_t kFin = 0x11;
constexpr std::uint8_t kData = 0x10;
constexpr std::uint8_t kSyn = 0x02;
constexpr Clock::Ticks kForEver = ~Clock::Ticks{0} / 2;

/// Segments of one TCP flow with these flags.
Input segments(const std::vector<std::uint8_t>& flags) {
  auto input = std::make_shared<FrameSet>("segments");
  for (const std::uint8_t flag : flags) {
    FrameSpec spec;
    spec.protocol = protocol::kTcp;
    spec.tcp_flags = flag;
    testing::add(*input, testing::make_frame(spec));
  }
  input->finish();
  return input;
}

template <std::size_t L = level("L0"), Variant V = Variant{}>
Account account_of(const Input& input, Clock::Ticks stays) {
  Rig<AtomicBase<>, L, V> rig(*input, empty_tables(100));
  rig.core().time_wait_ticks = stays;
  const Account account = rig.passes();
  EXPECT_EQ(rig.finish(), "");
  return account;
}

TEST(TimeWait, LateSegmentsAreNotDelivered) {
  const Account account = account_of(segments({kData, kFin, kData, kData}), kForEver);
  EXPECT_EQ(account.delivered, 2U);
  EXPECT_EQ(dropped(account, DropReason::time_wait), 2U);
  EXPECT_EQ(account.time_waits, 1U);
  EXPECT_EQ(account.opened, 1U);
}

TEST(TimeWait, ASynOpensTheNextConnection) {
  for (const bool old : {false, true}) {
    const Input input = segments({kData, kFin, kSyn, kData, kFin, kData});
    const Account account =
        old ? account_of<level("L0"), kVariants[2]>(input, kForEver) : account_of(input, kForEver);
    EXPECT_EQ(account.delivered, 5U);
    EXPECT_EQ(dropped(account, DropReason::time_wait), 1U);
    EXPECT_EQ(account.time_waits, 2U);
    EXPECT_EQ(account.opened, 2U);
  }
}

TEST(TimeWait, AResetEndsAtOnce) {
  constexpr std::uint8_t kReset = 0x04;
  const Account account = account_of(segments({kData, kReset, kData}), kForEver);
  EXPECT_EQ(account.delivered, 3U);
  EXPECT_EQ(account.time_waits, 0U);
}

TEST(TimeWait, WithoutItTheNextSegmentOpensAConnection) {
  const Account account = account_of(segments({kFin, kData}), 0);
  EXPECT_EQ(account.delivered, 2U);
  EXPECT_EQ(account.time_waits, 0U);
}

TEST(TimeWait, ExpiresBetweenPolls) {
  std::vector<std::uint8_t> flags(kBatch, kData);
  flags[0] = kFin;
  flags.resize(2 * kBatch, kData);  // the second poll
  const Account account = account_of(segments(flags), 1);
  EXPECT_EQ(dropped(account, DropReason::time_wait), kBatch - 1);
  EXPECT_EQ(account.delivered, 1 + kBatch);
}

TEST(TimeWait, ASegmentHoldsItWhileItIsLookedAt) {
  const Account account = account_of(segments({kFin, kData, kSyn}), kForEver);
  // One for each segment that has a socket, one for each that finds the connection in TIME_WAIT.
  EXPECT_EQ(account.taken(Referred::socket), 2U + 2U);
}

TEST(TimeWait, Level3ChargesItAsTheKernelDoes) {
  // A socket, then its TIME_WAIT.
  EXPECT_EQ((account_of<level("L3")>(segments({kData, kFin}), kForEver).taken(Referred::module)),
            2U);
  EXPECT_EQ((account_of<level("L3")>(segments({kData, kFin}), 0).taken(Referred::module)), 1U);
}

}  // namespace
}  // namespace getput::bench::netpath
