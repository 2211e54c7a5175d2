// SPDX-License-Identifier: MIT
// parse() with its most common case inline: Ethernet with at most one VLAN tag, then an IPv4 header
// without options that is right in every respect. Everything else, errors included, is parse()'s.
// The result is the same as parse()'s for every frame (tests and a fuzzer compare them).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"
#include "bench/workloads/netpath/input/packet.hpp"

namespace getput::bench::netpath {

namespace detail {

/// True when the 20 bytes of IPv4 header at @p ip carry a right checksum.
[[gnu::always_inline]] inline bool plain_ipv4_header_ok(const std::uint8_t* ip) noexcept {
  const auto first = load_raw<std::uint64_t>(ip);
  const auto second = load_raw<std::uint64_t>(ip + 8);
  std::uint64_t sum = 0;
  const auto carry = static_cast<std::uint64_t>(__builtin_add_overflow(first, second, &sum));
  sum = (sum & 0xffffffffU) + (sum >> 32U) + load_raw<std::uint32_t>(ip + 16) + carry;
  sum = (sum & 0xffffU) + ((sum >> 16U) & 0xffffU) + (sum >> 32U);
  return ((sum & 0xffffU) + (sum >> 16U)) == 0xffffU;
}

/// By the first octet: may it be a unicast address on a wire? See parse() for the single reasons.
inline constexpr std::array<bool, 256> kUnicastOctet = [] {
  std::array<bool, 256> unicast{};
  for (std::size_t octet = 1; octet < unicast.size(); ++octet)
    unicast[octet] = octet != 127 && (octet < 224 || octet >= 240);
  return unicast;
}();

/// Unicast on both sides, as far as a parser can see.
constexpr bool ordinary_ipv4(std::uint32_t source, std::uint32_t destination) noexcept {
  constexpr std::uint32_t kBroadcast = 0xffffffffU;
  return kUnicastOctet[source >> 24U] && kUnicastOctet[destination >> 24U] &&
         source != kBroadcast && destination != kBroadcast;
}

}  // namespace detail

/// As parse().
[[gnu::always_inline]] inline DropReason parse_common_first(const std::uint8_t* data,
                                                            std::size_t captured, std::size_t wire,
                                                            Packet& packet) noexcept {
  constexpr std::size_t kEthernet = 14;
  constexpr std::size_t kHeader = 20;
  std::size_t at = kEthernet;
  if (captured < at + kHeader) [[unlikely]]
    return parse(data, captured, wire, packet);
  auto type = load_be<std::uint16_t>(data + at - 2);
  if (type == 0x8100 && captured >= at + 4 + kHeader) {
    at += 4;
    type = load_be<std::uint16_t>(data + at - 2);
  }
  const std::uint8_t* ip = data + at;
  const std::size_t total = load_be<std::uint16_t>(ip + 2);
  const auto source = load_be<std::uint32_t>(ip + 12);
  const auto destination = load_be<std::uint32_t>(ip + 16);
  if (type != kTypeIpv4 || ip[0] != 0x45 || total < kHeader || at + total > wire ||
      !detail::ordinary_ipv4(source, destination) || !detail::plain_ipv4_header_ok(ip)) [[unlikely]]
    return parse(data, captured, wire, packet);
  packet.source = mapped_ipv4(source);
  packet.destination = mapped_ipv4(destination);
  packet.ip_offset = static_cast<std::uint32_t>(at);
  packet.ip_length = static_cast<std::uint32_t>(total);
  packet.l4_offset = static_cast<std::uint32_t>(at + kHeader);
  packet.vlan_tags = at == kEthernet ? 0 : 1;
  packet.protocol = ip[9];
  packet.traffic_class = ip[1];
  packet.hop_limit = ip[8];
  packet.ipv6 = false;
  packet.fragment = (load_be<std::uint16_t>(ip + 6) & 0x3fffU) != 0;
  packet.upper_problem = DropReason::none;
  return DropReason::none;
}

}  // namespace getput::bench::netpath
