// SPDX-License-Identifier: MIT
// Path: what happens to one packet. Included by path.hpp.
#pragma once

#include "bench/workloads/netpath/path.hpp"

namespace getput::bench::netpath {

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline void Path<S, L, Counting>::receive(const RxSlot& slot) noexcept {
  core_.account.bytes += slot.desc.wire_len;
  DropReason why = DropReason::none;
  SkBuff* skb = allocate(slot, why);
  if (skb == nullptr) [[unlikely]] {
    core_.account.drop(why);
    return;
  }
  {
    const Use device(nic_, gets_);
    why = device ? input(slot, *skb) : DropReason::module_going_device;
  }
  if (why != DropReason::none) [[unlikely]] {
    core_.account.drop(why);
    free(skb);
  }
}

/// From the driver to the route. none: somebody else owns the packet now.
template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline DropReason Path<S, L, Counting>::input(const RxSlot& slot,
                                                                     SkBuff& skb) noexcept {
  slot.restore();
  if (auto why = reason_of(link_->rx(&network_.in.abi, &slot.desc, &skb.packet, &core_.stats));
      why != DropReason::none) [[unlikely]]
    return why;
  if (slot.checksum_good)
    skb.packet.flags |= GETPUT_PKT_CSUM_UNNECESSARY;
  if (auto why = parse(skb.packet.data, skb.packet.captured, skb.packet.wire_len, skb.parsed);
      why != DropReason::none) [[unlikely]]
    return why;
  describe(skb);

  const Packet& parsed = skb.parsed;
  const std::uint64_t addresses = hash_addresses(parsed.source, parsed.destination);
  DropReason why = DropReason::none;
  const Route* route =
      find_or_create(network_.routes, network_.route_memory,
                     {parsed.destination, parsed.source, skb.packet.ifindex, parsed.traffic_class},
                     route_hash(addresses, skb.packet.ifindex, parsed.traffic_class), nic_, why);
  if (route == nullptr) [[unlikely]]
    return why;
  const Use route_use(nic_, gets_);
  if (!route_use) [[unlikely]]
    return DropReason::module_going_route;
  if (route->local)
    return deliver(skb, addresses);
  if (parsed.ip_length > route->mtu) [[unlikely]]
    return DropReason::exceeds_mtu;
  return forward(skb, addresses);
}

/// Tells the transports what the parser found; Ethernet padding behind the packet goes.
template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline void Path<S, L, Counting>::describe(SkBuff& skb) noexcept {
  const Packet& parsed = skb.parsed;
  getput_packet& packet = skb.packet;
  const std::uint32_t end = parsed.ip_offset + parsed.ip_length;
  packet.wire_len = end;
  packet.captured = std::min(packet.captured, end);
  packet.ether_type = parsed.ipv6 ? 0x86dd : 0x0800;
  packet.network_offset = static_cast<std::uint16_t>(parsed.ip_offset);
  packet.transport_offset = static_cast<std::uint16_t>(parsed.l4_offset);
  packet.transport_len = parsed.l4_length();
  const std::uint8_t* ip = packet.data + parsed.ip_offset;
  packet.src_addr = ip + (parsed.ipv6 ? 8 : 12);
  packet.dst_addr = ip + (parsed.ipv6 ? 24 : 16);
  packet.family = parsed.ipv6 ? 6 : 4;
  packet.protocol = parsed.protocol;
  if (parsed.fragment)
    packet.flags |= GETPUT_PKT_FRAGMENT;
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline DropReason Path<S, L, Counting>::deliver(
    SkBuff& skb, std::uint64_t addresses) noexcept {
  const Packet& parsed = skb.parsed;
  if (parsed.upper_problem != DropReason::none) [[unlikely]]
    return parsed.upper_problem;
  if (parsed.fragment) [[unlikely]]
    return DropReason::needs_reassembly;
  if (raw_)
    to_raw_socket(skb);
  const bool tcp = parsed.protocol == protocol::kTcp;
  if (!tcp && parsed.protocol != protocol::kUdp) [[unlikely]]
    return DropReason::no_handler;
  Module* module = tcp ? tcp_ : udp_;

  DropReason why = DropReason::none;
  const Policy* policy = find_or_create(network_.policies, network_.policy_memory,
                                        {parsed.source, parsed.destination, parsed.protocol},
                                        policy_hash(addresses, parsed.protocol), module, why);
  if (policy == nullptr) [[unlikely]]
    return why;
  const Use policy_use(module, gets_);
  if (!policy_use) [[unlikely]]
    return DropReason::module_going_policy;
  return to_socket(skb, addresses, module, tcp ? tcp_ops_ : udp_ops_);
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline DropReason Path<S, L, Counting>::to_socket(
    SkBuff& skb, std::uint64_t addresses, Module* module,
    const getput_transport_ops* ops) noexcept {
  getput_ports ports{};
  DropReason why = reason_of(ops->demux(&skb.packet, &ports));
  if (why != DropReason::none) [[unlikely]]
    return why;
  const Packet& parsed = skb.parsed;
  Socket* socket =
      find_or_create(network_.sockets, core_.socket_memory,
                     {parsed.source, parsed.destination, ports.src, ports.dst, parsed.protocol},
                     socket_hash(addresses, ports.src, ports.dst, parsed.protocol), module, why);
  if (socket == nullptr) [[unlikely]]
    return why;
  const Use socket_use(module, gets_);
  if (!socket_use) [[unlikely]]
    return DropReason::module_going_socket;
  bool ended = false;
  why = queue(skb, *socket, ops, ended);
  if (why != DropReason::none) [[unlikely]]
    return why;
  ++core_.account.delivered;
  if (ended) [[unlikely]]
    close(*socket, module);
  return DropReason::none;
}

/// Hands the packet to the transport and appends it to the receive queue, under the socket's lock.
/// @p ended: it was the connection's last.
template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline DropReason Path<S, L, Counting>::queue(
    SkBuff& skb, Socket& socket, const getput_transport_ops* ops, bool& ended) noexcept {
  constexpr std::uint32_t kReceiveBuffer = 212992;  // net.core.rmem_default
  const std::lock_guard lock(socket.lock);
  if (socket.closed) [[unlikely]]
    return DropReason::socket_closed;
  if (socket.queued + skb.truesize > kReceiveBuffer) [[unlikely]]
    return DropReason::socket_buffer_full;
  if (auto why = reason_of(ops->rcv(&skb.packet, &socket.transport, &core_.stats));
      why != DropReason::none) [[unlikely]]
    return why;
  ended = (socket.transport.tcp_state & (GETPUT_TCP_FIN_SEEN | GETPUT_TCP_RESET)) != 0;
  socket.queued += skb.truesize;
  skb.next = nullptr;
  (socket.head == nullptr ? socket.head : socket.tail->next) = &skb;
  socket.tail = &skb;
  if (!socket.readable) {
    socket.readable = true;
    core_.readable[core_.readable_count++] = &socket;
  }
  return DropReason::none;
}

/// A clone for the raw socket. The packet's own reference vouches for the clone's, so it cannot be
/// refused (the kernel's __module_get).
template <class S, Level L, bool Counting>
void Path<S, L, Counting>::to_raw_socket(SkBuff& skb) noexcept {
  SkBuff* clone = core_.heads.clone(skb);
  if (clone == nullptr) {
    ++core_.account.clone_missed;
    return;
  }
  if constexpr (charges_packets(L)) {
    clone->ticket.store(modules::module_get(nic_, skb.ticket.template peek<Ticket>()));
    ++gets_;
  }
  ++core_.account.cloned;
  clone->next = core_.raw_queue;
  core_.raw_queue = clone;
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline DropReason Path<S, L, Counting>::forward(
    SkBuff& skb, std::uint64_t addresses) noexcept {
  const Packet& parsed = skb.parsed;
  if (parsed.hop_limit <= 1) [[unlikely]]
    return DropReason::hop_limit;
  Module* owner = owner_of(parsed.protocol);
  DropReason why = DropReason::none;
  const Policy* policy = find_or_create(network_.policies, network_.policy_memory,
                                        {parsed.source, parsed.destination, parsed.protocol},
                                        policy_hash(addresses, parsed.protocol), owner, why);
  if (policy == nullptr) [[unlikely]]
    return why;
  const Use policy_use(owner, gets_);
  if (!policy_use) [[unlikely]]
    return DropReason::module_going_policy;

  const Neighbour::Key next_hop{Network::gateway_to(parsed.destination), network_.out.abi.ifindex};
  const Neighbour* neighbour = find_or_create(network_.neighbours, network_.neighbour_memory,
                                              next_hop, hash(next_hop), nic_, why);
  if (neighbour == nullptr) [[unlikely]]
    return why;
  const Use neighbour_use(nic_, gets_);
  if (!neighbour_use) [[unlikely]]
    return DropReason::module_going_neighbour;

  lower_hop_limit(skb);
  why = reason_of(link_->xmit(&network_.out.abi, &skb.packet, &neighbour->header, &core_.tx.abi,
                              &skb, &core_.stats));
  if (why != DropReason::none) [[unlikely]]
    return why;
  ++core_.account.forwarded;
  return DropReason::none;
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline void Path<S, L, Counting>::lower_hop_limit(SkBuff& skb) noexcept {
  std::uint8_t* ip = skb.frame + skb.parsed.ip_offset;
  if (skb.parsed.ipv6) {
    --ip[7];
    return;
  }
  const auto before = load_be<std::uint16_t>(ip + 8);  // TTL and protocol share a checksum word
  const auto after = static_cast<std::uint16_t>(before - 0x100);
  --ip[8];
  store_be(ip + 10, update_checksum(load_be<std::uint16_t>(ip + 10), before, after));
}

}  // namespace getput::bench::netpath
