// SPDX-License-Identifier: MIT
// The host: two devices, and the tables that every packet is looked up in. Filled from the input's
// flows before anything is timed, so that every lookup hits; an entry that is missing anyway is
// made by the receive path when it is first needed.
//
// Which packets are for this host is decided by the network of their destination (a /24 or a /64):
// a hash of it modulo 100 below `local_percent`. So all packets to one network share one fate, the
// same in every run, for every scheme and in both eras. A kernel has such networks as local routes
// (`ip route add local 198.19.3.0/24 dev lo`).
//
// linux_2_6 looks a packet up in the route cache, linux_6 in the forwarding table; the other one
// stays empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "bench/workloads/netpath/era.hpp"
#include "bench/workloads/netpath/input/frames.hpp"
#include "bench/workloads/netpath/objects/fib.hpp"
#include "bench/workloads/netpath/objects/lfht_table.hpp"
#include "bench/workloads/netpath/objects/objects.hpp"
#include "bench/workloads/netpath/objects/table.hpp"

namespace getput::bench::netpath {

struct NetworkOptions {
  Era era = Era::linux_6;
  Tables tables = Tables::hlist;
  bool policies = false;                ///< IPsec-like policies are loaded, one per network
  unsigned local_percent = 50;          ///< share of destination networks that are this host's
  bool populate = true;                 ///< false: caches start empty and every entry is a miss
  std::size_t most_objects = 1U << 20;  ///< of each kind; beyond it packets are dropped
  friend bool operator==(const NetworkOptions&, const NetworkOptions&) = default;
};

class Network {
 public:
  explicit Network(const FrameSet& input, const NetworkOptions& options = {});

  const NetworkOptions& options() const noexcept { return options_; }
  bool is_local(const Address& destination) const noexcept;
  /// Router on the way to a destination; 64 of each family.
  static Address gateway_to(const Address& destination) noexcept;

  /// What a miss puts into the table; no other thread sees the object yet. The caller begins its
  /// count.
  void fill(Route& route, const Route::Key& key, Neighbour* neighbour) const noexcept;
  void fill(Neighbour& neighbour, const Neighbour::Key& key) const noexcept;
  void fill(Policy& policy, const Policy::Key& key) const noexcept;
  void fill(Socket& socket, const Socket::Key& key) const noexcept;
  void fill(TimeWait& connection, const TimeWait::Key& key) const noexcept;

  /// linux_6: the next hop of a destination, or null without a route.
  [[gnu::always_inline]] NextHopInfo* route_to(const Address& destination) noexcept {
    const std::uint32_t index = fib.lookup(destination);
    return index == 0 ? nullptr : &next_hops_[index];
  }

  /// The table of sockets that @p Objects names.
  template <class Objects>
  auto& sockets_in() noexcept {
    if constexpr (Objects::kTables == Tables::lfht)
      return *lfht_sockets;
    else
      return sockets;
  }

  /// Begins the counts of all objects anew, each with the scheme that @p Objects names for its
  /// kind. Once before a path with these schemes runs, while no thread uses the network.
  template <class Objects>
  void count_with();

  Depot<Route> route_memory;
  Depot<Neighbour> neighbour_memory;
  Depot<Policy> policy_memory;
  Depot<Socket> socket_memory;
  Depot<TimeWait> time_wait_memory;
  Table<Route> routes;
  Table<Neighbour> neighbours;
  Table<Policy> policies;
  Table<TimeWait> time_wait;
  Table<Socket> sockets;
  std::optional<LfhtTable<Socket>> lfht_sockets;  ///< instead of `sockets`
  Fib fib;
  Device in;   ///< "eth0": packets come from here
  Device out;  ///< "eth1": packets leave here
  /// linux_2_6: what a lookup of a socket holds for reading. One lock for all of UDP, one a bucket
  /// for TCP.
  RwLock& socket_lock(const FlowKey& key, std::uint64_t hashed) noexcept {
    return key.protocol == protocol::kTcp ? ehash_locks_[hashed % kEhashLocks] : udp_hash_lock_;
  }
  /// The same lock for writing, around a change of the table; empty in linux_6, whose readers hold
  /// none.
  std::unique_lock<RwLock> lock_to_change(const FlowKey& key) {
    if (options_.era != Era::linux_2_6)
      return {};
    return std::unique_lock(socket_lock(key, hash(key)));
  }

 private:
  static constexpr std::size_t kEhashLocks = 4096;

  void make_next_hops();
  void populate(const FrameSet& input);
  bool populate_flow(const KnownFlow& flow);
  void add_route(const Address& prefix, unsigned length, std::uint64_t router);
  void add_routes(const FrameSet& input);
  void route(const Address& destination);

  const NetworkOptions options_;
  std::vector<NextHopInfo> next_hops_;  ///< [0] unused, [1] this host, then the routers
  RwLock udp_hash_lock_;
  std::vector<RwLock> ehash_locks_;
  std::shared_ptr<void> in_refs_;
  std::shared_ptr<void> out_refs_;
  const void* counted_with_ = nullptr;
};

/// The host for this input; kept for the next cells that ask for the same.
std::shared_ptr<Network> network_for(const Input& input, const NetworkOptions& options);

namespace detail {
/// One address for each choice of object schemes.
template <class Objects>
inline constexpr char kCountedWith = 0;
}  // namespace detail

template <class Objects>
[[gnu::cold]] void Network::count_with() {
  if (counted_with_ == &detail::kCountedWith<Objects>)
    return;
  counted_with_ = &detail::kCountedWith<Objects>;
  in_refs_ = std::make_shared<typename Objects::Device>();
  out_refs_ = std::make_shared<typename Objects::Device>();
  in.refs = in_refs_.get();
  out.refs = out_refs_.get();
  for (NextHopInfo& hop : next_hops_) hop.refs.construct<typename Objects::Dst>();
  routes.for_each([](Route& route) { route.refs.construct<typename Objects::Dst>(); });
  neighbours.for_each([](Neighbour& n) { n.refs.construct<typename Objects::Neighbour>(); });
  policies.for_each([](Policy& policy) { policy.refs.construct<typename Objects::Policy>(); });
  sockets_in<Objects>().for_each(
      [](Socket& socket) { socket.refs.construct<typename Objects::Socket>(); });
}

}  // namespace getput::bench::netpath
