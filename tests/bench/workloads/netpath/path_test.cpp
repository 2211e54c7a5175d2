// SPDX-License-Identifier: MIT
// The receive path, at every level, with the kernel's counter.
#include <gtest/gtest.h>

#include "schemes/control/none.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::dropped;
using testing::empty_tables;
using testing::FrameSpec;
using testing::make_frame;
using testing::one_flow;
using testing::only;
using testing::Rig;
using testing::small_mix;

TEST(Path, NobodyCountsAndNobodyIsLost) {
  const Input input = generate_imix(small_mix());
  Rig<None<>, level("L7")> rig(*input);
  const Account account = rig.passes(2);
  EXPECT_EQ(account.delivered + account.forwarded, account.received);
  EXPECT_GT(account.delivered, 0U);
  EXPECT_GT(account.forwarded, 0U);
  EXPECT_EQ(rig.finish(), "");
}

/// What one frame is dropped for, first as this host's and then as a router's.
std::pair<std::string, std::string> fates(const testing::Bytes& frame, std::size_t cut = 0) {
  const auto fate = [&](unsigned local_percent) -> std::string {
    FrameSet input("one frame");
    testing::add(input, frame, cut);
    input.finish();
    Rig<AtomicBase<>, level("L7")> rig(input, only(local_percent));
    const Account account = rig.passes();
    EXPECT_EQ(account.accounted(), 1U);
    EXPECT_EQ(rig.finish(), "");
    if (account.delivered == 1)
      return "delivered";
    if (account.forwarded == 1)
      return "forwarded";
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      if (account.dropped[i] != 0)
        return std::string(kDropReasonNames[i]);
    }
    return "lost";
  };
  return {fate(100), fate(0)};
}

using Fates = std::pair<std::string, std::string>;

TEST(PathFates, Ordinary) {
  for (const std::uint8_t proto : {std::uint8_t{6}, std::uint8_t{17}}) {
    for (const bool ipv6 : {false, true}) {
      FrameSpec spec;
      spec.protocol = proto;
      spec.ipv6 = ipv6;
      spec.vlan_tags = 2;
      EXPECT_EQ(fates(make_frame(spec)), (Fates{"delivered", "forwarded"}));
    }
  }
}

TEST(PathFates, ProtocolsWithoutAModule) {
  for (const int proto : {1, 47, 50, 51, 132, 255}) {
    FrameSpec spec;
    spec.protocol = static_cast<std::uint8_t>(proto);
    EXPECT_EQ(fates(make_frame(spec)), (Fates{"no_handler", "forwarded"})) << proto;
  }
}

TEST(PathFates, FragmentsAreForwardedOnly) {
  FrameSpec spec;
  spec.fragment_field = 0x2000;
  EXPECT_EQ(fates(make_frame(spec)), (Fates{"needs_reassembly", "forwarded"}));
  spec.fragment_field = 0x00b9;
  EXPECT_EQ(fates(make_frame(spec)), (Fates{"needs_reassembly", "forwarded"}));
}

TEST(PathFates, HopLimitAndMtuAreTheRoutersAffair) {
  FrameSpec spec;
  for (const bool ipv6 : {false, true}) {
    spec.ipv6 = ipv6;
    for (const int hops : {0, 1}) {
      spec.hop_limit = static_cast<std::uint8_t>(hops);
      EXPECT_EQ(fates(make_frame(spec)), (Fates{"delivered", "hop_limit"}));
    }
    spec.hop_limit = 2;
    EXPECT_EQ(fates(make_frame(spec)), (Fates{"delivered", "forwarded"}));
  }
  spec.ipv6 = false;
  spec.payload = 1500 - 28;
  EXPECT_EQ(fates(make_frame(spec)), (Fates{"delivered", "forwarded"}));
  spec.payload += 1;
  EXPECT_EQ(fates(make_frame(spec)), (Fates{"delivered", "exceeds_mtu"}));
}

TEST(PathFates, TransportHeadersAndChecksums) {
  FrameSpec spec;
  testing::Bytes frame = make_frame(spec);
  frame.back() ^= 1;
  EXPECT_EQ(fates(frame), (Fates{"l4_checksum", "forwarded"}));
  frame = make_frame(spec);
  testing::put16(frame, 38, 7);  // UDP length below its header
  EXPECT_EQ(fates(frame), (Fates{"bad_l4_length", "forwarded"}));
  spec.protocol = 6;
  frame = make_frame(spec);
  frame[34 + 12] = 0x40;  // TCP header of 16 bytes
  EXPECT_EQ(fates(frame), (Fates{"bad_l4_header", "forwarded"}));
  spec.ipv6 = true;
  spec.protocol = 17;
  frame = make_frame(spec);
  testing::put16(frame, 14 + 40 + 6, 0);
  EXPECT_EQ(fates(frame), (Fates{"no_l4_checksum", "forwarded"}));
}

TEST(PathFates, CutFrames) {
  const testing::Bytes frame = make_frame({});
  EXPECT_EQ(fates(frame, 1), (Fates{"delivered", "forwarded"})) << "payload cut: no checksum";
  EXPECT_EQ(fates(frame, 26), (Fates{"delivered", "forwarded"})) << "headers only";
  EXPECT_EQ(fates(frame, 27), (Fates{"cut_short", "forwarded"})) << "in the UDP header";
  EXPECT_EQ(fates(frame, 35), (Fates{"cut_short", "cut_short"})) << "in the IP header";
  for (const std::size_t kept : {0U, 4U, 13U})
    EXPECT_EQ(fates(frame, frame.size() - kept), (Fates{"cut_short", "cut_short"})) << kept;
  const testing::Bytes runt(frame.begin(), frame.begin() + 13);
  EXPECT_EQ(fates(runt), (Fates{"runt_frame", "runt_frame"}));
  EXPECT_EQ(fates(runt, 9), (Fates{"runt_frame", "runt_frame"})) << "cut, but short anyway";
}

TEST(PathForward, LowersTheHopLimitAndKeepsTheChecksumRight) {
  for (const bool ipv6 : {false, true}) {
    FrameSpec spec;
    spec.ipv6 = ipv6;
    spec.hop_limit = 2;
    const Input input = one_flow(1, spec);
    Rig<AtomicBase<>, level("L0")> rig(*input, only(0));
    // Every pass finds the frame as it was on the wire.
    for (unsigned pass = 0; pass < 3; ++pass) rig.passes();
    EXPECT_EQ(rig.core().account.forwarded, 3U);
    const std::uint8_t* ip = rig.core().rx.slots().front().frame() + 14;
    EXPECT_EQ(ip[ipv6 ? 7 : 8], 1);
    if (!ipv6) {
      EXPECT_TRUE(ipv4_header_ok(ip, 20));
    }
    EXPECT_EQ(rig.finish(), "");
  }
}

TEST(PathForward, PacketLeavesWithTheNeighboursHeader) {
  FrameSpec spec;
  spec.vlan_tags = 1;
  const Input input = one_flow(1, spec);
  Rig<AtomicBase<>, level("L0")> rig(*input, only(0));
  rig.poll();
  const getput_tx_ring& ring = rig.core().tx.abi;
  ASSERT_EQ(ring.head, 1U);
  const getput_tx_desc& sent = ring.slots[0];
  const Address gateway = Network::gateway_to(mapped_ipv4(spec.destination));
  const Neighbour* neighbour = rig.network().neighbours.find({gateway, 2});
  ASSERT_NE(neighbour, nullptr);
  EXPECT_EQ(sent.header_len, 14U) << "the tag stays behind";
  EXPECT_TRUE(std::equal(sent.header, sent.header + 14, neighbour->header.bytes));
  EXPECT_EQ(sent.payload_len, 20U + 8 + spec.payload);
  EXPECT_EQ(rig.finish(), "");
}

TEST(PathSocket, FullReceiveBufferDropsUnderItsName) {
  FrameSpec spec;
  spec.payload = 60000;
  const Input input = one_flow(64, spec);
  Rig<AtomicBase<>, level("L7")> rig(*input, only(100));
  const Account account = rig.passes();
  // A socket's budget holds three of these until its reader comes, after the batch.
  EXPECT_EQ(account.delivered, 3U);
  EXPECT_EQ(dropped(account, DropReason::socket_buffer_full), 61U);
  EXPECT_EQ(rig.finish(), "");
}

TEST(PathHeads, SteadyStateAsksTheAllocatorForNone) {
  const Input input = generate_imix(small_mix());
  for (const bool raw : {false, true}) {
    Rig<AtomicBase<>, level("L7")> rig(*input, {}, raw);
    rig.passes(3);
    const std::uint64_t refills = rig.core().heads.refills();
    EXPECT_GT(refills, 0U);
    rig.passes(3);
    EXPECT_EQ(rig.core().heads.refills(), refills);
    EXPECT_EQ(rig.core().heads.flushes(), 0U);
    EXPECT_EQ(rig.finish(), "");
  }
}

/// A UDP frame to one of these destinations.
FrameSpec to(std::uint32_t destination) {
  FrameSpec spec;
  spec.destination = destination;
  return spec;
}

TEST(PathPolls, EachOfManyPollsMayHaveAPacketInFlight) {
  // One frame in a batch is forwarded, so every poll leaves one packet in the transmit ring until a
  // batch of completions is complete.
  FrameSet probe("probe");
  testing::add(probe, make_frame({}));
  probe.finish();
  const Network network(probe, only(50));
  std::uint32_t here = 0xc6130001U;
  while (!network.is_local(mapped_ipv4(here))) here += 256;
  std::uint32_t away = here;
  while (network.is_local(mapped_ipv4(away))) away += 256;
  FrameSet input("mostly local");
  for (std::size_t i = 0; i < 100 * kBatch; ++i)
    testing::add(input, make_frame(to(i % kBatch == 0 ? away : here)));
  input.finish();
  Rig<AtomicBase<>, level("bulk")> rig(input, only(50));
  const Account account = rig.passes(3);
  EXPECT_EQ(account.forwarded, 300U);
  EXPECT_EQ(account.taken(Referred::module), 300U) << "one a poll";
  EXPECT_EQ(rig.finish(), "");
}

TEST(PathTables, NoRoomDropsUnderItsName) {
  ImixOptions options = small_mix();
  options.flows = 3000;
  const Input input = generate_imix(options);
  NetworkOptions network = empty_tables();
  network.most_objects = 256;
  Rig<AtomicBase<>, level("L3")> rig(*input, network);
  const Account account = rig.passes();
  EXPECT_GT(dropped(account, DropReason::no_table_space), 0U);
  EXPECT_EQ(account.accounted(), account.received);
  EXPECT_EQ(rig.finish(), "");
}

}  // namespace
}  // namespace getput::bench::netpath
