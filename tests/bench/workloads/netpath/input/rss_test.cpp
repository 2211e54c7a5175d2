// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/rss.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "bench/workloads/netpath/input/rx_ring.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

struct Vector {
  std::uint32_t source;
  std::uint16_t source_port;
  std::uint32_t destination;
  std::uint16_t destination_port;
  std::uint32_t addresses_only;
  std::uint32_t with_ports;
};

constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

// "Verifying the RSS hash calculation", the table for IPv4.
const Vector kVectors[] = {
    {ip(66, 9, 149, 187), 2794, ip(161, 142, 100, 80), 1766, 0x323e8fc2, 0x51ccc178},
    {ip(199, 92, 111, 2), 14230, ip(65, 69, 140, 83), 4739, 0xd718262a, 0xc626b0ea},
    {ip(24, 19, 198, 95), 12898, ip(12, 22, 207, 184), 38024, 0xd2d0a5de, 0x5c2b394a},
    {ip(38, 27, 205, 30), 48228, ip(209, 142, 163, 6), 2217, 0x82989176, 0xafc7327f},
    {ip(153, 39, 163, 191), 44251, ip(202, 188, 127, 2), 1303, 0x5d1809c5, 0x10e828a2},
};

TEST(Rss, PublishedVectors) {
  for (const Vector& vector : kVectors) {
    Packet packet;
    packet.source = mapped_ipv4(vector.source);
    packet.destination = mapped_ipv4(vector.destination);
    EXPECT_EQ(rss_hash(packet, {}), vector.addresses_only);
    EXPECT_EQ(rss_hash(packet, {true, vector.source_port, vector.destination_port,
                                Transport::Checksum::not_checked}),
              vector.with_ports);
  }
}

TEST(Rss, Ipv6Vector) {
  Packet packet;
  packet.ipv6 = true;
  // 3ffe:2501:200:1fff::7 port 2794 to 3ffe:2501:200:3::1 port 1766
  packet.source = {0x3ffe250102001fffULL, 7};
  packet.destination = {0x3ffe250102000003ULL, 1};
  EXPECT_EQ(rss_hash(packet, {}), 0x2cc18cd5U);
  EXPECT_EQ(rss_hash(packet, {true, 2794, 1766, Transport::Checksum::not_checked}), 0x40207d3dU);
}

TEST(Rss, EveryFrameHasOneWorkerAndEveryFlowOnlyOne) {
  ImixOptions options;
  options.frames = 4000;
  options.flows = 300;
  const Input input = generate_imix(options);
  for (const std::size_t workers : {1U, 2U, 3U, 7U}) {
    const auto shares = steer(*input, Steering::rss, workers);
    std::set<std::uint32_t> seen;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      for (const std::uint32_t index : shares[worker]) {
        EXPECT_TRUE(seen.insert(index).second);
        EXPECT_EQ(rss_queue(input->frames()[index].rss, workers), worker);
      }
    }
    EXPECT_EQ(seen.size(), input->frames().size());
  }
}

TEST(Rss, SprayGivesEveryWorkerTheSame) {
  ImixOptions options;
  options.frames = 1000;
  options.flows = 1;
  const Input input = generate_imix(options);
  for (const auto& share : steer(*input, Steering::spray, 4)) EXPECT_EQ(share.size(), 250U);
  // One flow is one queue.
  std::size_t busy = 0;
  for (const auto& share : steer(*input, Steering::rss, 4)) busy += share.empty() ? 0U : 1U;
  EXPECT_EQ(busy, 1U);
}

TEST(Rss, OnehotGivesEveryWorkerTheBusiestDestinationAlone) {
  ImixOptions options;
  options.frames = 1000;
  options.flows = 50;
  options.zipf = 2;
  const Input input = generate_imix(options);
  std::map<std::uint64_t, std::size_t> frames_to;  // the low halves of addresses differ
  const auto destination = [&](std::uint32_t index) {
    const Frame& frame = input->frames()[index];
    Packet packet;
    EXPECT_EQ(parse(input->data(frame), frame.captured, frame.wire, packet), DropReason::none);
    return packet.destination.low;
  };
  for (std::uint32_t i = 0; i < input->frames().size(); ++i) ++frames_to[destination(i)];
  std::size_t most = 0;
  for (const auto& [address, frames] : frames_to) most = std::max(most, frames);
  const auto shares = steer(*input, Steering::onehot, 3);
  std::set<std::uint64_t> destinations;
  std::set<std::uint32_t> seen;
  for (const auto& share : shares) {
    EXPECT_NEAR(static_cast<double>(share.size()), static_cast<double>(most) / 3, 1.0);
    for (const std::uint32_t index : share) {
      destinations.insert(destination(index));
      EXPECT_TRUE(seen.insert(index).second);
    }
  }
  EXPECT_EQ(destinations.size(), 1U);
  EXPECT_EQ(seen.size(), most);
}

TEST(Rss, NamesOfSteering) {
  for (const Steering steering : {Steering::rss, Steering::spray, Steering::onehot})
    EXPECT_EQ(find_steering(name(steering)), steering);
  EXPECT_EQ(find_steering("sprayed"), std::nullopt);
}

}  // namespace
}  // namespace getput::bench::netpath
