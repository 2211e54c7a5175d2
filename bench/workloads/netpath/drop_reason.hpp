// SPDX-License-Identifier: MIT
// Why a frame went no further. Every frame that is received and neither delivered nor forwarded is
// counted under exactly one of these, so that received = delivered + forwarded + sum(dropped).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace getput::bench::netpath {

enum class DropReason : std::uint8_t {
  none,  ///< not dropped
  // the frame
  no_buffer,            ///< no memory for an sk_buff
  runt_frame,           ///< shorter on the wire than an Ethernet header
  frame_too_long,       ///< longer than the device takes
  too_many_vlan_tags,   ///< more than two 802.1Q / 802.1ad tags
  not_ip,               ///< ARP, LLC, MPLS and whatever else is not IPv4 or IPv6
  cut_short,            ///< the capture's snap length cut the frame inside a header that is needed
  bad_ip_header,        ///< version, header length or total length contradict each other
  truncated_packet,     ///< the IP length is longer than what was on the wire
  ip_checksum,          ///< IPv4 header checksum wrong
  martian_source,       ///< source is loopback, group, broadcast or unspecified
  martian_destination,  ///< destination is loopback or unspecified
  multicast,            ///< group destination; nobody here has joined
  too_many_headers,     ///< more IPv6 extension headers than anybody needs
  no_route,             ///< no prefix of the forwarding table matches
  // forwarding
  hop_limit,    ///< TTL or hop limit would become zero
  exceeds_mtu,  ///< larger than the outgoing device's MTU
  tx_busy,      ///< the driver did not take the packet
  // local delivery
  needs_reassembly,    ///< fragment for a local address; there is no reassembly
  bad_l4_header,       ///< a UDP, TCP or extension header contradicts itself
  bad_l4_length,       ///< UDP or TCP length does not fit into the IP length
  l4_checksum,         ///< UDP or TCP checksum wrong
  no_l4_checksum,      ///< UDP over IPv6 without a checksum (RFC 8200, 8.1)
  no_handler,          ///< local protocol without a module: ICMP, GRE, ESP, ...
  time_wait,           ///< the connection has ended; no SYN opens another
  socket_closed,       ///< another worker closed the socket in between
  socket_buffer_full,  ///< the receive queue's byte budget is used up
  handler_refused,     ///< the protocol's handler did not accept the packet
  no_table_space,      ///< route, neighbour, policy or socket memory is used up
  // a try_module_get that was refused, by what it was to protect
  module_going_skb,
  module_going_device,
  module_going_route,
  module_going_neighbour,
  module_going_policy,
  module_going_socket,
  module_going_create,  ///< a table entry could not be created
  count_
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::count_);

/// The reasons' names in results, in the order of DropReason.
inline constexpr std::array<std::string_view, kDropReasons> kDropReasonNames = {
    "none",
    "no_buffer",
    "runt_frame",
    "frame_too_long",
    "too_many_vlan_tags",
    "not_ip",
    "cut_short",
    "bad_ip_header",
    "truncated_packet",
    "ip_checksum",
    "martian_source",
    "martian_destination",
    "multicast",
    "too_many_headers",
    "no_route",
    "hop_limit",
    "exceeds_mtu",
    "tx_busy",
    "needs_reassembly",
    "bad_l4_header",
    "bad_l4_length",
    "l4_checksum",
    "no_l4_checksum",
    "no_handler",
    "time_wait",
    "socket_closed",
    "socket_buffer_full",
    "handler_refused",
    "no_table_space",
    "module_going_skb",
    "module_going_device",
    "module_going_route",
    "module_going_neighbour",
    "module_going_policy",
    "module_going_socket",
    "module_going_create",
};
static_assert(!kDropReasonNames.back().empty(), "a reason without a name");

constexpr std::string_view name(DropReason reason) noexcept {
  return kDropReasonNames[static_cast<std::size_t>(reason)];
}

}  // namespace getput::bench::netpath
