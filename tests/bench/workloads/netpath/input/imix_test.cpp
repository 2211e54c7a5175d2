// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/frames.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

TEST(Imix, TheDefaultIsWhatItSays) {
  const Input input = generate_imix();
  const InputSummary& summary = input->summary();
  EXPECT_EQ(summary.frames, ImixOptions{}.frames);
  EXPECT_EQ(summary.not_usable, 0U);
  EXPECT_EQ(summary.cut_short, 0U);
  EXPECT_EQ(summary.udp + summary.tcp, summary.frames);
  EXPECT_GT(summary.ipv6, summary.frames / 100);
  EXPECT_GT(summary.udp, summary.frames / 10);
  // 64k flows drawn from more than 2^60 possible ones: two of them may coincide, hardly more.
  EXPECT_GE(summary.flows, ImixOptions{}.flows - 2);
  // 7:4:1 of 60, 566 and 1514 bytes, and the few that IPv6 lengthens.
  const double mean = static_cast<double>(summary.wire_bytes) / static_cast<double>(summary.frames);
  EXPECT_NEAR(mean, (7 * 60 + 4 * 566 + 1514) / 12.0, 10.0);
}

TEST(Imix, EveryChecksumIsRightByTheLetter) {
  ImixOptions options;
  options.frames = 3000;
  options.flows = 500;
  const Input input = generate_imix(options);
  for (const Frame& frame : input->frames()) {
    EXPECT_EQ(frame.checksum, Transport::Checksum::good);
    Packet packet;
    const std::uint8_t* data = input->data(frame);
    ASSERT_EQ(parse(data, frame.captured, frame.wire, packet), DropReason::none);
    testing::Bytes pseudo(data + packet.ip_offset + (packet.ipv6 ? 8 : 12),
                          data + packet.ip_offset + (packet.ipv6 ? 40 : 20));
    pseudo.insert(pseudo.end(), {0, packet.protocol, 0, 0});
    testing::put16(pseudo, pseudo.size() - 2, packet.l4_length());
    pseudo.insert(pseudo.end(), data + packet.l4_offset,
                  data + packet.l4_offset + packet.l4_length());
    EXPECT_EQ(testing::slow_checksum(pseudo), 0U);
  }
}

TEST(Imix, SameOptionsSameBytes) {
  ImixOptions options;
  options.frames = 500;
  const Input a = generate_imix(options);
  const Input b = generate_imix(options);
  options.seed += 1;
  const Input c = generate_imix(options);
  bool differs = false;
  for (std::size_t i = 0; i < a->frames().size(); ++i) {
    const Frame& frame = a->frames()[i];
    ASSERT_EQ(frame.captured, b->frames()[i].captured);
    EXPECT_TRUE(
        std::equal(a->data(frame), a->data(frame) + frame.captured, b->data(b->frames()[i])));
    differs = differs || c->frames()[i].rss != frame.rss;
  }
  EXPECT_TRUE(differs);
}

TEST(Imix, PopularityFollowsZipf) {
  ImixOptions options;
  options.frames = 60000;
  options.flows = 1000;
  const Input input = generate_imix(options);
  std::map<std::uint32_t, double> counts;
  for (const Frame& frame : input->frames()) counts[frame.rss] += 1.0;
  std::vector<double> sorted;
  for (const auto& [rss, count] : counts) sorted.push_back(count);
  std::sort(sorted.rbegin(), sorted.rend());
  // From the first to the hundredth flow the slope on log axes is -0.94.
  const double slope = std::log(sorted[99] / sorted[0]) / std::log(100.0);
  EXPECT_NEAR(slope, -0.94, 0.1);
}

TEST(Imix, BenchmarkAddressesOnly) {
  ImixOptions options;
  options.frames = 2000;
  const auto input = generate_imix(options);
  for (const KnownFlow& flow : input->flows()) {
    if (is_ipv4(flow.key.source)) {
      EXPECT_EQ((flow.key.source.low & 0xfffe0000U), 0xc6120000U);
      EXPECT_EQ((flow.key.destination.low & 0xfffe0000U), 0xc6120000U);
    } else {
      EXPECT_EQ(flow.key.source.high >> 16U, 0x200100020000ULL);
      EXPECT_EQ(flow.key.destination.high >> 16U, 0x200100020000ULL);
    }
  }
}

TEST(Imix, NothingToGenerateIsRefused) {
  ImixOptions options;
  options.frames = 0;
  EXPECT_THROW(generate_imix(options), std::invalid_argument);
  options.frames = 1;
  options.size = 64;  // with a share of IPv6
  EXPECT_THROW(generate_imix(options), std::invalid_argument);
}

/// FNV-1a over all frames.
std::uint64_t digest(const Input& input) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const Frame& frame : input->frames()) {
    for (std::uint32_t i = 0; i < frame.captured; ++i)
      hash = (hash ^ input->data(frame)[i]) * 0x100000001b3ULL;
  }
  return hash;
}

TEST(Imix, TheBytesAreTheSameOnEveryMachine) {
  EXPECT_EQ(digest(generate_imix()), 0x62c5c01b479cb54fU);
  EXPECT_EQ(digest(generate_imix(parse_traffic("fixed,frames=1000,zipf=0,to=spread"))),
            0xefc5862bf8795020U);
}

TEST(Imix, FixedSizesHaveOneSize) {
  for (const std::uint32_t size : {64U, 128U, 256U, 512U, 1024U, 1280U, 1518U}) {
    const Input input =
        generate_imix(parse_traffic("fixed,frames=2000,flows=100,size=" + std::to_string(size)));
    for (const Frame& frame : input->frames()) {
      EXPECT_EQ(frame.wire, size - 4);
      EXPECT_EQ(frame.checksum, Transport::Checksum::good);
    }
    EXPECT_EQ(input->summary().ipv6 != 0, size >= 78) << size;
  }
}

TEST(Imix, FromOneFlowToAMillion) {
  for (const std::uint32_t flows : {1U, 2U, 1U << 20U}) {
    const Input input =
        generate_imix(parse_traffic("imix,frames=500,zipf=0,flows=" + std::to_string(flows)));
    EXPECT_EQ(input->summary().not_usable, 0U);
    EXPECT_NEAR(static_cast<double>(input->summary().flows), flows, 2.0);
  }
}

struct Ends {
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
};

/// Goes over the frames twice, as the receive ring does, and checks each flow's flags and sequence
/// numbers within a pass.
Ends follow_connections(const Input& input) {
  struct State {
    bool ended = false;
    bool known = false;
    std::uint32_t next = 0;
  };
  std::map<std::uint32_t, State> states;
  Ends ends;
  for (const bool second : {false, true}) {
    for (auto& [rss, state] : states) state.known = false;
    for (const Frame& frame : input->frames()) {
      Packet packet;
      const std::uint8_t* data = input->data(frame);
      EXPECT_EQ(parse(data, frame.captured, frame.wire, packet), DropReason::none);
      if (packet.protocol != protocol::kTcp)
        continue;
      const std::uint8_t* tcp = data + packet.l4_offset;
      const bool syn = (tcp[13] & 2U) != 0;
      const bool fin = (tcp[13] & 1U) != 0;
      State& state = states[frame.rss];
      EXPECT_FALSE(syn && fin);
      if (second) {
        EXPECT_EQ(syn, state.ended);
        ends.opened += syn ? 1U : 0U;
        ends.closed += fin ? 1U : 0U;
      }
      const auto sequence = load_be<std::uint32_t>(tcp + 4);
      if (state.known) {
        EXPECT_EQ(sequence, state.next);
      }
      state = {fin, true, sequence + packet.l4_length() - 20 + (syn || fin ? 1U : 0U)};
    }
  }
  return ends;
}

TEST(Imix, ASynBeginsWhatAFinEndedInEveryPass) {
  const Input input = generate_imix();
  const Ends ends = follow_connections(input);
  EXPECT_EQ(ends.opened, ends.closed);
  const double frames_per_connection =
      static_cast<double>(input->summary().frames) / static_cast<double>(ends.closed);
  EXPECT_NEAR(frames_per_connection, 52.7, 4.0);
}

TEST(Imix, ConnectionsEndAsOftenAsAskedForWhereFlowsAreLongEnough) {
  for (const double share : {0.0, 0.01, 0.1, 0.3}) {
    ImixOptions options;
    options.flows = 64;
    options.close_share = share;
    const Ends ends = follow_connections(generate_imix(options));
    EXPECT_EQ(ends.opened, ends.closed);
    EXPECT_NEAR(static_cast<double>(ends.closed) / options.frames, share, 0.01) << share;
  }
  ImixOptions options;
  options.udp_share = 1;
  EXPECT_EQ(follow_connections(generate_imix(options)).closed, 0U);
  options.udp_share = 0;
  options.flows = 1;
  EXPECT_GT(follow_connections(generate_imix(options)).closed, 0U);
}

TEST(Imix, SpreadDestinationsLieInAllUnicastOctets) {
  const Input input = generate_imix(parse_traffic("imix,frames=100,to=spread,ipv6=0.2"));
  std::map<std::uint64_t, int> octets;
  std::map<std::uint64_t, int> networks;
  std::size_t ipv4 = 0;
  for (const KnownFlow& flow : input->flows()) {
    const Address& to = flow.key.destination;
    if (!is_ipv4(to)) {
      EXPECT_EQ(to.high >> 61U, 1U);
      continue;
    }
    ++ipv4;
    ++octets[to.low >> 24U & 0xffU];
    ++networks[to.low >> 8U & 0xffffffU];
  }
  EXPECT_EQ(octets.size(), 222U);
  for (const int never : {0, 127, 224, 255})
    EXPECT_EQ(octets.count(static_cast<unsigned>(never)), 0U);
  EXPECT_GT(networks.size(), ipv4 * 95 / 100);
  EXPECT_EQ(input->summary().not_usable, 0U);
}

/// Every destination lies in a route of the table that comes with the input, and routes of all
/// lengths are used about as often as there are routes of that length.
TEST(Imix, RoutedDestinationsAreThoseOfTheTable) {
  const Input input = generate_imix(parse_traffic("imix,frames=100,flows=4000,to=routed,ipv6=0"));
  EXPECT_EQ(input->routes().size(), kFullTable + 2);
  std::set<std::pair<unsigned, std::uint64_t>> prefixes;
  for (const RoutePrefix& route : input->routes()) {
    if (is_ipv4(route.prefix) && route.length != 0)
      prefixes.insert({route.length, route.prefix.low & 0xffffffffU});
  }
  std::size_t flows = 0;
  std::size_t longer_than_24 = 0;
  for (const KnownFlow& flow : input->flows()) {
    unsigned longest = 32;
    const auto covers = [&] {
      const std::uint64_t mask = 0xffffffffU << (32 - longest) & 0xffffffffU;
      return prefixes.count({longest, flow.key.destination.low & mask}) != 0;
    };
    while (longest > 0 && !covers()) --longest;
    EXPECT_GT(longest, 0U);
    longer_than_24 += longest > 24 ? 1U : 0U;
    ++flows;
  }
  const double share = static_cast<double>(longer_than_24) / static_cast<double>(flows);
  EXPECT_NEAR(share, 41830.0 / kFullTable, 0.015);  // of /25 to /32
  EXPECT_EQ(input->summary().not_usable, 0U);
}

}  // namespace
}  // namespace getput::bench::netpath
