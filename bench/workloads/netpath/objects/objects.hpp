// SPDX-License-Identifier: MIT
// The objects of the receive path that could each hold, or be worth, a module reference. Which
// module they belong to: devices, routes and neighbours to the link driver, through which a packet
// that uses them leaves; policies and sockets to the transport they select (the link driver's for
// protocols without a transport module).
#pragma once

#include <atomic>
#include <cstdint>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/table.hpp"
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
constexpr std::uint64_t policy_hash(std::uint64_t addresses, std::uint8_t protocol) noexcept {
  return hash_step(addresses, protocol);
}
constexpr std::uint64_t socket_hash(std::uint64_t addresses, std::uint16_t source_port,
                                    std::uint16_t destination_port,
                                    std::uint8_t protocol) noexcept {
  return hash_step(addresses, (std::uint64_t{source_port} << 24U) |
                                  (std::uint64_t{destination_port} << 8U) | protocol);
}

/// An entry of the route cache, with the key of the kernel's cache (2.6: rt_hash).
struct alignas(64) Route {
  struct Key {
    Address destination;
    Address source;
    std::uint32_t in_device = 0;
    std::uint8_t traffic_class = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::atomic<Route*> next{nullptr};
  Key key;
  std::uint32_t mtu = 0;
  bool local = false;
  // line 1: what no packet reads
  alignas(64) Address gateway;
  std::uint32_t out_device = 0;
  TicketSpace ticket;  ///< charge level 3
};
constexpr std::uint64_t hash(const Route::Key& key) noexcept {
  return route_hash(hash_addresses(key.source, key.destination), key.in_device, key.traffic_class);
}

/// A next hop with its link-layer header ready. Entries are permanent, so the header is not behind
/// a sequence lock.
struct alignas(64) Neighbour {
  struct Key {
    Address gateway;
    std::uint32_t device = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::atomic<Neighbour*> next{nullptr};
  Key key;
  getput_link_header header{};
  TicketSpace ticket;
};
constexpr std::uint64_t hash(const Neighbour::Key& key) noexcept {
  return hash_step(hash_step(key.gateway.high, key.gateway.low), key.device);
}

/// An IPsec-like policy: may packets between these hosts with this protocol pass?
struct alignas(64) Policy {
  struct Key {
    Address source;
    Address destination;
    std::uint8_t protocol = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::atomic<Policy*> next{nullptr};
  Key key;
  alignas(64) TicketSpace ticket;
};
constexpr std::uint64_t hash(const Policy::Key& key) noexcept {
  return policy_hash(hash_addresses(key.source, key.destination), key.protocol);
}

/// One direction of a UDP or TCP flow, ending here.
struct alignas(64) Socket {
  using Key = FlowKey;
  std::atomic<Socket*> next{nullptr};
  Key key;
  // What every packet writes is on lines of its own, as in the kernel (sk_refcnt's lesson).
  alignas(64) machine::SpinLock lock;
  bool closed = false;       ///< out of the table, or about to be; under the lock
  bool readable = false;     ///< on some worker's list of sockets to read; under the lock
  std::uint32_t queued = 0;  ///< bytes charged to the receive queue; under the lock
  SkBuff* head = nullptr;    ///< receive queue; under the lock
  SkBuff* tail = nullptr;
  getput_socket transport{};  ///< the transport's own state; under the lock
  TicketSpace ticket;
};
constexpr std::uint64_t hash(const FlowKey& key) noexcept {
  return socket_hash(hash_addresses(key.source, key.destination), key.source_port,
                     key.destination_port, key.protocol);
}

/// A network device, one for receiving and one for sending.
struct alignas(64) Device {
  getput_netdev abi{};
  std::uint32_t mtu = 1500;
  TicketSpace ticket;
};

}  // namespace getput::bench::netpath
