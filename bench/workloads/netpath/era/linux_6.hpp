// SPDX-License-Identifier: MIT
// The receive path of Linux 6.8. Functions carry the kernel's names.
//
// What it takes of its own, per packet: nothing for a UDP packet and for a forwarded one; one
// reference to the socket for a TCP segment (refcount_inc_not_zero in __inet_lookup_established).
// Routes, neighbours and devices are used under the poll's read-side section: a route is noted in
// the packet without counting it (noref), and counted where a packet leaves the poll with it
// (skb_dst_force). A lock per transmit queue; bytes charged to the socket atomically.
//
// Where from: Linux 6.8.1, net/core/dev.c, net/ipv4/{ip_input,route,ip_forward,ip_output,
// inet_hashtables}.c; network-fast-path in docs/netpath.md has the table. Facts, no code.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "bench/workloads/netpath/era.hpp"
#include "bench/workloads/netpath/path_steps.hpp"
#include "schemes/counter/rcuref.hpp"
#include "schemes/counter/refcount.hpp"

namespace getput::bench::netpath {

/// What counted these objects in 6.8: dst rcuref_t, the others refcount_t. A net_device is counted
/// per CPU there unless CONFIG_PCPU_DEV_REFCNT is off; the path takes no reference to one, and the
/// simpler form works on machines without rseq.
using Linux6Objects = ObjectSchemes<Rcuref<machine::Native, FlagPlace::beside_word>, Refcount<>,
                                    Refcount<>, Refcount<>, Refcount<>>;

template <class S, Charge C, Shape kShape, class Objects, bool Counting>
class Linux6Path : public PathSteps<S, C, Objects, Counting> {
  using Base = PathSteps<S, C, Objects, Counting>;

 public:
  using Base::Base;

  /// napi_poll: one batch of the receive ring; returns how many frames it took, 0 for an empty
  /// ring. The thread is online in urcu-qsbr and quiescent afterwards.
  [[gnu::always_inline]] std::size_t poll() noexcept;

 private:
  using Base::core_;
  using Base::network_;
  using Base::nic_;
  using Base::references_;
  using typename Base::Transport;
  using typename Base::Use;

  /// Packets of one stage. Their heads, headers and sockets have to stay in the first-level cache
  /// from stage to stage.
  static constexpr std::size_t kStage = 32;
  /// Frames ahead of which a header is brought into the cache.
  static constexpr std::size_t kAhead = 8;

  /// A packet between the stages.
  struct Staged {
    SkBuff* skb;
    NextHopInfo* hop;      ///< null: no route
    std::uint64_t socket;  ///< hash of its socket's key; 0: not known
  };

  void netif_receive_skb(const RxSlot& slot) noexcept;
  void netif_receive_skb_list(const RxSlot* slots, std::size_t count) noexcept;
  SkBuff* receive(const RxSlot& slot) noexcept;
  NextHopInfo* ip_route_input_noref(SkBuff& skb) noexcept;
  void prefetch_socket(Staged& staged) noexcept;
  DropReason dst_input(SkBuff& skb, NextHopInfo* hop, std::uint64_t hashed) noexcept;
  DropReason ip_local_deliver(SkBuff& skb, std::uint64_t hashed) noexcept;
  DropReason transport_rcv(SkBuff& skb, const Transport& transport, const FlowKey& key,
                           std::uint64_t hashed) noexcept;
  DropReason ip_forward(SkBuff& skb, const NextHopInfo& hop) noexcept;
  DropReason ip_finish_output2(SkBuff& skb, const NextHopInfo& hop) noexcept;
  DropReason neigh_hh_output(SkBuff& skb, const Neighbour& neighbour) noexcept;
};

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline std::size_t Linux6Path<S, C, kShape, O, N>::poll() noexcept {
  return this->poll_batch([this](const RxSlot* slots, std::size_t count) {
    if constexpr (kShape == Shape::staged) {
      for (std::size_t i = 0; i < count; i += kStage)
        netif_receive_skb_list(slots + i, std::min(kStage, count - i));
    } else {
      for (std::size_t i = 0; i < count; ++i) netif_receive_skb(slots[i]);
    }
  });
}

/// Allocates, and runs what the device and the network header want. Null: dropped and counted.
template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline SkBuff* Linux6Path<S, C, kShape, O, N>::receive(
    const RxSlot& slot) noexcept {
  // Behind the last slot lies the ring's padding.
  __builtin_prefetch((&slot + kAhead)->desc.data);
  core_.account.bytes += slot.desc.wire_len;
  DropReason why = DropReason::none;
  SkBuff* skb = this->alloc_skb(slot, why);
  if (skb == nullptr) [[unlikely]] {
    core_.account.drop(why);
    return nullptr;
  }
  {
    const Use device = this->use_by(*skb);
    why = device ? this->driver_rx(slot, *skb) : DropReason::module_going_device;
    if (why == DropReason::none) [[likely]]
      why = this->ip_rcv_core(*skb);
  }
  if (why == DropReason::none) [[likely]]
    return skb;
  this->drop(skb, why);
  return nullptr;
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline void Linux6Path<S, C, kShape, O, N>::netif_receive_skb(
    const RxSlot& slot) noexcept {
  SkBuff* skb = receive(slot);
  if (skb == nullptr) [[unlikely]]
    return;
  const DropReason why = dst_input(*skb, ip_route_input_noref(*skb), 0);
  if (why != DropReason::none) [[unlikely]]
    this->drop(skb, why);
}

/// ip_list_rcv in stages: headers, routes, sockets, each for all packets before the next stage, so
/// that the cache misses of a stage overlap.
template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline void Linux6Path<S, C, kShape, O, N>::netif_receive_skb_list(
    const RxSlot* slots, std::size_t count) noexcept {
  std::array<Staged, kStage> list;
  std::size_t staged = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (SkBuff* skb = receive(slots[i])) [[likely]] {
      network_.fib.prefetch(skb->parsed.destination);
      list[staged++].skb = skb;
    }
  }
  for (std::size_t i = 0; i < staged; ++i) {
    list[i].hop = ip_route_input_noref(*list[i].skb);
    prefetch_socket(list[i]);
  }
  for (std::size_t i = 0; i < staged; ++i) {
    if (list[i].socket != 0)
      network_.template sockets_in<O>().prefetch_object(list[i].socket, kHotSocketBytes);
  }
  for (std::size_t i = 0; i < staged; ++i) {
    const DropReason why = dst_input(*list[i].skb, list[i].hop, list[i].socket);
    if (why != DropReason::none) [[unlikely]]
      this->drop(list[i].skb, why);
  }
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline NextHopInfo* Linux6Path<S, C, kShape, O, N>::ip_route_input_noref(
    SkBuff& skb) noexcept {
  NextHopInfo* hop = network_.route_to(skb.parsed.destination);
  if (hop != nullptr) [[likely]]
    this->skb_dst_set_noref(skb, hop->refs);
  return hop;
}

/// Finds the bucket of a packet for this host from the ports as they lie in the frame.
template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline void Linux6Path<S, C, kShape, O, N>::prefetch_socket(
    Staged& staged) noexcept {
  staged.socket = 0;
  const SkBuff& skb = *staged.skb;
  const Packet& parsed = skb.parsed;
  constexpr std::uint32_t kPorts = 4;
  if (staged.hop == nullptr || staged.hop->out_device != 0 ||
      parsed.l4_offset + kPorts > skb.packet.captured)
    return;
  const std::uint8_t* ports = skb.packet.data + parsed.l4_offset;
  staged.socket =
      socket_hash(hash_addresses(parsed.source, parsed.destination), load_be<std::uint16_t>(ports),
                  load_be<std::uint16_t>(ports + 2), parsed.protocol);
  network_.template sockets_in<O>().prefetch_bucket(staged.socket);
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::dst_input(
    SkBuff& skb, NextHopInfo* hop, std::uint64_t hashed) noexcept {
  if (hop == nullptr) [[unlikely]]
    return DropReason::no_route;
  const Use route = this->use_by(skb);
  if (!route) [[unlikely]]
    return DropReason::module_going_route;
  core_.work.at_site();
  return hop->out_device == 0 ? ip_local_deliver(skb, hashed) : ip_forward(skb, *hop);
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::ip_local_deliver(
    SkBuff& skb, std::uint64_t hashed) noexcept {
  if (auto why = Base::ip_local_deliver(skb); why != DropReason::none) [[unlikely]]
    return why;
  const Transport transport = this->transport_of(skb.parsed.protocol);
  if (transport.ops == nullptr) [[unlikely]]
    return DropReason::no_handler;
  if (auto why = this->xfrm_policy_check(skb); why != DropReason::none) [[unlikely]]
    return why;
  FlowKey key;
  if (auto why = Base::demux(skb, transport, key); why != DropReason::none) [[unlikely]]
    return why;
  // The transport reads the same ports as prefetch_socket().
  if (hashed == 0)
    hashed = hash(key);
  return transport_rcv(skb, transport, key, hashed);
}

/// tcp_v4_rcv and udp_rcv. TCP counts the socket while the segment is processed
/// (__inet_lookup_established .. sock_put); UDP uses it under the poll's read-side section
/// (SOCK_RCU_FREE).
template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::transport_rcv(
    SkBuff& skb, const Transport& transport, const FlowKey& key, std::uint64_t hashed) noexcept {
  DropReason why = DropReason::none;
  Socket* socket = network_.template sockets_in<O>().find(key, hashed);
  if (socket == nullptr) [[unlikely]]
    socket = this->open_socket(skb, transport, key, why);
  if (socket == nullptr) [[unlikely]]
    return why;
  auto& refs = socket->refs.template as<typename O::Socket>();
  typename O::Socket::Ticket ticket;
  const bool counted = key.protocol == protocol::kTcp;
  if (counted) {
    ticket = refs.try_get();
    if (!ticket) [[unlikely]]
      return DropReason::socket_closed;
    references_.took(Referred::socket);
  }
  {
    const Use use(transport.module, references_);
    why = use ? this->queue_rcv_skb(skb, *socket, transport) : DropReason::module_going_socket;
  }
  if (counted)
    refs.put(ticket);
  return why;
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::ip_forward(
    SkBuff& skb, const NextHopInfo& hop) noexcept {
  if (auto why = this->ip_forward_checks(skb, hop.mtu); why != DropReason::none) [[unlikely]]
    return why;
  if (auto why = this->xfrm_forward_checks(skb); why != DropReason::none) [[unlikely]]
    return why;
  Base::ip_decrease_ttl(skb);
  return ip_finish_output2(skb, hop);
}

template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::ip_finish_output2(
    SkBuff& skb, const NextHopInfo& hop) noexcept {
  const Neighbour::Key key{hop.gateway, hop.out_device};
  DropReason why = DropReason::none;
  const Neighbour* neighbour = this->template find_or_create<typename O::Neighbour, Neighbour>(
      network_.neighbours, network_.neighbour_memory, key, hash(key), nic_, why);
  if (neighbour == nullptr) [[unlikely]]
    return why;
  const Use use = this->use_by(skb);
  return use ? neigh_hh_output(skb, *neighbour) : DropReason::module_going_neighbour;
}

/// Copies the header under its sequence count, then sends under the transmit queue's lock.
template <class S, Charge C, Shape kShape, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux6Path<S, C, kShape, O, N>::neigh_hh_output(
    SkBuff& skb, const Neighbour& neighbour) noexcept {
  getput_link_header header;
  std::uint32_t sequence = 0;
  do {
    sequence = neighbour.hh_sequence.load(std::memory_order_acquire);
    header = neighbour.header;
    std::atomic_thread_fence(std::memory_order_acquire);
  } while (sequence != neighbour.hh_sequence.load(std::memory_order_relaxed));
  const std::lock_guard lock(core_.tx_lock);
  return this->driver_xmit(skb, header);
}

}  // namespace getput::bench::netpath
