// SPDX-License-Identifier: MIT
// What the receive path has to know about a frame, and the parser that finds it out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/drop_reason.hpp"

namespace getput::bench::netpath {

/// Address of either family; an IPv4 address is held in its IPv4-mapped form (RFC 4291, 2.5.5.2).
struct Address {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

constexpr std::uint64_t kMappedPrefix = 0x0000ffff00000000ULL;

constexpr Address mapped_ipv4(std::uint32_t address) noexcept {
  return {0, kMappedPrefix | address};
}
constexpr bool is_ipv4(const Address& address) noexcept {
  return address.high == 0 && (address.low >> 32) == 0xffffU;
}

/// The network that an address belongs to for routing and policies: its /24 or its /64.
constexpr Address network_of(const Address& address) noexcept {
  return is_ipv4(address) ? Address{0, address.low & ~std::uint64_t{0xff}}
                          : Address{address.high, 0};
}

/// The 5-tuple. Ports are 0 for protocols without ports and for fragments.
struct FlowKey {
  Address source;
  Address destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

namespace protocol {
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
}  // namespace protocol

/// Result of parse(). Offsets count from the first byte of the Ethernet header.
struct Packet {
  Address source;
  Address destination;
  std::uint32_t ip_offset = 0;
  std::uint32_t ip_length = 0;  ///< of the whole IP packet by its own header; padding not counted
  std::uint32_t l4_offset = 0;  ///< behind all extension headers
  std::uint8_t vlan_tags = 0;
  std::uint8_t protocol = 0;  ///< of the upper layer
  std::uint8_t traffic_class = 0;
  std::uint8_t hop_limit = 0;
  bool ipv6 = false;
  bool fragment = false;  ///< any fragment, the first one included
  /// Set when the packet can be forwarded but not delivered: a router does not look that far.
  DropReason upper_problem = DropReason::none;

  std::uint32_t l4_length() const noexcept { return ip_offset + ip_length - l4_offset; }
  friend bool operator==(const Packet&, const Packet&) = default;
};

/// Parses Ethernet (up to two VLAN tags), IPv4 with its header checksum, and IPv6 with its
/// extension headers.
/// @param data      start of the Ethernet header
/// @param captured  bytes that may be read at @p data
/// @param wire      bytes the frame had on the wire; more when the snap length cut it
/// @param packet    filled in as far as the parse came
/// @return DropReason::none, or why the frame is no IP packet that could go on
DropReason parse(const std::uint8_t* data, std::size_t captured, std::size_t wire,
                 Packet& packet) noexcept;

/// Ports and transport checksum of a parsed frame, as a network card's receive offload sees them.
struct Transport {
  enum class Checksum : std::uint8_t { not_checked, good, bad };
  bool has_ports = false;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  Checksum checksum = Checksum::not_checked;  ///< judged only when the whole datagram is there
};

Transport inspect_transport(const std::uint8_t* data, std::size_t captured,
                            const Packet& packet) noexcept;

}  // namespace getput::bench::netpath
