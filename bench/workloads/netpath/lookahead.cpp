// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/lookahead.hpp"

#include "bench/workloads/netpath/input/bytes.hpp"

namespace getput::bench::netpath {

bool guess_flow(const std::uint8_t* data, std::size_t captured, FlowGuess& guess) noexcept {
  constexpr std::size_t kEthernetHeader = 14;
  constexpr std::size_t kVlanTag = 4;
  constexpr std::size_t kPorts = 4;
  std::size_t ip = kEthernetHeader;
  if (captured < ip)
    return false;
  for (unsigned tags = 0; tags < 2; ++tags) {
    const auto type = load_be<std::uint16_t>(data + ip - 2);
    if ((type != 0x8100 && type != 0x88a8 && type != 0x9100) || captured < ip + kVlanTag) [[likely]]
      break;
    ip += kVlanTag;
  }
  const auto type = load_be<std::uint16_t>(data + ip - 2);
  std::size_t l4 = 0;
  const std::uint8_t* header = data + ip;
  if (type == 0x0800 && captured >= ip + 20) [[likely]] {
    guess.flow.source = mapped_ipv4(load_be<std::uint32_t>(header + 12));
    guess.flow.destination = mapped_ipv4(load_be<std::uint32_t>(header + 16));
    guess.flow.protocol = header[9];
    guess.traffic_class = header[1];
    l4 = ip + std::size_t{header[0] & 0x0fU} * 4;
  } else if (type == 0x86dd && captured >= ip + 40) {
    guess.flow.source = {load_be<std::uint64_t>(header + 8), load_be<std::uint64_t>(header + 16)};
    guess.flow.destination = {load_be<std::uint64_t>(header + 24),
                              load_be<std::uint64_t>(header + 32)};
    guess.flow.protocol = header[6];
    guess.traffic_class = static_cast<std::uint8_t>(load_be<std::uint16_t>(header) >> 4);
    l4 = ip + 40;
  } else {
    return false;
  }
  guess.flow.source_port = 0;
  guess.flow.destination_port = 0;
  if (captured >= l4 + kPorts) [[likely]] {
    guess.flow.source_port = load_be<std::uint16_t>(data + l4);
    guess.flow.destination_port = load_be<std::uint16_t>(data + l4 + 2);
  }
  return true;
}

void Lookahead::step(const Network& network, const RxRing& ring, std::size_t position) noexcept {
  const std::vector<RxSlot>& slots = ring.slots();
  const auto ahead = [&](std::size_t frames) -> const getput_rx_desc& {
    const std::size_t index = position + frames;
    return slots[index < slots.size() ? index : index - slots.size()].desc;
  };
  __builtin_prefetch(ahead(kHeader).data);
  fetch_buckets(network, ahead(kBuckets), seen_[(turn_ + kBuckets) % kKept]);
  fetch_objects(seen_[(turn_ + kObjects) % kKept]);
  ++turn_;
}

void Lookahead::fetch_buckets(const Network& network, const getput_rx_desc& desc,
                              Buckets& buckets) noexcept {
  FlowGuess guess;
  if (!guess_flow(desc.data, desc.captured, guess)) [[unlikely]] {
    buckets.route = nullptr;
    return;
  }
  const FlowKey& flow = guess.flow;
  const std::uint64_t addresses = hash_addresses(flow.source, flow.destination);
  buckets.route =
      &network.routes.bucket(route_hash(addresses, network.in.abi.ifindex, guess.traffic_class));
  buckets.policy = &network.policies.bucket(policy_hash(addresses, flow.protocol));
  buckets.socket = &network.sockets.bucket(
      socket_hash(addresses, flow.source_port, flow.destination_port, flow.protocol));
  __builtin_prefetch(buckets.route);
  __builtin_prefetch(buckets.policy);
  __builtin_prefetch(buckets.socket);
}

void Lookahead::fetch_objects(const Buckets& buckets) noexcept {
  if (buckets.route == nullptr) [[unlikely]]
    return;
  // A prefetch of null, or of an object that is gone by now, does nothing.
  __builtin_prefetch(buckets.route->load(std::memory_order_relaxed));
  __builtin_prefetch(buckets.policy->load(std::memory_order_relaxed));
  const auto* socket =
      reinterpret_cast<const std::byte*>(buckets.socket->load(std::memory_order_relaxed));
  if (socket != nullptr) {
    for (std::size_t line = 0; line < sizeof(Socket); line += 64) __builtin_prefetch(socket + line);
  }
}

}  // namespace getput::bench::netpath
