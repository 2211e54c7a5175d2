// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/network.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <new>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint32_t kIn = 1;
constexpr std::uint32_t kOut = 2;
constexpr std::array<std::uint8_t, 6> kInMac = {0x02, 0, 0, 0, 0, 2};
constexpr std::array<std::uint8_t, 6> kOutMac = {0x02, 0, 0, 0, 0, 3};
constexpr std::uint64_t kGateways = 64;
constexpr std::uint32_t kThisHost = 1;  // the next hop that delivers here
constexpr std::uint32_t kFirstRouter = 2;
constexpr unsigned kNetwork4 = 24;  // bits of what network_of() gives
constexpr unsigned kNetwork6 = 64;
constexpr std::size_t kPolicies = 1024;
constexpr std::size_t kTimeWaits = 8192;  // alive at a time; more make longer chains

void set_up(Device& device, std::uint32_t ifindex, const std::array<std::uint8_t, 6>& mac) {
  device.abi.ifindex = ifindex;
  device.abi.max_frame = 0;  // no limit on frames received; the route has the MTU for sending
  std::copy(mac.begin(), mac.end(), device.abi.mac);
}

// One next hop for a /24 or a /64, as a provider's edge has it.
std::uint64_t router_number(const Address& destination) noexcept {
  const Address network = network_of(destination);
  return hash_step(hash_step(0, network.high), network.low >> 8U) % kGateways + 1;
}
Address router_v4(std::uint64_t number) noexcept {
  constexpr std::uint32_t kTestNet1 = 0xc0000200U;  // 192.0.2.0/24
  return mapped_ipv4(kTestNet1 | static_cast<std::uint32_t>(number));
}
Address router_v6(std::uint64_t number) noexcept {
  constexpr std::uint64_t kLinkLocal = 0xfe80000000000000ULL;
  return {kLinkLocal, number};
}

/// The object for @p key, put into the table if it is not there. Null: no memory left.
template <class Kept, class T, class... Rest>
T* find_or_add(const Network& network, Kept& table, Depot<T>& memory, const typename T::Key& key,
               Rest... rest) {
  if (T* found = table.find(key))
    return found;
  T* object = memory.take();
  if (object == nullptr)
    return nullptr;
  network.fill(*object, key, rest...);
  return table.insert(object);
}

}  // namespace

Network::Network(const FrameSet& input, const NetworkOptions& options)
    : route_memory(options.most_objects),
      neighbour_memory(options.most_objects),
      policy_memory(options.most_objects),
      socket_memory(options.most_objects),
      time_wait_memory(options.most_objects),
      routes(options.era == Era::linux_2_6 ? std::min(input.flows().size(), options.most_objects)
                                           : 0),
      neighbours(2 * kGateways),
      policies(options.policies ? kPolicies : 0),
      time_wait(kTimeWaits),
      sockets(std::min(input.flows().size(), options.most_objects)),
      options_(options),
      next_hops_(kFirstRouter + 2 * kGateways),
      ehash_locks_(kEhashLocks) {
  set_up(in, kIn, kInMac);
  set_up(out, kOut, kOutMac);
  if (options.tables == Tables::lfht)
    lfht_sockets.emplace(std::min(input.flows().size(), options.most_objects));
  make_next_hops();
  populate(input);
}

void Network::make_next_hops() {
  for (std::size_t i = kFirstRouter; i < next_hops_.size(); ++i) {
    NextHopInfo& hop = next_hops_[i];
    const std::uint64_t router = (i - kFirstRouter) % kGateways + 1;
    hop.gateway = i < kFirstRouter + kGateways ? router_v4(router) : router_v6(router);
    hop.mtu = out.mtu;
    hop.out_device = kOut;
  }
}

void Network::add_route(const Address& prefix, unsigned length, std::uint64_t router) {
  std::size_t index = kThisHost;
  if (router != 0)
    index = kFirstRouter + router - 1 + (is_ipv4(prefix) ? 0 : kGateways);
  if (fib.add(prefix, length, static_cast<NextHop>(index)) != Fib::Status::ok)
    throw std::bad_alloc();
}

/// The input's own routing table. A network of this host is wholly this host's.
void Network::add_routes(const FrameSet& input) {
  for (const RoutePrefix& route : input.routes()) {
    const bool inside = is_ipv4(route.prefix) && route.length > kNetwork4;
    const bool local = inside && is_local(route.prefix);
    add_route(route.prefix, route.length, local ? 0 : route.next_hop);
  }
}

/// The network of a flow's destination: a route to this host, or to a router unless a route covers
/// it already.
void Network::route(const Address& destination) {
  const unsigned length = is_ipv4(destination) ? kNetwork4 : kNetwork6;
  if (is_local(destination))
    add_route(network_of(destination), length, 0);
  else if (fib.lookup(destination) == 0)
    add_route(network_of(destination), length, router_number(destination));
}

void Network::populate(const FrameSet& input) {
  QsbrThread thread;
  thread.online();
  if (options_.era == Era::linux_6)
    add_routes(input);
  for (const KnownFlow& flow : input.flows()) {
    if (options_.era == Era::linux_6)
      route(flow.key.destination);
    if (options_.populate && !populate_flow(flow))
      return;  // the packets of the other flows are dropped and counted: no_table_space
  }
}

/// False: no memory left.
bool Network::populate_flow(const KnownFlow& flow) {
  const FlowKey& key = flow.key;
  const bool local = is_local(key.destination);
  Neighbour* neighbour = nullptr;
  if (!local) {
    const Address gateway = options_.era == Era::linux_6 ? route_to(key.destination)->gateway
                                                         : gateway_to(key.destination);
    const Neighbour::Key next_hop{gateway, kOut};
    neighbour = find_or_add(*this, neighbours, neighbour_memory, next_hop);
    if (neighbour == nullptr)
      return false;
  }
  if (options_.era == Era::linux_2_6 &&
      find_or_add(*this, routes, route_memory,
                  {key.destination, key.source, kIn, flow.traffic_class}, neighbour) == nullptr)
    return false;
  if (options_.policies && find_or_add(*this, policies, policy_memory,
                                       policy_key(key.destination, key.protocol)) == nullptr)
    return false;
  if (!local || !flow.has_ports)
    return true;
  return (lfht_sockets ? find_or_add(*this, *lfht_sockets, socket_memory, key)
                       : find_or_add(*this, sockets, socket_memory, key)) != nullptr;
}

bool Network::is_local(const Address& destination) const noexcept {
  const Address network = network_of(destination);
  return hash_step(hash_step(0, network.high), network.low) % 100 < options_.local_percent;
}

Address Network::gateway_to(const Address& destination) noexcept {
  const std::uint64_t router = router_number(destination);
  return is_ipv4(destination) ? router_v4(router) : router_v6(router);
}

void Network::fill(Route& route, const Route::Key& key, Neighbour* neighbour) const noexcept {
  route.key = key;
  route.neighbour = neighbour;
  route.mtu = out.mtu;
  route.last_use = 0;
  route.uses = 0;
}

void Network::fill(Neighbour& neighbour, const Neighbour::Key& key) const noexcept {
  neighbour.key = key;
  getput_link_header& header = neighbour.header;
  header = {};
  header.length = 14;
  header.bytes[0] = 0x02;  // locally administered
  header.bytes[1] = 0x01;
  store_be(header.bytes + 2, static_cast<std::uint32_t>(key.gateway.low));
  std::copy(kOutMac.begin(), kOutMac.end(), header.bytes + 6);
  store_be<std::uint16_t>(header.bytes + 12, is_ipv4(key.gateway) ? kTypeIpv4 : kTypeIpv6);
}

void Network::fill(Policy& policy, const Policy::Key& key) const noexcept {
  policy.key = key;
}

void Network::fill(Socket& socket, const Socket::Key& key) const noexcept {
  socket.key = key;
  socket.closed = false;
  socket.readable = false;
  socket.rmem.store(0, std::memory_order_relaxed);
  socket.head = nullptr;
  socket.tail = nullptr;
  socket.transport = {};
}

void Network::fill(TimeWait& connection, const TimeWait::Key& key) const noexcept {
  connection.key = key;
  connection.later = nullptr;
}

std::shared_ptr<Network> network_for(const Input& input, const NetworkOptions& options) {
  struct Kept {
    Input input;
    std::shared_ptr<Network> network;
  };
  static std::mutex mutex;
  static std::vector<Kept> kept;  // the last few: cells of a run come in random order
  constexpr std::size_t kMostKept = 3;
  const std::lock_guard lock(mutex);
  for (const Kept& one : kept) {
    if (one.input == input && one.network->options() == options)
      return one.network;
  }
  if (kept.size() == kMostKept)
    kept.erase(kept.begin());
  kept.push_back({input, std::make_shared<Network>(*input, options)});
  return kept.back().network;
}

}  // namespace getput::bench::netpath
