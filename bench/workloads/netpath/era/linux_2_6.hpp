// SPDX-License-Identifier: MIT
// The receive path of Linux 2.6.11, without NAPI, as it was when the question was asked (2.4.22 is
// the same in what matters here). Functions carry the kernel's names.
//
// What it takes of its own, per packet: the device from netif_rx to the end of process_backlog, the
// route until the packet is freed, the socket while the packet is processed, a policy for each
// check where policies are loaded; all counted by unconditional atomic increments. The locks: one
// reader-writer lock for UDP's sockets, one a bucket for TCP's, one a neighbour, and two locks of
// the sending device that all CPUs share.
//
// Where from: Linux 2.6.11, net/core and net/ipv4; docs/netpath.md has the files and the table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <variant>

#include "bench/workloads/netpath/era.hpp"
#include "bench/workloads/netpath/path_steps.hpp"
#include "schemes/counter/atomic.hpp"

namespace getput::bench::netpath {

/// An atomic_t each.
using Linux26Objects = ObjectSchemes<Atomic<>, Atomic<>, Atomic<>, Atomic<>, Atomic<>>;

template <class S, Charge C, class Objects, bool Counting>
class Linux26Path : public PathSteps<S, C, Objects, Counting> {
  using Base = PathSteps<S, C, Objects, Counting>;

 public:
  using Base::Base;

  /// The interrupts of one batch and the softirq after them; returns how many frames, 0 for an
  /// empty ring. The thread is online in urcu-qsbr and quiescent afterwards.
  [[gnu::always_inline]] std::size_t poll() noexcept;

 private:
  using Base::core_;
  using Base::network_;
  using Base::nic_;
  using Base::references_;
  using typename Base::Module;
  using typename Base::Ticket;
  using typename Base::Transport;
  using typename Base::Use;

  static constexpr bool kDevices = C.device || Base::kUses;
  static constexpr std::size_t kAhead = 8;  ///< frames, as in linux_6

  /// softnet_data's input_pkt_queue: packets, each with the device that it came from.
  struct Queued {
    SkBuff* skb;
    typename Objects::Device::Ticket device;
    [[no_unique_address]] std::conditional_t<kDevices, Ticket, std::monostate> device_module;
  };

  bool netif_rx(const RxSlot& slot, Queued& queued) noexcept;
  bool dev_hold(Queued& queued) noexcept;
  void dev_put(Queued& queued) noexcept;
  DropReason netif_receive_skb(SkBuff& skb) noexcept;
  Route* ip_route_input(SkBuff& skb, DropReason& why) noexcept;
  Route* find_route(const SkBuff& skb, DropReason& why) noexcept;
  [[gnu::noinline]] Route* ip_route_input_slow(const Route::Key& key, DropReason& why) noexcept;
  DropReason ip_local_deliver(SkBuff& skb) noexcept;
  DropReason transport_rcv(SkBuff& skb, const Transport& transport, const FlowKey& key) noexcept;
  Socket* v4_lookup(const SkBuff& skb, const Transport& transport, const FlowKey& key,
                    DropReason& why) noexcept;
  Socket* held(Socket* socket) noexcept;  // sock_hold
  DropReason ip_forward(SkBuff& skb, Route& route) noexcept;
  DropReason ip_finish_output2(SkBuff& skb, Neighbour& neighbour) noexcept;
  DropReason dev_queue_xmit(SkBuff& skb, const getput_link_header& header) noexcept;

  auto& device_count() noexcept {
    return *static_cast<typename Objects::Device*>(network_.in.refs);
  }
};

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline std::size_t Linux26Path<S, C, O, N>::poll() noexcept {
  return this->poll_batch([this](const RxSlot* slots, std::size_t count) {
    std::array<Queued, kBatch> backlog;
    std::size_t queued = 0;
    for (std::size_t i = 0; i < count; ++i)
      queued += static_cast<std::size_t>(netif_rx(slots[i], backlog[queued]));
    for (std::size_t i = 0; i < queued; ++i) {  // process_backlog
      const DropReason why = netif_receive_skb(*backlog[i].skb);
      if (why != DropReason::none) [[unlikely]]
        this->drop(backlog[i].skb, why);
      dev_put(backlog[i]);
    }
  });
}

/// The interrupt: a packet head, and the device held while the packet waits. False: dropped.
template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline bool Linux26Path<S, C, O, N>::netif_rx(const RxSlot& slot,
                                                                     Queued& queued) noexcept {
  __builtin_prefetch((&slot + kAhead)->desc.data);
  core_.account.bytes += slot.desc.wire_len;
  DropReason why = DropReason::none;
  queued.skb = this->alloc_skb(slot, why);
  if (queued.skb == nullptr) [[unlikely]] {
    core_.account.drop(why);
    return false;
  }
  if (!dev_hold(queued)) [[unlikely]] {
    this->drop(queued.skb, DropReason::module_going_device);
    return false;
  }
  why = this->driver_rx(slot, *queued.skb);
  if (why == DropReason::none) [[likely]]
    return true;
  this->drop(queued.skb, why);
  dev_put(queued);
  return false;
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline bool Linux26Path<S, C, O, N>::dev_hold(Queued& queued) noexcept {
  if constexpr (kDevices) {
    queued.device_module = this->get_for(*queued.skb);
    if (!queued.device_module) [[unlikely]]
      return false;
    references_.took(Referred::module);
  }
  queued.device = hold(device_count());
  references_.took(Referred::device);
  return true;
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline void Linux26Path<S, C, O, N>::dev_put(Queued& queued) noexcept {
  device_count().put(queued.device);
  if constexpr (kDevices)
    modules::module_put(nic_, queued.device_module);
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::netif_receive_skb(
    SkBuff& skb) noexcept {
  DropReason why = this->ip_rcv_core(skb);
  if (why != DropReason::none) [[unlikely]]
    return why;
  Route* route = ip_route_input(skb, why);
  if (route == nullptr) [[unlikely]]
    return why;
  core_.work.at_site();
  return route->neighbour == nullptr ? ip_local_deliver(skb) : ip_forward(skb, *route);
}

/// The packet holds the route, and the level's reference for its use, until it is freed.
template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline Route* Linux26Path<S, C, O, N>::ip_route_input(
    SkBuff& skb, DropReason& why) noexcept {
  Route* route = find_route(skb, why);
  if (route == nullptr) [[unlikely]]
    return nullptr;
  if constexpr (Base::kUses) {
    const Ticket ticket = this->get_for(skb);
    if (!ticket) [[unlikely]] {
      why = DropReason::module_going_route;
      return nullptr;
    }
    references_.took(Referred::module);
    skb.dst_ticket.store(ticket);
  }
  (void)hold(route->refs.template as<typename O::Dst>());
  references_.took(Referred::dst);
  this->skb_dst_set(skb, route->refs);
  route->last_use = core_.passes;  // jiffies and __use: plain writes to the line of the count
  ++route->uses;
  return route;
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline Route* Linux26Path<S, C, O, N>::find_route(const SkBuff& skb,
                                                                         DropReason& why) noexcept {
  const Packet& parsed = skb.parsed;
  const Route::Key key{parsed.destination, parsed.source, skb.packet.ifindex, parsed.traffic_class};
  if (Route* found = network_.routes.find(key, hash(key))) [[likely]]
    return found;
  return ip_route_input_slow(key, why);
}

/// The miss: a new cache entry, bound to its neighbour for good.
template <class S, Charge C, class O, bool N>
Route* Linux26Path<S, C, O, N>::ip_route_input_slow(const Route::Key& key,
                                                    DropReason& why) noexcept {
  Neighbour* neighbour = nullptr;
  if (!network_.is_local(key.destination)) {
    const Neighbour::Key next_hop{Network::gateway_to(key.destination), network_.out.abi.ifindex};
    neighbour = this->template find_or_create<typename O::Neighbour, Neighbour>(
        network_.neighbours, network_.neighbour_memory, next_hop, hash(next_hop), nic_, why);
    if (neighbour == nullptr)
      return nullptr;
    (void)hold(neighbour->refs.template as<typename O::Neighbour>());
    references_.took(Referred::neighbour);
  }
  return this->template create<typename O::Dst, Route>(network_.routes, network_.route_memory, key,
                                                       nic_, why, neighbour);
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::ip_local_deliver(
    SkBuff& skb) noexcept {
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
  return transport_rcv(skb, transport, key);
}

/// tcp_v4_rcv and udp_rcv: the socket is held from its lookup to the end.
template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::transport_rcv(
    SkBuff& skb, const Transport& transport, const FlowKey& key) noexcept {
  DropReason why = DropReason::none;
  Socket* socket = v4_lookup(skb, transport, key, why);
  if (socket == nullptr) [[unlikely]]
    return why;
  {
    const Use use(transport.module, references_);
    why = use ? this->queue_rcv_skb(skb, *socket, transport) : DropReason::module_going_socket;
  }
  socket->refs.template as<typename O::Socket>().put(typename O::Socket::Ticket(true));
  return why;
}

/// udp_v4_lookup and __tcp_v4_lookup: under the lock for reading, and for writing where the socket
/// has to be opened.
template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline Socket* Linux26Path<S, C, O, N>::v4_lookup(const SkBuff& skb,
                                                                         const Transport& transport,
                                                                         const FlowKey& key,
                                                                         DropReason& why) noexcept {
  const std::uint64_t hashed = hash(key);
  {
    const std::shared_lock lock(network_.socket_lock(key, hashed));
    if (Socket* found = network_.sockets.find(key, hashed)) [[likely]]
      return held(found);
  }
  const auto lock = network_.lock_to_change(key);
  Socket* opened = this->open_socket(skb, transport, key, why);
  return opened == nullptr ? nullptr : held(opened);
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline Socket* Linux26Path<S, C, O, N>::held(Socket* socket) noexcept {
  (void)hold(socket->refs.template as<typename O::Socket>());
  references_.took(Referred::socket);
  return socket;
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::ip_forward(
    SkBuff& skb, Route& route) noexcept {
  if (auto why = this->ip_forward_checks(skb, route.mtu); why != DropReason::none) [[unlikely]]
    return why;
  if (auto why = this->xfrm_forward_checks(skb); why != DropReason::none) [[unlikely]]
    return why;
  Base::ip_decrease_ttl(skb);
  return ip_finish_output2(skb, *route.neighbour);
}

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::ip_finish_output2(
    SkBuff& skb, Neighbour& neighbour) noexcept {
  const Use use = this->use_by(skb);
  if (!use) [[unlikely]]
    return DropReason::module_going_neighbour;
  getput_link_header header;
  {
    const std::shared_lock shared(neighbour.hh_lock);
    header = neighbour.header;
  }
  return dev_queue_xmit(skb, header);
}

/// Both locks belong to the device, so all its senders take turns.
template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason Linux26Path<S, C, O, N>::dev_queue_xmit(
    SkBuff& skb, const getput_link_header& header) noexcept {
  std::unique_lock queue(network_.out.queue_lock);
  const std::lock_guard xmit(network_.out.xmit_lock);
  queue.unlock();
  return this->driver_xmit(skb, header);
}

}  // namespace getput::bench::netpath
