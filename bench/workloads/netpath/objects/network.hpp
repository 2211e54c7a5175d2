// SPDX-License-Identifier: MIT
// The host: two devices, and the tables that every packet is looked up in. Filled from the input's
// flows before anything is timed, so that every lookup hits; what is missing all the same is made
// by the receive path when it is first needed.
//
// Which packets are for this host is decided by their destination address alone: a hash of the
// address modulo 100 below `local_percent`. So all packets to one address share one fate, the same
// in every run and for every scheme.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench/workloads/netpath/input/frames.hpp"
#include "bench/workloads/netpath/objects/objects.hpp"
#include "bench/workloads/netpath/objects/table.hpp"

namespace getput::bench::netpath {

struct NetworkOptions {
  unsigned local_percent = 50;          ///< share of destination addresses that are this host's
  bool populate = true;                 ///< false: tables start empty and every entry is a miss
  std::size_t most_objects = 1U << 20;  ///< of each kind; beyond it packets are dropped
};

class Network {
 public:
  explicit Network(const FrameSet& input, const NetworkOptions& options = {});

  bool is_local(const Address& destination) const noexcept;
  /// Router on the way to a destination; 64 of each family.
  static Address gateway_to(const Address& destination) noexcept;

  /// What a miss puts into the table; the object is fresh and nobody else sees it.
  void fill(Route& route, const Route::Key& key) const noexcept;
  void fill(Neighbour& neighbour, const Neighbour::Key& key) const noexcept;
  void fill(Policy& policy, const Policy::Key& key) const noexcept;
  void fill(Socket& socket, const Socket::Key& key) const noexcept;

  Depot<Route> route_memory;
  Depot<Neighbour> neighbour_memory;
  Depot<Policy> policy_memory;
  Depot<Socket> socket_memory;
  Table<Route> routes;
  Table<Neighbour> neighbours;
  Table<Policy> policies;
  Table<Socket> sockets;
  Device in;   ///< "eth0": packets come from here
  Device out;  ///< "eth1": packets leave here

 private:
  void populate(const FrameSet& input);

  const unsigned local_percent_;
};

/// The host for this input with the default options; kept for the next cell that asks.
std::shared_ptr<Network> network_for(const Input& input);

}  // namespace getput::bench::netpath
