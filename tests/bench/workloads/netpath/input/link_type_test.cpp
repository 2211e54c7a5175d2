// SPDX-License-Identifier: MIT
// The same packets in every kind of capture file are the same Ethernet frames.
#include "bench/workloads/netpath/input/link_type.hpp"

#include <gtest/gtest.h>
#include <pcap/pcap.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/engine/errors.hpp"
#include "tests/bench/workloads/netpath/input/capture_builder.hpp"

namespace getput::bench::netpath {
namespace {

namespace link = testing::link;
using testing::Bytes;
using testing::FrameSpec;
using testing::make_frame;
using testing::make_pcap;
using testing::make_pcapng;
using testing::relink;

const testing::FileFormat kFormats[] = {{false, false}, {true, false}, {false, true}, {true, true}};

Bytes frame_of(bool ipv6) {
  FrameSpec spec;
  spec.ipv6 = ipv6;
  return make_frame(spec);
}

/// The file is gone when the capture is read.
Input read(const Bytes& file) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("getput-link-" + std::to_string(getpid()) + ".pcap");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  struct Remove {
    const std::filesystem::path& path;
    ~Remove() { std::filesystem::remove(path); }
  } const remove{path};
  return read_capture(path.string());
}

std::string refusal(const Bytes& file) {
  try {
    read(file);
  } catch (const RequestError& error) {
    return error.what();
  }
  return "accepted";
}

Bytes bytes_of(const Input& input, std::size_t index) {
  const Frame& frame = input->frames().at(index);
  return Bytes(input->data(frame), input->data(frame) + frame.captured);
}

/// Frames of one link type: an IPv4 and an IPv6 packet behind its header.
struct Kind {
  std::uint32_t link_type;
  std::string name;
  Bytes ipv4;
  Bytes ipv6;
};

std::vector<Kind> kinds() {
  const Bytes v4 = frame_of(false);
  const Bytes v6 = frame_of(true);
  const auto kind = [&](std::uint32_t type, const std::string& name, const Bytes& header4,
                        const Bytes& header6) {
    return Kind{type, name, relink(v4, header4), relink(v6, header6)};
  };
  return {
      {link::kEthernet, "EN10MB", v4, v6},
      kind(link::kRaw, "RAW", {}, {}),
      kind(link::kSll, "LINUX_SLL", testing::sll_header(0x0800), testing::sll_header(0x86dd)),
      kind(link::kSll2, "LINUX_SLL2", testing::sll2_header(0x0800), testing::sll2_header(0x86dd)),
      kind(link::kNull, "NULL", {2, 0, 0, 0}, {10, 0, 0, 0}),
      kind(link::kNull, "NULL", {0, 0, 0, 2}, {0, 0, 0, 28}),
      kind(link::kNull, "NULL", {2, 0, 0, 0}, {30, 0, 0, 0}),
      kind(link::kLoop, "LOOP", {0, 0, 0, 2}, {0, 0, 0, 24})};
}

void expect_the_two_packets(const Input& input, const std::string& link_type) {
  ASSERT_EQ(input->frames().size(), 2U);
  EXPECT_EQ(bytes_of(input, 0), frame_of(false));
  EXPECT_EQ(bytes_of(input, 1), frame_of(true));
  EXPECT_EQ(input->summary().not_usable, 0U);
  EXPECT_EQ(input->summary().ipv4, 1U);
  EXPECT_EQ(input->summary().ipv6, 1U);
  EXPECT_EQ(input->summary().wire_bytes, frame_of(false).size() + frame_of(true).size());
  EXPECT_EQ(input->summary().link_type, link_type);
}

TEST(LinkType, EveryTypeInEveryFileFormatGivesTheSameEthernetFrames) {
  for (const Kind& kind : kinds()) {
    for (const testing::FileFormat& format : kFormats) {
      SCOPED_TRACE(kind.name + (format.big_endian ? " big-endian" : ""));
      expect_the_two_packets(read(make_pcap(format, kind.link_type, {{kind.ipv4}, {kind.ipv6}})),
                             kind.name);
      expect_the_two_packets(
          read(make_pcapng(format, {{kind.link_type}}, {{kind.ipv4}, {kind.ipv6}})), kind.name);
    }
  }
}

TEST(LinkType, RawOfOneFamily) {
  const Bytes v4 = relink(frame_of(false), {});
  const Bytes v6 = relink(frame_of(true), {});
  EXPECT_EQ(bytes_of(read(make_pcap({}, link::kIpv4, {{v4}})), 0), frame_of(false));
  EXPECT_EQ(bytes_of(read(make_pcap({}, link::kIpv6, {{v6}})), 0), frame_of(true));
}

TEST(LinkType, VlanTagsStayInside) {
  FrameSpec spec;
  for (const unsigned tags : {1U, 2U}) {
    spec.vlan_tags = tags;
    const Bytes frame = make_frame(spec);
    const unsigned type = tags == 1 ? 0x8100 : 0x88a8;
    for (const Input& input :
         {read(make_pcap({}, link::kSll, {{relink(frame, testing::sll_header(type))}})),
          read(make_pcap({}, link::kSll2, {{relink(frame, testing::sll2_header(type))}}))}) {
      EXPECT_EQ(bytes_of(input, 0), frame);
      EXPECT_EQ(input->summary().udp, 1U);
    }
  }
}

DropReason fate(std::uint32_t link_type, const Bytes& bytes, std::uint32_t wire = 0) {
  const Input input = read(make_pcap({}, link_type, {{bytes, wire}}));
  const Frame& frame = input->frames().front();
  EXPECT_LE(frame.captured, frame.wire);
  Packet packet;
  return parse(input->data(frame), frame.captured, frame.wire, packet);
}

TEST(LinkType, WhatIsNoIpStaysNoIp) {
  const Bytes packet = relink(frame_of(false), {});
  const auto behind = [&](Bytes header) { return relink(frame_of(false), header); };
  EXPECT_EQ(fate(link::kSll, behind(testing::sll_header(0x0806))), DropReason::not_ip);
  EXPECT_EQ(fate(link::kSll, behind(testing::sll_header(0x0004))), DropReason::not_ip) << "802.2";
  for (const unsigned device : {770U, 803U, 824U}) {
    EXPECT_EQ(fate(link::kSll, behind(testing::sll_header(0x0800, device))), DropReason::not_ip);
    EXPECT_EQ(fate(link::kSll2, behind(testing::sll2_header(0x0800, device))), DropReason::not_ip);
  }
  EXPECT_EQ(fate(link::kNull, behind({7, 0, 0, 0})), DropReason::not_ip);
  EXPECT_EQ(fate(link::kLoop, behind({2, 0, 0, 0})), DropReason::not_ip) << "network order only";
  EXPECT_EQ(fate(link::kRaw, Bytes(40, 0x50)), DropReason::bad_ip_header);
  EXPECT_EQ(fate(link::kIpv6, packet), DropReason::bad_ip_header);
}

TEST(LinkType, FramesCutInTheLinkHeaderAreCutAndShortOnesAreRunts) {
  for (const Kind& kind : kinds()) {
    const auto wire = static_cast<std::uint32_t>(kind.ipv4.size());
    const std::size_t header = kind.ipv4.size() + 14 - frame_of(false).size();
    for (std::size_t captured = 1; captured < header + 20; ++captured) {
      const Bytes cut(kind.ipv4.begin(), kind.ipv4.begin() + static_cast<std::ptrdiff_t>(captured));
      EXPECT_EQ(fate(kind.link_type, cut, wire), DropReason::cut_short) << kind.name << captured;
      EXPECT_EQ(fate(kind.link_type, cut),
                captured < header ? DropReason::runt_frame : DropReason::bad_ip_header)
          << kind.name << captured;
    }
  }
}

TEST(LinkType, AWireLengthThatNoFrameHasDoesNotWrap) {
  EthernetConverter converter(DLT_RAW);
  const Bytes packet = relink(frame_of(false), {});
  const auto view =
      converter.convert(packet.data(), static_cast<std::uint32_t>(packet.size()), 0xfffffffaU);
  EXPECT_EQ(view.wire, 0xffffffffU);
  EXPECT_EQ(view.captured, packet.size() + 14);
}

TEST(LinkType, UnsupportedOnesAreRefused) {
  EXPECT_FALSE(EthernetConverter::supports(DLT_PPP));
  EXPECT_THROW(EthernetConverter(DLT_PPP), std::invalid_argument);
}

TEST(LinkType, SeveralInterfaces) {
  const Bytes frame = frame_of(false);
  const Bytes raw = relink(frame, {});
  const testing::Interface ethernet{};
  EXPECT_EQ(read(make_pcapng({}, {ethernet, ethernet}, {{frame}, {frame, 0, 1}}))->frames().size(),
            2U);
  const std::string types =
      refusal(make_pcapng({}, {ethernet, {link::kRaw}}, {{frame}, {raw, 0, 1}}));
  EXPECT_NE(types.find("different link types"), std::string::npos) << types;
  EXPECT_NE(types.find("tshark"), std::string::npos) << types;
  const std::string snaps =
      refusal(make_pcapng({}, {ethernet, {link::kEthernet, 96}}, {{frame}, {frame, 0, 1}}));
  EXPECT_NE(snaps.find("different snap lengths"), std::string::npos) << snaps;
  for (const std::string& message : {types, snaps}) {
    EXPECT_EQ(message.find("damaged"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace getput::bench::netpath
