// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

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
}

}  // namespace
}  // namespace getput::bench::netpath
