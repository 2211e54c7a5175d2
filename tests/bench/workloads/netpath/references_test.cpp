// SPDX-License-Identifier: MIT
// References per packet: the objects' own as the two kernels take them (docs/netpath.md), and the
// module's as the charge levels say.
#include <gtest/gtest.h>

#include "schemes/control/none.hpp"
#include "schemes/counter/atomic.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::empty_tables;
using testing::FrameSpec;
using testing::one_flow;
using testing::only;
using testing::Rig;
using testing::with_policies;

constexpr Variant kStaged = kVariants[0];
constexpr Variant kScalar = kVariants[1];
constexpr Variant k26 = kVariants[2];
constexpr std::uint64_t kFrames = 640;

Input flow(std::uint8_t protocol) {
  FrameSpec spec;
  spec.protocol = protocol;
  return one_flow(kFrames, spec);
}

template <std::size_t L, Variant V>
Account account_of(const Input& input, const NetworkOptions& options, bool raw = false) {
  Rig<Atomic<>, L, V> rig(*input, options, raw);
  const Account account = rig.passes();
  EXPECT_EQ(rig.finish(), "");
  return account;
}

/// References to objects, per packet, of one flow at level 0.
struct Objects {
  double device, dst, neighbour, policy, socket;
  friend bool operator==(const Objects&, const Objects&) = default;
};
void PrintTo(const Objects& o, std::ostream* out) {
  *out << "device " << o.device << " dst " << o.dst << " neighbour " << o.neighbour << " policy "
       << o.policy << " socket " << o.socket;
}

template <Variant V>
Objects objects_of(std::uint8_t protocol, const NetworkOptions& options) {
  const Account account = account_of<level("L0"), V>(flow(protocol), options);
  EXPECT_EQ(account.taken(Referred::module), 0U);
  EXPECT_EQ(account.drops(), 0U);
  return {account.per_packet(Referred::device), account.per_packet(Referred::dst),
          account.per_packet(Referred::neighbour), account.per_packet(Referred::policy),
          account.per_packet(Referred::socket)};
}

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

TEST(References, Linux26TakesFourPerLocalPacketWithPolicies) {
  for (const std::uint8_t protocol : {kTcp, kUdp})
    EXPECT_EQ(objects_of<k26>(protocol, with_policies(only(100))), (Objects{1, 1, 0, 1, 1}));
}
TEST(References, Linux26TakesFourPerForwardedPacketWithPolicies) {
  EXPECT_EQ(objects_of<k26>(kUdp, with_policies(only(0))), (Objects{1, 1, 0, 2, 0}));
}
TEST(References, Linux26WithoutPoliciesTakesNoneToThem) {
  EXPECT_EQ(objects_of<k26>(kUdp, only(100)), (Objects{1, 1, 0, 0, 1}));
  EXPECT_EQ(objects_of<k26>(kUdp, only(0)), (Objects{1, 1, 0, 0, 0}));
}
TEST(References, Linux6TakesOnePerTcpSegmentAndNoneElsewhere) {
  EXPECT_EQ(objects_of<kStaged>(kTcp, only(100)), (Objects{0, 0, 0, 0, 1}));
  EXPECT_EQ(objects_of<kStaged>(kUdp, only(100)), (Objects{0, 0, 0, 0, 0}));
  EXPECT_EQ(objects_of<kStaged>(kUdp, only(0)), (Objects{0, 0, 0, 0, 0}));
}
TEST(References, Linux6StillCountsPolicies) {
  EXPECT_EQ(objects_of<kStaged>(kUdp, with_policies(only(100))), (Objects{0, 0, 0, 1, 0}));
  EXPECT_EQ(objects_of<kStaged>(kUdp, with_policies(only(0))), (Objects{0, 0, 0, 2, 0}));
}
TEST(References, TheShapeChangesNone) {
  for (const unsigned local : {0U, 100U}) {
    EXPECT_EQ(objects_of<kScalar>(kTcp, with_policies(only(local))),
              objects_of<kStaged>(kTcp, with_policies(only(local))));
  }
}
TEST(References, ARawSocketsPacketEscapesWithItsRoute) {
  EXPECT_EQ((account_of<level("L0"), kStaged>(flow(kUdp), only(100), true).taken(Referred::dst)),
            kFrames);
}
TEST(References, AMissIn26HoldsTheNeighbourOnce) {
  const Account account = account_of<level("L0"), k26>(flow(kUdp), empty_tables(0));
  EXPECT_EQ(account.taken(Referred::neighbour), 1U);
}

/// Module references of a level for one UDP flow.
template <std::size_t L, Variant V>
std::uint64_t charged(const NetworkOptions& options, bool raw = false) {
  return account_of<L, V>(flow(kUdp), options, raw).taken(Referred::module);
}

TEST(Charges, PairsPerPacketAreThoseOfTheLevel) {
  EXPECT_EQ((charged<level("L0"), kStaged>(only(100))), 0U);
  // To a socket: device, route, socket. Forwarded: device, route, neighbour, and the sending device
  // once for 32 completions.
  EXPECT_EQ((charged<level("L5"), kStaged>(only(100))), kFrames * 3);
  EXPECT_EQ((charged<level("L5"), kStaged>(only(0))), kFrames * 3 + kFrames / kTxBatch);
  EXPECT_EQ((charged<level("L5"), k26>(only(100))), kFrames * 3);
  EXPECT_EQ((charged<level("L5"), k26>(with_policies(only(100)))), kFrames * 4);
  EXPECT_EQ((charged<level("L6"), kStaged>(only(100))), kFrames);
  EXPECT_EQ((charged<level("L6"), kScalar>(only(0))), kFrames);
  EXPECT_EQ((charged<level("L6"), kStaged>(only(100), true)), kFrames * 2) << "and the clone";
  EXPECT_EQ((charged<level("L7"), kStaged>(only(100))), kFrames * 4);
  EXPECT_EQ((charged<level("nofail"), kStaged>(only(100))), kFrames * 4);
}
TEST(Charges, DeviceHoldsAreOnePerPacketIn26AndNoneIn6) {
  EXPECT_EQ((charged<level("L4"), k26>(only(100))), kFrames);
  EXPECT_EQ((charged<level("L4"), kStaged>(only(100))), 0U);
}
TEST(Charges, AmortisedLevels) {
  EXPECT_EQ((charged<level("bulk"), kStaged>(only(100))), kFrames / kBatch) << "one a poll";
  EXPECT_EQ((charged<level("locked"), kStaged>(only(100))), kFrames);
  EXPECT_EQ((charged<level("split"), kStaged>(only(100))), 0U);
  // One per head that was ever in use at a time.
  const auto heads = charged<level("recycled"), kStaged>(only(0));
  EXPECT_GE(heads, kBatch);
  EXPECT_LE(heads, kBatch + 2 * kTxBatch);
}
TEST(Charges, ObjectsAreChargedWhenTheyAreMade) {
  EXPECT_EQ((charged<level("L3"), kStaged>(empty_tables(100))), 1U) << "socket";
  EXPECT_EQ((charged<level("L3"), k26>(empty_tables(100))), 2U) << "route and socket";
  EXPECT_EQ((charged<level("L3"), k26>(with_policies(empty_tables(0)))), 3U)
      << "route, neighbour, policy";
  FrameSpec closing;
  closing.protocol = kTcp;
  closing.tcp_flags = 0x11;
  // Every segment closes the socket that the next one has to open again.
  const Account churn =
      account_of<level("L3"), kStaged>(one_flow(kFrames, closing), empty_tables(100));
  EXPECT_EQ(churn.destroyed, kFrames);
  EXPECT_EQ(churn.taken(Referred::module), kFrames);
  EXPECT_EQ(churn.delivered, kFrames);
}

/// The objects of linux_6, all counted by one atomic word with a base reference.
using OtherObjects = ObjectSchemes<Atomic<>, Atomic<>, Atomic<>, Atomic<>, Atomic<>>;

TEST(References, ObjectsMayBeCountedByAnotherScheme) {
  const Input input = flow(kTcp);
  Network network(*input, only(100));
  network.count_with<OtherObjects>();
  RxRing ring(*input, std::vector<std::uint32_t>(kFrames, 0));
  Core core(ring, network);
  ModuleSet<None<>> modules;
  QsbrThread thread;
  thread.online();
  Path<None<>, Charge{}, kStaged, true, OtherObjects> path(network, modules.for_path(), core,
                                                           false);
  while (core.account.received < kFrames) {
    path.poll();
    QsbrThread::quiescent();
  }
  path.drain();
  EXPECT_EQ(core.account.taken(Referred::socket), kFrames);
  network.sockets.for_each([](Socket& socket) {
    EXPECT_EQ(socket.refs.as<Atomic<>>().count(), 0) << "all were given back";
  });
  Verdict verdict;
  modules.unload(verdict);
  EXPECT_TRUE(verdict.ok()) << verdict.detail();
}

}  // namespace
}  // namespace getput::bench::netpath
