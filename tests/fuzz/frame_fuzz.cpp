// SPDX-License-Identifier: MIT
// What the receive path trusts of any frame: parse(), inspect_transport(), the inline
// parser and make_slot() read nothing beyond it (AddressSanitizer), and what they say of it fits
// together.
#include <algorithm>
#include <cstring>
#include <memory>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/parse_common.hpp"
#include "bench/workloads/netpath/input/rss.hpp"
#include "bench/workloads/netpath/input/rx_slot.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"
#include "tests/fuzz/frame_input.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace getput::bench::netpath;
using getput::fuzz::Bytes;
using getput::fuzz::FrameInput;
using getput::fuzz::require;

/// A block of exactly the captured size.
struct Captured {
  Captured(const Bytes& frame, std::size_t captured, std::size_t on_wire)
      : bytes(std::make_unique<std::uint8_t[]>(captured)), size(captured), wire(on_wire) {
    std::copy_n(frame.begin(), captured, bytes.get());
  }
  std::uint8_t* data() const { return bytes.get(); }

  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t size;
  std::size_t wire;
};

void repair_checksum(Bytes& frame) {
  std::size_t ip = 14;
  while (frame.size() >= ip + 4) {
    const auto type = load_be<std::uint16_t>(frame.data() + ip - 2);
    if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
      break;
    ip += 4;
  }
  if (frame.size() > ip && frame.size() >= ip + 4 * std::size_t{frame[ip] & 0x0fU} &&
      (frame[ip] & 0x0fU) >= 3)  // a header that is too short, too: the parser must see that itself
    testing::fix_ipv4_checksum(frame, ip);
}

void check_packet(const Captured& frame, const Packet& packet) {
  const std::uint32_t header = packet.ipv6 ? 40 : 20;
  const std::uint32_t end = packet.ip_offset + packet.ip_length;
  require(packet.vlan_tags <= 2, "at most two VLAN tags");
  require(packet.ip_offset == 14U + 4U * packet.vlan_tags, "IP follows Ethernet and its tags");
  require(packet.ip_offset + header <= frame.size, "the IP header was captured");
  require(packet.ip_length >= header, "an IP packet holds its header");
  require(end <= frame.wire, "the IP packet ends within the frame");
  require(packet.l4_offset >= packet.ip_offset + header, "the transport follows the IP header");
  require(packet.l4_offset <= end, "the transport begins within the IP packet");
  require(packet.l4_length() <= packet.ip_length - header, "the transport is shorter than IP");
  require(packet.upper_problem == DropReason::none || packet.ipv6, "IPv4 has no extension headers");
  require(packet.upper_problem != DropReason::cut_short || frame.size < frame.wire,
          "only a cut frame is cut short");
  const std::uint8_t* ip = frame.data() + packet.ip_offset;
  require(ip[0] >> 4U == (packet.ipv6 ? 6 : 4), "the version is the EtherType's");
  require(packet.ipv6 ? packet.source.low == load_be<std::uint64_t>(ip + 16)
                      : packet.source == mapped_ipv4(load_be<std::uint32_t>(ip + 12)),
          "the source is the header's");
}

/// The sum of a datagram by the letter of RFC 1071: 0 when its checksum is right.
unsigned sum_of(const Captured& frame, const Packet& packet) {
  const std::uint8_t* l4 = frame.data() + packet.l4_offset;
  const std::size_t length = packet.protocol == protocol::kUdp ? load_be<std::uint16_t>(l4 + 4)
                                                               : std::size_t{packet.l4_length()};
  const std::uint8_t* ip = frame.data() + packet.ip_offset;
  Bytes pseudo(ip + (packet.ipv6 ? 8 : 12), ip + (packet.ipv6 ? 40 : 20));
  pseudo.insert(pseudo.end(), {0, packet.protocol, 0, 0});
  testing::put16(pseudo, pseudo.size() - 2, static_cast<unsigned>(length));
  pseudo.insert(pseudo.end(), l4, l4 + length);
  return testing::slow_checksum(pseudo);
}

void check_transport(const Captured& frame, const Packet& packet, const Transport& transport) {
  const std::size_t end = packet.ip_offset + packet.ip_length;
  if (transport.checksum != Transport::Checksum::not_checked) {
    require(transport.has_ports, "what has no ports has no checksum here");
    require(end <= frame.size, "a checksum is judged over a whole datagram");
    require((sum_of(frame, packet) == 0) == (transport.checksum == Transport::Checksum::good),
            "the checksum is judged by RFC 1071");
  }
  if (!transport.has_ports)
    return;
  require(packet.upper_problem == DropReason::none && !packet.fragment, "the transport is there");
  require(packet.protocol == protocol::kTcp || packet.protocol == protocol::kUdp,
          "TCP and UDP have ports");
  require(packet.l4_offset + std::size_t{4} <= std::min(end, frame.size),
          "the ports were captured");
  const std::uint8_t* l4 = frame.data() + packet.l4_offset;
  require(transport.source_port == load_be<std::uint16_t>(l4) &&
              transport.destination_port == load_be<std::uint16_t>(l4 + 2),
          "the ports are the header's");
}

/// The inline parser says what the parser says.
void check_common(const Captured& frame, const Packet& packet, DropReason result) {
  Packet inlined;
  require(parse_common_first(frame.data(), frame.size, frame.wire, inlined) == result,
          "the inline parser gives the same reason");
  require(result != DropReason::none || inlined == packet, "the inline parser finds the same");
}

/// The word that receiving restores lies in the frame, and restoring a frame as it came is nothing.
void check_slot(const Captured& frame, DropReason result, const Transport& transport) {
  Frame described;
  described.captured = static_cast<std::uint32_t>(frame.size);
  described.wire = static_cast<std::uint32_t>(frame.wire);
  described.checksum = transport.checksum;
  const RxSlot slot = make_slot(described, frame.data());
  require((slot.restore_at != nullptr) == (result == DropReason::none), "IP frames are restored");
  if (slot.restore_at != nullptr) {
    require(slot.restore_at >= frame.data() &&
                slot.restore_at + sizeof(slot.restore_word) <= frame.data() + frame.size,
            "the restored word lies in the frame");
    const Bytes before(frame.data(), frame.data() + frame.size);
    slot.restore();
    require(std::equal(before.begin(), before.end(), frame.data()), "restoring changes nothing");
  }
  require(slot.checksum_good == (transport.checksum == Transport::Checksum::good),
          "the offload says what was judged");
}

DropReason check(const Captured& frame) {
  Packet packet;
  const DropReason result = parse(frame.data(), frame.size, frame.wire, packet);
  require(result < DropReason::count_, "the reason has a name");
  require(result != DropReason::cut_short || frame.size < frame.wire,
          "only a cut frame is cut short");
  Transport transport;
  if (result == DropReason::none) {
    check_packet(frame, packet);
    transport = inspect_transport(frame.data(), frame.size, packet);
    check_transport(frame, packet, transport);
    rss_hash(packet, transport);
  }
  check_common(frame, packet, result);
  check_slot(frame, result, transport);
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < FrameInput::kHeader)
    return 0;
  FrameInput input = FrameInput::decode(data, size);
  if (input.repair)
    repair_checksum(input.frame);
  const std::size_t wire = input.frame.size() + input.cut;
  const DropReason whole = check(Captured(input.frame, input.frame.size(), wire));
  const std::size_t fewer = std::min<std::size_t>(input.captured, input.frame.size());
  const DropReason cut = check(Captured(input.frame, fewer, wire));
  require(cut == whole || cut == DropReason::cut_short,
          "fewer captured bytes change no reason but to cut_short");
  return 0;
}
