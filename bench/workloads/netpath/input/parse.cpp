// SPDX-License-Identifier: MIT
#include <algorithm>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"
#include "bench/workloads/netpath/input/packet.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::size_t kVlanTag = 4;
constexpr unsigned kMaxVlanTags = 2;

/// The frame as the parser may see it; says why a header cannot be read.
struct View {
  const std::uint8_t* data;
  std::size_t captured;
  std::size_t wire;

  /// none when @p count bytes at @p offset are readable; @p otherwise when the frame never had
  /// them.
  DropReason need(std::size_t offset, std::size_t count, DropReason otherwise) const noexcept {
    const std::size_t end = offset + count;
    if (end <= captured)
      return DropReason::none;
    return end <= wire ? DropReason::cut_short : otherwise;
  }
};

constexpr bool is_vlan(std::uint16_t type) noexcept {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

DropReason parse_link(const View& view, Packet& packet, std::uint16_t& type) noexcept {
  if (auto problem = view.need(0, kEthernetHeader, DropReason::runt_frame);
      problem != DropReason::none)
    return problem;
  std::size_t offset = kEthernetHeader;
  type = load_be<std::uint16_t>(view.data + offset - 2);
  while (is_vlan(type)) {
    if (packet.vlan_tags == kMaxVlanTags)
      return DropReason::too_many_vlan_tags;
    if (auto problem = view.need(offset, kVlanTag, DropReason::runt_frame);
        problem != DropReason::none)
      return problem;
    type = load_be<std::uint16_t>(view.data + offset + 2);
    offset += kVlanTag;
    ++packet.vlan_tags;
  }
  packet.ip_offset = static_cast<std::uint32_t>(offset);
  return DropReason::none;
}

constexpr bool is_group_ipv4(std::uint32_t address) noexcept {
  return (address >> 28) == 0xe || address == 0xffffffffU;
}
/// "This network" and loopback never come from a wire (RFC 1812, 5.3.7). Class E is unicast here,
/// as it is in Linux since 2.6.25.
constexpr bool is_confined_ipv4(std::uint32_t address) noexcept {
  return (address >> 24) == 0 || (address >> 24) == 127;
}
/// Unspecified and loopback.
constexpr bool is_confined_ipv6(const Address& address) noexcept {
  return address.high == 0 && address.low <= 1;
}
constexpr bool is_group_ipv6(const Address& address) noexcept {
  return (address.high >> 56) == 0xff;
}

DropReason parse_ipv4(const View& view, Packet& packet) noexcept {
  const std::size_t at = packet.ip_offset;
  if (auto problem = view.need(at, 20, DropReason::bad_ip_header); problem != DropReason::none)
    return problem;
  const std::uint8_t* ip = view.data + at;
  const std::size_t header = static_cast<std::size_t>(ip[0] & 0x0fU) * 4;
  if ((ip[0] >> 4) != 4 || header < 20)
    return DropReason::bad_ip_header;
  if (auto problem = view.need(at, header, DropReason::bad_ip_header); problem != DropReason::none)
    return problem;
  const std::size_t total = load_be<std::uint16_t>(ip + 2);
  if (total < header)
    return DropReason::bad_ip_header;
  if (at + total > view.wire)
    return DropReason::truncated_packet;
  if (!ipv4_header_ok(ip, header))
    return DropReason::ip_checksum;

  const auto source = load_be<std::uint32_t>(ip + 12);
  const auto destination = load_be<std::uint32_t>(ip + 16);
  if (is_confined_ipv4(source) || is_group_ipv4(source))
    return DropReason::martian_source;
  if (is_group_ipv4(destination))
    return DropReason::multicast;
  if (is_confined_ipv4(destination))
    return DropReason::martian_destination;
  packet.source = mapped_ipv4(source);
  packet.destination = mapped_ipv4(destination);
  packet.protocol = ip[9];
  packet.traffic_class = ip[1];
  packet.hop_limit = ip[8];
  packet.fragment = (load_be<std::uint16_t>(ip + 6) & 0x3fffU) != 0;  // MF or an offset
  packet.ip_length = static_cast<std::uint32_t>(total);
  packet.l4_offset = static_cast<std::uint32_t>(at + header);
  return DropReason::none;
}

constexpr unsigned kMaxExtensionHeaders = 8;

/// What an IPv6 next-header value announces.
enum class Next { extension, fragment, authentication, upper };

constexpr Next kind_of(std::uint8_t next) noexcept {
  switch (next) {
    case 0:    // hop-by-hop options
    case 43:   // routing
    case 60:   // destination options
    case 135:  // mobility
    case 139:  // HIP
    case 140:  // shim6
      return Next::extension;
    case 44:
      return Next::fragment;
    case 51:
      return Next::authentication;
    default:
      return Next::upper;
  }
}

/// Walks the extension headers up to the upper-layer protocol. What goes wrong here is
/// upper_problem: a router forwards such a packet all the same.
void walk_extensions(const View& view, Packet& packet, std::uint8_t next) noexcept {
  const std::size_t end = packet.ip_offset + packet.ip_length;
  std::size_t at = packet.l4_offset;
  for (unsigned count = 0; kind_of(next) != Next::upper; ++count) {
    packet.upper_problem =
        at + 8 > end ? DropReason::bad_l4_header : view.need(at, 8, DropReason::bad_l4_header);
    if (packet.upper_problem == DropReason::none && count == kMaxExtensionHeaders)
      packet.upper_problem = DropReason::too_many_headers;
    if (packet.upper_problem != DropReason::none)
      return;
    const std::uint8_t* header = view.data + at;
    switch (kind_of(next)) {
      case Next::fragment:
        packet.fragment = (load_be<std::uint16_t>(header + 2) & 0xfff9U) != 0;
        at += 8;
        break;
      case Next::authentication:
        at += (static_cast<std::size_t>(header[1]) + 2) * 4;
        break;
      default:
        at += (static_cast<std::size_t>(header[1]) + 1) * 8;
        break;
    }
    next = header[0];
    if (packet.fragment)
      break;  // what follows belongs to the whole datagram, not to this piece of it
  }
  if (at > end) {  // the last header's length field points behind the packet
    packet.upper_problem = DropReason::bad_l4_header;
    return;
  }
  packet.protocol = next;
  packet.l4_offset = static_cast<std::uint32_t>(at);
}

DropReason parse_ipv6(const View& view, Packet& packet) noexcept {
  const std::size_t at = packet.ip_offset;
  if (auto problem = view.need(at, 40, DropReason::bad_ip_header); problem != DropReason::none)
    return problem;
  const std::uint8_t* ip = view.data + at;
  if ((ip[0] >> 4) != 6)
    return DropReason::bad_ip_header;
  const std::size_t payload = load_be<std::uint16_t>(ip + 4);
  if (payload == 0 && ip[6] == 0)
    return DropReason::bad_ip_header;  // a jumbogram (RFC 2675): no link here carries one
  const std::size_t total = 40 + payload;
  if (at + total > view.wire)
    return DropReason::truncated_packet;
  packet.source = {load_be<std::uint64_t>(ip + 8), load_be<std::uint64_t>(ip + 16)};
  packet.destination = {load_be<std::uint64_t>(ip + 24), load_be<std::uint64_t>(ip + 32)};
  if (is_confined_ipv6(packet.source) || is_group_ipv6(packet.source))
    return DropReason::martian_source;
  if (is_group_ipv6(packet.destination))
    return DropReason::multicast;
  if (is_confined_ipv6(packet.destination))
    return DropReason::martian_destination;
  packet.ipv6 = true;
  packet.traffic_class = static_cast<std::uint8_t>(load_be<std::uint16_t>(ip) >> 4);
  packet.hop_limit = ip[7];
  packet.ip_length = static_cast<std::uint32_t>(total);
  packet.l4_offset = static_cast<std::uint32_t>(at + 40);
  walk_extensions(view, packet, ip[6]);
  return DropReason::none;
}

}  // namespace

DropReason parse(const std::uint8_t* data, std::size_t captured, std::size_t wire,
                 Packet& packet) noexcept {
  const View view{data, captured, wire};
  packet = {};
  std::uint16_t type = 0;
  if (auto problem = parse_link(view, packet, type); problem != DropReason::none)
    return problem;
  if (type == kTypeIpv4)
    return parse_ipv4(view, packet);
  if (type == kTypeIpv6)
    return parse_ipv6(view, packet);
  return DropReason::not_ip;
}

Transport inspect_transport(const std::uint8_t* data, std::size_t captured,
                            const Packet& packet) noexcept {
  Transport result;
  const bool tcp = packet.protocol == protocol::kTcp;
  const bool udp = packet.protocol == protocol::kUdp;
  if ((!tcp && !udp) || packet.fragment || packet.upper_problem != DropReason::none)
    return result;
  const std::size_t at = packet.l4_offset;
  const std::size_t available =
      std::min<std::size_t>(packet.l4_length(), captured - std::min(captured, at));
  if (available < 4)
    return result;
  result.has_ports = true;
  result.source_port = load_be<std::uint16_t>(data + at);
  result.destination_port = load_be<std::uint16_t>(data + at + 2);
  const std::size_t minimum = tcp ? 20 : 8;
  if (available < minimum || available < packet.l4_length())
    return result;
  std::size_t length = packet.l4_length();
  if (udp) {
    length = load_be<std::uint16_t>(data + at + 4);
    if (length < minimum || length > available || load_be<std::uint16_t>(data + at + 6) == 0)
      return result;  // contradicts itself, or carries none
  }
  const std::size_t addresses = packet.ipv6 ? 32 : 8;
  const std::size_t address_offset = packet.ip_offset + (packet.ipv6 ? 8U : 12U);
  PartialSum sum = add_bytes(0, data + address_offset, addresses);
  sum = add_word(sum, packet.protocol);
  sum = add_word(sum, static_cast<std::uint16_t>(length));
  sum = add_bytes(sum, data + at, length);
  result.checksum = checksum_ok(sum) ? Transport::Checksum::good : Transport::Checksum::bad;
  return result;
}

}  // namespace getput::bench::netpath
