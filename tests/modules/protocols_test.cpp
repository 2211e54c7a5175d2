// SPDX-License-Identifier: MIT
// The real plug-ins nic, udp and tcp, loaded and called as the packet path calls them.
#include <gtest/gtest.h>

#include <array>

#include "schemes/counter/atomic_base.hpp"
#include "tests/modules/frame_builder.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

class Protocols : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"nic", "udp", "tcp"}) {
      const auto loaded = loader_.load(name);  // found relative to this program
      ASSERT_TRUE(loaded.status.ok()) << loaded.status.message;
    }
    nic_ = loader_.find("nic")->link();
    udp_ = loader_.find("udp")->transport();
    tcp_ = loader_.find("tcp")->transport();
  }
  void TearDown() override { EXPECT_TRUE(loader_.shutdown().empty()); }

  getput_verdict udp(const FrameBuilder& frame) { return udp(frame.packet()); }
  getput_verdict udp(const getput_packet& pkt) { return udp_->rcv(&pkt, &socket_, &stats_); }
  getput_verdict tcp(const FrameBuilder& frame) { return tcp(frame.packet()); }
  getput_verdict tcp(const getput_packet& pkt) { return tcp_->rcv(&pkt, &socket_, &stats_); }

  Loader<AtomicBase<>> loader_;
  const getput_link_ops* nic_ = nullptr;
  const getput_transport_ops* udp_ = nullptr;
  const getput_transport_ops* tcp_ = nullptr;
  getput_core_stats stats_{};
  getput_socket socket_{};
};

constexpr std::uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

TEST_F(Protocols, WhatTheyAre) {
  EXPECT_NE(nic_, nullptr);
  EXPECT_EQ(udp_->protocol, 17);
  EXPECT_EQ(tcp_->protocol, 6);
  EXPECT_EQ(loader_.find("udp")->link(), nullptr);
}

TEST_F(Protocols, UnknownParameterIsRefused) {
  ASSERT_TRUE(loader_.delete_module("udp", 0).ok());
  EXPECT_EQ(loader_.load("udp", "checksum=0").status.code, -EINVAL);
}

TEST_F(Protocols, NicBuildsThePacketHead) {
  const getput_netdev dev{7, 1514, {2, 0, 0, 0, 0, 1}};
  std::array<std::uint8_t, 64> frame{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x86, 0xdd};
  const getput_rx_desc desc{frame.data(), 64, 100, 0xabcd};
  getput_packet pkt{};
  pkt.flags = 0xff;
  ASSERT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_OK);
  EXPECT_EQ(pkt.data, frame.data());
  EXPECT_EQ(pkt.captured, 64u);
  EXPECT_EQ(pkt.wire_len, 100u);
  EXPECT_EQ(pkt.rss, 0xabcdu);
  EXPECT_EQ(pkt.ifindex, 7u);
  EXPECT_EQ(pkt.ether_type, 0x86dd);
  EXPECT_EQ(pkt.network_offset, 14);
  EXPECT_EQ(pkt.flags, 0);
  EXPECT_EQ(pkt.packet_type, GETPUT_TO_HOST);
  frame[5] = 2;
  ASSERT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_OK);
  EXPECT_EQ(pkt.packet_type, GETPUT_TO_OTHER);
  frame[0] = 3;
  ASSERT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_OK);
  EXPECT_EQ(pkt.packet_type, GETPUT_TO_MULTICAST);
  frame.fill(0xff);
  ASSERT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_OK);
  EXPECT_EQ(pkt.packet_type, GETPUT_TO_BROADCAST);
  EXPECT_EQ(stats_.rx_packets, 4u);
  EXPECT_EQ(stats_.rx_bytes, 400u);
  frame[12] = 0x05;  // an IEEE 802.3 length, not a type
  frame[13] = 0xff;
  ASSERT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_OK);
  EXPECT_EQ(pkt.ether_type, 0);
}

TEST_F(Protocols, NicRefusesFramesOfWrongLength) {
  const getput_netdev dev{7, 1514, {}};
  const std::array<std::uint8_t, 64> frame{};
  getput_packet pkt{};
  getput_rx_desc desc{frame.data(), 13, 13, 0};
  EXPECT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_DROP_RUNT);
  desc = {frame.data(), 13, 14, 0};
  EXPECT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_DROP_HEADER_TRUNCATED);
  desc = {frame.data(), 64, 63, 0};
  EXPECT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_DROP_RUNT);
  desc = {frame.data(), 64, 1515, 0};
  EXPECT_EQ(nic_->rx(&dev, &desc, &pkt, &stats_), GETPUT_DROP_TOO_LONG);
  EXPECT_EQ(stats_.rx_errors, 4u);
  EXPECT_EQ(stats_.rx_packets, 0u);
}

TEST_F(Protocols, NicTransmitsAndGivesBackInOrder) {
  const getput_netdev dev{7, 0, {}};
  const auto frame = udp_frame(4, 10);
  const getput_packet pkt = frame.packet();
  getput_link_header neighbour{};
  neighbour.length = 18;
  for (std::uint8_t i = 0; i < 18; ++i) neighbour.bytes[i] = i;
  std::array<getput_tx_desc, 4> slots{};
  getput_tx_ring ring{slots.data(), 3, 0xfffffffe, 0xfffffffe};  // the indices wrap in this test
  std::array<int, 5> cookies{};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(nic_->xmit(&dev, &pkt, &neighbour, &ring, &cookies[i], &stats_), GETPUT_OK);
  EXPECT_EQ(nic_->xmit(&dev, &pkt, &neighbour, &ring, &cookies[4], &stats_), GETPUT_DROP_TX_BUSY);
  const getput_tx_desc& first = slots[0xfffffffe & 3];
  EXPECT_EQ(std::memcmp(first.header, neighbour.bytes, 18), 0);
  EXPECT_EQ(first.header_len, 18u);
  EXPECT_EQ(first.payload, pkt.data + 14);
  EXPECT_EQ(first.payload_len, pkt.captured - 14);
  EXPECT_EQ(stats_.tx_packets, 4u);
  EXPECT_EQ(stats_.tx_bytes, 4u * (18 + pkt.wire_len - 14));
  EXPECT_EQ(stats_.tx_busy, 1u);
  std::array<void*, 8> done{};
  EXPECT_EQ(nic_->clean(&dev, &ring, done.data(), 3, &stats_), 3u);
  EXPECT_EQ(nic_->clean(&dev, &ring, done.data() + 3, 8, &stats_), 1u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(done[i], &cookies[i]);
  EXPECT_EQ(nic_->clean(&dev, &ring, done.data(), 8, &stats_), 0u);
  EXPECT_EQ(stats_.tx_completed, 4u);
}

// A DNS query written down byte by byte, its checksum computed by hand elsewhere.
TEST_F(Protocols, UdpKnownPacket) {
  FrameBuilder frame(4, 17, {0x30, 0x39, 0x00, 0x35, 0x00, 0x0c, 0x00, 0x00, 'p', 'i', 'n', 'g'});
  // Pseudo header: 03142536 + 4758697a + 0011 + 000c; segment: 3039 + 0035 + 000c + 7069 + 6e67.
  // 0314+2536+4758+697a = d91c; +0011+000c = d939; +3039 = 10972 -> 0973; +0035+000c = 09b4;
  // +7069 = 7a1d; +6e67 = e884; complement 177b.
  frame.put16(6, 0x177b);
  EXPECT_EQ(udp(frame), GETPUT_OK);
  frame.put16(6, 0x177c);
  EXPECT_EQ(udp(frame), GETPUT_DROP_BAD_CHECKSUM);
}

TEST_F(Protocols, UdpEveryLengthAndFamily) {
  for (const std::uint8_t family : {std::uint8_t{4}, std::uint8_t{6}}) {
    for (std::size_t payload = 0; payload < 70; ++payload) {
      auto frame = udp_frame(family, payload);
      ASSERT_EQ(udp(frame.seal(6)), GETPUT_OK) << payload;
      frame.segment()[7 + payload] ^= std::uint8_t{0x10};  // the last byte, of header or payload
      ASSERT_EQ(udp(frame), GETPUT_DROP_BAD_CHECKSUM) << payload;
    }
  }
  EXPECT_EQ(stats_.udp_in_datagrams, 140u);
  EXPECT_EQ(stats_.udp_in_bytes, 2u * (69 * 70 / 2));
  EXPECT_EQ(stats_.udp_csum_errors, 140u);
  EXPECT_EQ(stats_.udp_in_errors, 140u);
  EXPECT_EQ(socket_.packets, 140u);
  EXPECT_EQ(socket_.bytes, 2u * (69 * 70 / 2));
}

TEST_F(Protocols, UdpAddressesArePartOfTheChecksum) {
  auto frame = udp_frame(4, 9);
  frame.seal(6);
  getput_packet pkt = frame.packet();
  const std::array<std::uint8_t, 4> other{1, 2, 3, 4};
  pkt.dst_addr = other.data();
  EXPECT_EQ(udp(pkt), GETPUT_DROP_BAD_CHECKSUM);
}

TEST_F(Protocols, UdpLengths) {
  auto frame = udp_frame(4, 20);
  frame.put16(4, 7);
  EXPECT_EQ(udp(frame), GETPUT_DROP_BAD_LENGTH);
  frame.put16(4, 29);
  EXPECT_EQ(udp(frame), GETPUT_DROP_BAD_LENGTH);
  frame.put16(4, 18);  // shorter than the network layer says: the rest is padding
  EXPECT_EQ(udp(frame.seal(6, 18)), GETPUT_OK);
  EXPECT_EQ(socket_.bytes, 10u);
  getput_packet pkt = frame.packet();
  pkt.transport_len = 7;
  EXPECT_EQ(udp(pkt), GETPUT_DROP_BAD_LENGTH);
  pkt = frame.packet();
  pkt.captured = static_cast<std::uint32_t>(pkt.transport_offset + 7);
  EXPECT_EQ(udp(pkt), GETPUT_DROP_HEADER_TRUNCATED);
  pkt.captured = 3;
  EXPECT_EQ(udp(pkt), GETPUT_DROP_HEADER_TRUNCATED);
}

TEST_F(Protocols, UdpChecksumAbsentUnverifiableOrDone) {
  auto frame = udp_frame(4, 20);
  EXPECT_EQ(udp(frame), GETPUT_OK);
  EXPECT_EQ(stats_.udp_csum_absent, 1u);
  EXPECT_EQ(udp(udp_frame(6, 20)), GETPUT_DROP_NO_CHECKSUM);
  frame.put16(6, 1);  // wrong
  getput_packet pkt = frame.packet();
  --pkt.captured;
  EXPECT_EQ(udp(pkt), GETPUT_OK);
  EXPECT_EQ(stats_.csum_unverified, 1u);
  pkt = frame.packet();
  EXPECT_EQ(udp(pkt), GETPUT_DROP_BAD_CHECKSUM);
  pkt.flags = GETPUT_PKT_CSUM_UNNECESSARY;
  EXPECT_EQ(udp(pkt), GETPUT_OK);
  pkt.flags = GETPUT_PKT_FRAGMENT;
  EXPECT_EQ(udp(pkt), GETPUT_DROP_FRAGMENT);
}

TEST_F(Protocols, Demux) {
  getput_ports ports{};
  const auto frame = udp_frame(6, 0);
  getput_packet pkt = frame.packet();
  ASSERT_EQ(udp_->demux(&pkt, &ports), GETPUT_OK);
  EXPECT_EQ(ports.src, 12345);
  EXPECT_EQ(ports.dst, 53);
  EXPECT_EQ(tcp_->demux(&pkt, &ports), GETPUT_DROP_BAD_LENGTH);
  const auto segment = tcp_frame(kAck, 1, 1, 0);
  pkt = segment.packet();
  ASSERT_EQ(tcp_->demux(&pkt, &ports), GETPUT_OK);
  EXPECT_EQ(ports.src, 80);
  EXPECT_EQ(ports.dst, 40000);
}

TEST_F(Protocols, TcpConnection) {
  const std::uint32_t isn = 0xfffffff0;  // the sequence wraps in this test
  EXPECT_EQ(tcp(tcp_frame(kSyn, isn, 0, 0)), GETPUT_OK);
  EXPECT_EQ(socket_.rcv_nxt, isn + 1);
  EXPECT_EQ(tcp(tcp_frame(kAck, isn + 1, 500, 100)), GETPUT_OK);
  EXPECT_EQ(socket_.rcv_nxt, isn + 101);
  EXPECT_EQ(tcp(tcp_frame(kAck, isn + 1, 500, 100)), GETPUT_OK);
  EXPECT_EQ(socket_.duplicates, 1u);
  EXPECT_EQ(tcp(tcp_frame(kAck, isn + 51, 600, 100)), GETPUT_OK);  // half of it is new
  EXPECT_EQ(socket_.rcv_nxt, isn + 151);
  EXPECT_EQ(socket_.gaps, 0u);
  EXPECT_EQ(tcp(tcp_frame(kAck, isn + 201, 600, 10)), GETPUT_OK);
  EXPECT_EQ(socket_.gaps, 1u);
  EXPECT_EQ(socket_.rcv_nxt, isn + 211);
  EXPECT_EQ(tcp(tcp_frame(kAck, isn + 211, 600, 0)), GETPUT_OK);
  EXPECT_EQ(socket_.dup_acks, 1u);
  EXPECT_EQ(socket_.last_ack, 600u);
  EXPECT_EQ(socket_.tcp_state, GETPUT_TCP_SYNCHRONIZED | GETPUT_TCP_SYN_SEEN);
  EXPECT_EQ(tcp(tcp_frame(kFin | kAck, isn + 211, 600, 5)), GETPUT_OK);
  EXPECT_EQ(socket_.rcv_nxt, isn + 217);
  EXPECT_EQ(socket_.tcp_state & GETPUT_TCP_FIN_SEEN, unsigned{GETPUT_TCP_FIN_SEEN});
  EXPECT_EQ(tcp(tcp_frame(kRst, isn + 217, 0, 0)), GETPUT_OK);
  EXPECT_EQ(socket_.tcp_state & GETPUT_TCP_RESET, unsigned{GETPUT_TCP_RESET});
  EXPECT_EQ(socket_.bytes, 315u);
  EXPECT_EQ(socket_.packets, 8u);
  EXPECT_EQ(stats_.tcp_in_segs, 8u);
  EXPECT_EQ(stats_.tcp_in_bytes, 315u);
  EXPECT_EQ(stats_.tcp_syn + stats_.tcp_fin + stats_.tcp_rst, 3u);
  EXPECT_EQ(tcp(tcp_frame(kSyn, 9, 0, 0)), GETPUT_OK);
  EXPECT_EQ(socket_.tcp_state, GETPUT_TCP_SYNCHRONIZED | GETPUT_TCP_SYN_SEEN) << "a new connection";
}

TEST_F(Protocols, TcpSeenInTheMiddle) {
  EXPECT_EQ(tcp(tcp_frame(kAck, 5000, 1, 10, 6)), GETPUT_OK);
  EXPECT_EQ(socket_.rcv_nxt, 5010u);
  EXPECT_EQ(socket_.gaps, 0u);
  EXPECT_EQ(socket_.tcp_state, unsigned{GETPUT_TCP_SYNCHRONIZED});
}

TEST_F(Protocols, TcpBadHeaders) {
  auto frame = tcp_frame(kAck, 1, 1, 3);
  frame.segment()[12] = 4 << 4;  // shorter than a header
  EXPECT_EQ(tcp(frame.seal(16)), GETPUT_DROP_BAD_HEADER);
  frame.segment()[12] = 6 << 4;  // longer than the segment
  EXPECT_EQ(tcp(frame.seal(16)), GETPUT_DROP_BAD_HEADER);
  EXPECT_EQ(tcp(tcp_frame(kSyn | kFin, 1, 1, 0)), GETPUT_DROP_BAD_HEADER);
  EXPECT_EQ(tcp(tcp_frame(kSyn | kRst, 1, 1, 0)), GETPUT_DROP_BAD_HEADER);
  frame = tcp_frame(kAck, 1, 1, 3);
  frame.segment()[20] ^= 1;
  EXPECT_EQ(tcp(frame), GETPUT_DROP_BAD_CHECKSUM);
  getput_packet pkt = frame.packet();
  pkt.transport_len = 19;
  EXPECT_EQ(tcp(pkt), GETPUT_DROP_BAD_LENGTH);
  pkt = frame.packet();
  pkt.captured -= 4;
  EXPECT_EQ(tcp(pkt), GETPUT_DROP_HEADER_TRUNCATED);
  EXPECT_EQ(stats_.tcp_in_errors, 7u);
  EXPECT_EQ(stats_.tcp_csum_errors, 1u);
  EXPECT_EQ(socket_.packets, 0u) << "nothing refused reaches the socket";
  const auto whole = tcp_frame(kAck, 1, 1, 3);
  pkt = whole.packet();
  EXPECT_EQ(tcp_->rcv(&pkt, nullptr, &stats_), GETPUT_OK) << "without a socket";
}

}  // namespace
}  // namespace getput::test
