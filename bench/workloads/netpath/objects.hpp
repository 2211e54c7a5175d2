// SPDX-License-Identifier: MIT
// The objects of the receive path that could each hold, or be worth, a module reference. Which
// module they belong to: devices, routes and neighbours to the link driver, through which a packet
// that uses them leaves; policies and sockets to the transport they select (the link driver's for
// protocols without a transport module).
#pragma once

#include <urcu/rculfhash.h>

#include <cstdint>

#include "bench/workloads/netpath/packet.hpp"
#include "bench/workloads/netpath/table.hpp"
#include "bench/workloads/netpath/ticket_space.hpp"
#include "modules/plugin_abi.h"
#include "schemes/machine/spin_lock.hpp"

namespace getput::bench::netpath {

struct SkBuff;

constexpr std::uint64_t hash_addresses(const Address& a, const Address& b) noexcept {
  return hash_step(hash_step(hash_step(a.high, a.low), b.high), b.low);
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
  cds_lfht_node node;
  Key key;
  bool local = false;
  std::uint32_t out_device = 0;
  std::uint32_t mtu = 0;
  Address gateway;
  TicketSpace ticket;  ///< charge level 3
};
constexpr std::uint64_t hash(const Route::Key& key) noexcept {
  return hash_step(hash_addresses(key.destination, key.source),
                   (std::uint64_t{key.in_device} << 8U) | key.traffic_class);
}

/// A next hop with its link-layer header ready. Entries are permanent, so the header is not behind
/// a sequence lock.
struct alignas(64) Neighbour {
  struct Key {
    Address gateway;
    std::uint32_t device = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  cds_lfht_node node;
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
  cds_lfht_node node;
  Key key;
  TicketSpace ticket;
};
constexpr std::uint64_t hash(const Policy::Key& key) noexcept {
  return hash_step(hash_addresses(key.source, key.destination), key.protocol);
}

/// One direction of a UDP or TCP flow, ending here.
struct alignas(64) Socket {
  using Key = FlowKey;
  cds_lfht_node node;
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
  return hash_step(hash_addresses(key.source, key.destination),
                   (std::uint64_t{key.source_port} << 24U) |
                       (std::uint64_t{key.destination_port} << 8U) | key.protocol);
}

/// A network device, one for receiving and one for sending.
struct alignas(64) Device {
  getput_netdev abi{};
  std::uint32_t mtu = 1500;
  TicketSpace ticket;
};

}  // namespace getput::bench::netpath
