// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "bench/workloads/netpath/input/packet.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

using testing::Bytes;
using testing::FrameSpec;
using testing::make_frame;

/// Parses exactly the bytes of @p frame; @p cut of them were not captured.
DropReason parse_bytes(const Bytes& frame, Packet& packet, std::size_t cut = 0) {
  const Bytes captured(frame.begin(), frame.end() - static_cast<std::ptrdiff_t>(cut));
  return parse(captured.data(), captured.size(), frame.size(), packet);
}
DropReason parse_bytes(const Bytes& frame, std::size_t cut = 0) {
  Packet packet;
  return parse_bytes(frame, packet, cut);
}

TEST(Parse, Ipv4WithUpToTwoVlanTags) {
  for (unsigned tags = 0; tags <= 2; ++tags) {
    FrameSpec spec;
    spec.vlan_tags = tags;
    Packet packet;
    ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
    EXPECT_EQ(packet.vlan_tags, tags);
    EXPECT_EQ(packet.ip_offset, 14 + 4 * tags);
    EXPECT_EQ(packet.l4_offset, 34 + 4 * tags);
    EXPECT_EQ(packet.l4_length(), 8 + spec.payload);
    EXPECT_EQ(packet.source, mapped_ipv4(spec.source));
    EXPECT_EQ(packet.destination, mapped_ipv4(spec.destination));
    EXPECT_EQ(packet.protocol, 17);
    EXPECT_FALSE(packet.fragment);
    EXPECT_EQ(packet.upper_problem, DropReason::none);
  }
  FrameSpec spec;
  spec.vlan_tags = 3;
  EXPECT_EQ(parse_bytes(make_frame(spec)), DropReason::too_many_vlan_tags);
}

TEST(Parse, NotIp) {
  Bytes frame = make_frame({});
  for (const unsigned type : {0x0806U, 0x0026U, 0x8847U, 0x88ccU, 0x0000U}) {
    testing::put16(frame, 12, type);
    EXPECT_EQ(parse_bytes(frame), DropReason::not_ip) << type;
  }
}

TEST(Parse, RuntAndCutFrames) {
  const Bytes frame = make_frame({});
  Packet packet;
  for (std::size_t size = 0; size < 14; ++size) {
    const Bytes runt(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(parse(runt.data(), size, size, packet), DropReason::runt_frame);
    EXPECT_EQ(parse(runt.data(), size, frame.size(), packet), DropReason::cut_short);
  }
  for (std::size_t size = 14; size < 34; ++size)
    EXPECT_EQ(parse_bytes(frame, frame.size() - size), DropReason::cut_short) << size;
  for (std::size_t size = 34; size <= frame.size(); ++size)
    EXPECT_EQ(parse_bytes(frame, frame.size() - size), DropReason::none) << size;
}

TEST(Parse, Ipv4HeaderThatContradictsItself) {
  const Bytes good = make_frame({});
  Bytes frame = good;
  frame[14] = 0x65;  // version 6 under EtherType IPv4
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
  frame = good;
  frame[14] = 0x44;  // header of 16 bytes
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
  frame = good;
  testing::put16(frame, 16, 19);  // total length below the header's
  testing::fix_ipv4_checksum(frame);
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
  frame = good;
  testing::put16(frame, 16, static_cast<unsigned>(frame.size() - 14 + 1));
  testing::fix_ipv4_checksum(frame);
  EXPECT_EQ(parse_bytes(frame), DropReason::truncated_packet);
  frame = good;
  frame[22] ^= 1;
  EXPECT_EQ(parse_bytes(frame), DropReason::ip_checksum);
  frame = Bytes(good.begin(), good.begin() + 34);
  frame[14] = 0x4f;  // 60 bytes of header in a frame that ends after 20
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
}

TEST(Parse, Ipv4OptionsAndPadding) {
  Bytes frame = make_frame({});
  const Bytes options = {1, 1, 1, 0};
  frame.insert(frame.begin() + 34, options.begin(), options.end());
  frame[14] = 0x46;
  testing::put16(frame, 16, static_cast<unsigned>(frame.size() - 14));
  testing::fix_ipv4_checksum(frame);
  frame.insert(frame.end(), 11, 0xaa);  // Ethernet padding
  Packet packet;
  ASSERT_EQ(parse_bytes(frame, packet), DropReason::none);
  EXPECT_EQ(packet.l4_offset, 38U);
  EXPECT_EQ(packet.l4_length(), 34U);
}

TEST(Parse, AddressesThatNobodySendsFromOrListensTo) {
  for (const std::uint32_t source : {0x00000001U, 0x7f000001U, 0xe0000001U, 0xffffffffU}) {
    FrameSpec spec;
    spec.source = source;
    EXPECT_EQ(parse_bytes(make_frame(spec)), DropReason::martian_source);
  }
  for (const std::uint32_t destination : {0xe0000001U, 0xffffffffU}) {
    FrameSpec spec;
    spec.destination = destination;
    EXPECT_EQ(parse_bytes(make_frame(spec)), DropReason::multicast);
  }
  for (const std::uint32_t destination : {0x00000001U, 0x7f000001U}) {
    FrameSpec spec;
    spec.destination = destination;
    EXPECT_EQ(parse_bytes(make_frame(spec)), DropReason::martian_destination);
  }
  FrameSpec spec;
  spec.source = 0xf0000001;  // class E is unicast
  spec.destination = 0xfffffffe;
  EXPECT_EQ(parse_bytes(make_frame(spec)), DropReason::none);
  spec.ipv6 = true;
  Bytes frame = make_frame(spec);
  frame[14 + 24] = 0xff;
  EXPECT_EQ(parse_bytes(frame), DropReason::multicast);
  frame = make_frame(spec);
  frame[14 + 8] = 0xff;
  EXPECT_EQ(parse_bytes(frame), DropReason::martian_source);
  frame = make_frame(spec);
  std::fill(frame.begin() + 14 + 24, frame.begin() + 14 + 40, std::uint8_t{0});
  EXPECT_EQ(parse_bytes(frame), DropReason::martian_destination);
}

TEST(Parse, Ipv4Fragments) {
  for (const unsigned field : {0x2000U, 0x0001U, 0x2010U}) {
    FrameSpec spec;
    spec.fragment_field = field;
    Packet packet;
    ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
    EXPECT_TRUE(packet.fragment) << field;
  }
}

TEST(Parse, Ipv6) {
  FrameSpec spec;
  spec.ipv6 = true;
  spec.vlan_tags = 1;
  spec.protocol = 6;
  Packet packet;
  const Bytes frame = make_frame(spec);
  ASSERT_EQ(parse_bytes(frame, packet), DropReason::none);
  EXPECT_TRUE(packet.ipv6);
  EXPECT_EQ(packet.protocol, 6);
  EXPECT_EQ(packet.l4_offset, 58U);
  EXPECT_EQ(packet.l4_length(), 20 + spec.payload);
  EXPECT_EQ(packet.source, (Address{0x2001000200000000ULL, spec.source}));
  EXPECT_EQ(parse_bytes(frame, frame.size() - 57), DropReason::cut_short);
}

TEST(Parse, Ipv6ExtensionHeaders) {
  FrameSpec spec;
  spec.ipv6 = true;
  spec.first_extension = 0;  // hop-by-hop, then AH (24 bytes), then destination options
  spec.extensions = {51, 0, 1, 4, 0, 0, 0, 0,                                      //
                     60, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9,  //
                     9,  9, 9, 9,                                                  //
                     17, 0, 1, 4, 0, 0, 0, 0};
  Packet packet;
  ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
  EXPECT_EQ(packet.upper_problem, DropReason::none);
  EXPECT_EQ(packet.protocol, 17);
  EXPECT_EQ(packet.l4_offset, testing::l4_at(spec));
}

TEST(Parse, Ipv6FragmentHeader) {
  FrameSpec spec;
  spec.ipv6 = true;
  spec.first_extension = 44;
  spec.extensions = {17, 0, 0, 1, 0, 0, 0, 7};  // more fragments
  Packet packet;
  ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
  EXPECT_TRUE(packet.fragment);
  spec.extensions = {17, 0, 0, 0, 0, 0, 0, 7};  // "atomic": the whole datagram
  ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
  EXPECT_FALSE(packet.fragment);
  EXPECT_EQ(packet.protocol, 17);
}

TEST(Parse, Ipv6ChainsThatDoNotEndCanBeForwardedOnly) {
  FrameSpec spec;
  spec.ipv6 = true;
  spec.first_extension = 60;
  for (int i = 0; i < 9; ++i)
    spec.extensions.insert(spec.extensions.end(), {60, 0, 1, 4, 0, 0, 0, 0});
  Packet packet;
  ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
  EXPECT_EQ(packet.upper_problem, DropReason::too_many_headers);

  spec.extensions = {17, 200, 1, 4, 0, 0, 0, 0};  // 1608 bytes, says its length
  ASSERT_EQ(parse_bytes(make_frame(spec), packet), DropReason::none);
  EXPECT_EQ(packet.upper_problem, DropReason::bad_l4_header);

  spec.extensions = {17, 0, 1, 4, 0, 0, 0, 0};
  const Bytes frame = make_frame(spec);
  ASSERT_EQ(parse_bytes(frame, packet, frame.size() - 56), DropReason::none);
  EXPECT_EQ(packet.upper_problem, DropReason::cut_short);
}

TEST(Parse, Ipv6HeaderThatContradictsItself) {
  FrameSpec spec;
  spec.ipv6 = true;
  Bytes frame = make_frame(spec);
  frame[14] = 0x40;
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
  frame = make_frame(spec);
  testing::put16(frame, 18, static_cast<unsigned>(frame.size()));
  EXPECT_EQ(parse_bytes(frame), DropReason::truncated_packet);
  testing::put16(frame, 18, 0);
  frame[20] = 0;  // a jumbogram
  EXPECT_EQ(parse_bytes(frame), DropReason::bad_ip_header);
}

TEST(InspectTransport, JudgesTheChecksumOfWholeDatagramsOnly) {
  for (const bool ipv6 : {false, true}) {
    for (const std::uint8_t proto : {std::uint8_t{6}, std::uint8_t{17}}) {
      FrameSpec spec;
      spec.ipv6 = ipv6;
      spec.protocol = proto;
      spec.payload = 27;  // odd
      Bytes frame = make_frame(spec);
      Packet packet;
      ASSERT_EQ(parse_bytes(frame, packet), DropReason::none);
      Transport transport = inspect_transport(frame.data(), frame.size(), packet);
      EXPECT_TRUE(transport.has_ports);
      EXPECT_EQ(transport.source_port, spec.source_port);
      EXPECT_EQ(transport.destination_port, spec.destination_port);
      EXPECT_EQ(transport.checksum, Transport::Checksum::good);
      transport = inspect_transport(frame.data(), frame.size() - 1, packet);
      EXPECT_EQ(transport.checksum, Transport::Checksum::not_checked);
      EXPECT_TRUE(transport.has_ports);
      frame.back() ^= 1;
      transport = inspect_transport(frame.data(), frame.size(), packet);
      EXPECT_EQ(transport.checksum, Transport::Checksum::bad);
    }
  }
}

TEST(InspectTransport, UdpWithoutChecksumAndShortHeaders) {
  Bytes frame = make_frame({});
  testing::put16(frame, 14 + 20 + 6, 0);
  Packet packet;
  ASSERT_EQ(parse_bytes(frame, packet), DropReason::none);
  EXPECT_EQ(inspect_transport(frame.data(), frame.size(), packet).checksum,
            Transport::Checksum::not_checked);
  EXPECT_FALSE(inspect_transport(frame.data(), 37, packet).has_ports);
  EXPECT_TRUE(inspect_transport(frame.data(), 38, packet).has_ports);
  EXPECT_FALSE(inspect_transport(frame.data(), 20, packet).has_ports);
}

}  // namespace
}  // namespace getput::bench::netpath
