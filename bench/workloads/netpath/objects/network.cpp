// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/network.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint32_t kIn = 1;
constexpr std::uint32_t kOut = 2;
constexpr std::array<std::uint8_t, 6> kInMac = {0x02, 0, 0, 0, 0, 2};
constexpr std::array<std::uint8_t, 6> kOutMac = {0x02, 0, 0, 0, 0, 3};
constexpr std::uint64_t kGateways = 64;

void set_up(Device& device, std::uint32_t ifindex, const std::array<std::uint8_t, 6>& mac) {
  device.abi.ifindex = ifindex;
  device.abi.max_frame = 0;  // whatever the capture holds; the MTU is the route's affair
  std::copy(mac.begin(), mac.end(), device.abi.mac);
}

/// Puts an object for @p key into the table unless one is there. False: no memory left.
template <class T>
bool add(const Network& network, Table<T>& table, Depot<T>& memory, const typename T::Key& key) {
  if (table.find(key) != nullptr)
    return true;
  T* object = memory.take();
  if (object == nullptr)
    return false;
  network.fill(*object, key);
  table.insert(object);
  return true;
}

}  // namespace

Network::Network(const FrameSet& input, const NetworkOptions& options)
    : route_memory(options.most_objects),
      neighbour_memory(options.most_objects),
      policy_memory(options.most_objects),
      socket_memory(options.most_objects),
      routes(std::min(input.flows().size(), options.most_objects)),
      neighbours(2 * kGateways),
      policies(std::min(input.flows().size(), options.most_objects)),
      sockets(std::min(input.flows().size(), options.most_objects)),
      local_percent_(options.local_percent) {
  set_up(in, kIn, kInMac);
  set_up(out, kOut, kOutMac);
  if (options.populate)
    populate(input);
}

void Network::populate(const FrameSet& input) {
  QsbrThread thread;
  thread.online();
  for (const KnownFlow& flow : input.flows()) {
    const FlowKey& key = flow.key;
    bool room =
        add(*this, routes, route_memory, {key.destination, key.source, kIn, flow.traffic_class});
    room = room && add(*this, policies, policy_memory, {key.source, key.destination, key.protocol});
    if (!is_local(key.destination))
      room = room && add(*this, neighbours, neighbour_memory, {gateway_to(key.destination), kOut});
    else if (flow.has_ports)
      room = room && add(*this, sockets, socket_memory, key);
    if (!room)
      return;  // the packets of the other flows are dropped and counted: no_table_space
  }
}

bool Network::is_local(const Address& destination) const noexcept {
  return hash_step(hash_step(0, destination.high), destination.low) % 100 < local_percent_;
}

Address Network::gateway_to(const Address& destination) noexcept {
  // One next hop for a /24 or a /64, as a provider's edge has it.
  if (is_ipv4(destination)) {
    constexpr std::uint32_t kTestNet1 = 0xc0000200U;  // 192.0.2.0/24
    const auto hop = hash_step(0, destination.low >> 8U) % kGateways + 1;
    return mapped_ipv4(kTestNet1 | static_cast<std::uint32_t>(hop));
  }
  constexpr std::uint64_t kLinkLocal = 0xfe80000000000000ULL;
  return {kLinkLocal, hash_step(0, destination.high) % kGateways + 1};
}

void Network::fill(Route& route, const Route::Key& key) const noexcept {
  route.key = key;
  route.local = is_local(key.destination);
  route.out_device = route.local ? 0 : kOut;
  route.mtu = out.mtu;
  route.gateway = route.local ? Address{} : gateway_to(key.destination);
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
  store_be<std::uint16_t>(header.bytes + 12, is_ipv4(key.gateway) ? 0x0800 : 0x86dd);
}

void Network::fill(Policy& policy, const Policy::Key& key) const noexcept {
  policy.key = key;
}

void Network::fill(Socket& socket, const Socket::Key& key) const noexcept {
  socket.key = key;
  socket.closed = false;
  socket.readable = false;
  socket.queued = 0;
  socket.head = nullptr;
  socket.tail = nullptr;
  socket.transport = {};
}

std::shared_ptr<Network> network_for(const Input& input) {
  static std::mutex mutex;
  static Input last_input;
  static std::shared_ptr<Network> last;
  const std::lock_guard lock(mutex);
  if (last_input != input) {
    last = std::make_shared<Network>(*input);
    last_input = input;
  }
  return last;
}

}  // namespace getput::bench::netpath
