// SPDX-License-Identifier: MIT
// The objects of the receive path that could each hold, or be worth, a module reference. Which
// module they belong to: devices, routes and neighbours to the link driver, through which a packet
// that uses them leaves; policies and sockets to the transport they select (the link driver's for
// protocols without a transport module).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/object_count.hpp"
#include "bench/workloads/netpath/objects/rw_lock.hpp"
#include "bench/workloads/netpath/objects/table.hpp"
#include "bench/workloads/netpath/objects/table_link.hpp"
#include "bench/workloads/netpath/objects/ticket_space.hpp"
#include "modules/plugin_abi.h"
#include "schemes/machine/spin_lock.hpp"

namespace getput::bench::netpath {

struct SkBuff;

// A packet's addresses are hashed once; the hashes of its keys continue from there. A sum of
// products with odd constants: the four multiplications are independent of each other.
constexpr std::uint64_t hash_addresses(const Address& source, const Address& destination) noexcept {
  const std::uint64_t sum =
      source.high * 0xbf58476d1ce4e5b9ULL + source.low * 0x94d049bb133111ebULL +
      destination.high * 0xd6e8feb86659fd93ULL + destination.low * 0xff51afd7ed558ccdULL;
  return sum ^ (sum >> 32U);
}
constexpr std::uint64_t route_hash(std::uint64_t addresses, std::uint32_t in_device,
                                   std::uint8_t traffic_class) noexcept {
  return hash_step(addresses, (std::uint64_t{in_device} << 8U) | traffic_class);
}
constexpr std::uint64_t socket_hash(std::uint64_t addresses, std::uint16_t source_port,
                                    std::uint16_t destination_port,
                                    std::uint8_t protocol) noexcept {
  return hash_step(addresses, (std::uint64_t{source_port} << 24U) |
                                  (std::uint64_t{destination_port} << 8U) | protocol);
}

/// A next hop with its link-layer header ready.
struct alignas(64) Neighbour {
  struct Key {
    Address gateway;
    std::uint32_t device = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  TableLink<Neighbour> link;
  Key key;
  ObjectCount refs;
  alignas(64) RwLock hh_lock;  ///< linux_2_6 reads `header` under it
  /// linux_6 reads `header` under this sequence count: even, and unchanged after reading.
  std::atomic<std::uint32_t> hh_sequence{0};
  getput_link_header header{};
  alignas(64) TicketSpace ticket;  ///< charge level 3, as in the other objects
};
constexpr std::uint64_t hash(const Neighbour::Key& key) noexcept {
  return hash_step(hash_step(key.gateway.high, key.gateway.low), key.device);
}

/// An entry of the route cache of linux_2_6, with the key of the kernel's cache (rt_hash).
struct alignas(64) Route {
  struct Key {
    Address destination;
    Address source;
    std::uint32_t in_device = 0;
    std::uint8_t traffic_class = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  TableLink<Route> link;
  Key key;
  Neighbour* neighbour = nullptr;  ///< next hop; null: for this host
  // line 1: what every packet writes
  alignas(64) ObjectCount refs;
  std::uint64_t last_use = 0;
  std::uint32_t uses = 0;
  std::uint32_t mtu = 0;
  TicketSpace ticket;
};
constexpr std::uint64_t hash(const Route::Key& key) noexcept {
  return route_hash(hash_addresses(key.source, key.destination), key.in_device, key.traffic_class);
}

/// A next hop of linux_6's forwarding table, with its cached route (nh_rth_input).
struct alignas(64) NextHopInfo {
  Address gateway;
  std::uint32_t mtu = 0;
  std::uint32_t out_device = 0;  ///< 0: for this host
  alignas(64) ObjectCount refs;  ///< of the cached route; the path reads it without counting
};

/// An IPsec-like policy: may packets to this network with this protocol pass?
struct alignas(64) Policy {
  struct Key {
    Address network;  ///< of a /24 or a /64
    std::uint8_t protocol = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  TableLink<Policy> link;
  Key key;
  alignas(64) ObjectCount refs;
  TicketSpace ticket;
};
constexpr std::uint64_t hash(const Policy::Key& key) noexcept {
  return hash_step(hash_step(key.network.high, key.network.low), key.protocol);
}
/// The key of the policy for a destination.
constexpr Policy::Key policy_key(const Address& destination, std::uint8_t protocol) noexcept {
  return {network_of(destination), protocol};
}

/// One direction of a UDP or TCP flow, ending here.
struct alignas(64) Socket {
  using Key = FlowKey;
  TableLink<Socket> link;
  Key key;
  // line 1: what every packet writes, the count included. The kernel moved it off the line of the
  // key, too (8e5eb54d303b: 4.2 to 6.0 Mpps).
  alignas(64) machine::SpinLock lock;
  bool closed = false;                 ///< out of the table, or about to be; under the lock
  bool readable = false;               ///< on some worker's list of sockets to read; under the lock
  std::atomic<std::uint32_t> rmem{0};  ///< bytes charged to the receive queue (sk_rmem_alloc)
  ObjectCount refs;                    ///< sk_refcnt
  getput_socket transport{};           ///< the transport's own state; under the lock
  SkBuff* head = nullptr;              ///< receive queue; under the lock
  SkBuff* tail = nullptr;
  // line 2: what no packet touches
  alignas(64) TicketSpace ticket;
};
/// The lines of a socket that a packet touches.
inline constexpr std::size_t kHotSocketBytes = 128;
static_assert(offsetof(Socket, ticket) == kHotSocketBytes);
constexpr std::uint64_t hash(const FlowKey& key) noexcept {
  return socket_hash(hash_addresses(key.source, key.destination), key.source_port,
                     key.destination_port, key.protocol);
}

/// What is left of a TCP connection that this side closed: late segments of it must not reach the
/// next connection with the same key (inet_timewait_sock).
struct alignas(64) TimeWait {
  using Key = FlowKey;
  TableLink<TimeWait> link;
  Key key;
  // line 1
  alignas(64) TimeWait* later = nullptr;  ///< the next one of its worker to expire
  std::uint64_t expires = 0;              ///< reading of the clock
  ObjectCount refs;
  TicketSpace ticket;
};

/// A network device, one for receiving and one for sending.
struct alignas(64) Device {
  getput_netdev abi{};
  std::uint32_t mtu = 1500;
  void* refs = nullptr;  ///< its count, of the era's scheme; owned by the network
  // linux_2_6: two locks that all senders share
  alignas(64) machine::SpinLock queue_lock;
  alignas(64) machine::SpinLock xmit_lock;
  TicketSpace ticket;
};

}  // namespace getput::bench::netpath
