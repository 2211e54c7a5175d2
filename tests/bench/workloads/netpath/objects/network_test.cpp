// SPDX-License-Identifier: MIT
// The host: what its tables say of the input's flows.
#include "bench/workloads/netpath/objects/network.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/bench/workloads/netpath/objects/online.hpp"

namespace getput::bench::netpath {
namespace {

TEST(Objects, HashDerivedFromTheAddressesIsTheKeysHash) {
  const Address from = mapped_ipv4(0xc6120001U);
  const Address to = {0x20010002ULL << 32U, 7};
  const std::uint64_t addresses = hash_addresses(from, to);
  EXPECT_EQ(hash(Route::Key{to, from, 1, 8}), route_hash(addresses, 1, 8));
  EXPECT_EQ(hash(Socket::Key{from, to, 99, 53, 17}), socket_hash(addresses, 99, 53, 17));
  EXPECT_NE(addresses, hash_addresses(to, from));
}

/// The workload's own addresses must spread: at a load of at most 1/2, a random hash leaves chains
/// of 1.25 objects per successful lookup.
TEST(Network, ChainsOfTheGeneratedFlowsAreShort) {
  ImixOptions options;
  options.frames = 100;
  options.flows = 20000;
  const Input input = generate_imix(options);
  NetworkOptions network_options;
  network_options.era = Era::linux_2_6;
  const Network network(*input, network_options);
  const Online online;
  const auto mean_steps = [](const auto& table) {
    std::size_t objects = 0;
    std::size_t steps = 0;
    table.for_each([&](const auto& object) {
      ++objects;
      for (auto* at = table.bucket(hash(object.key)).load(); at != &object;
           at = at->link.next.load())
        ++steps;
      ++steps;
    });
    return static_cast<double>(steps) / static_cast<double>(objects);
  };
  EXPECT_LT(mean_steps(network.routes), 1.3);
  EXPECT_LT(mean_steps(network.sockets), 1.3);
}

TEST(Network, FateDependsOnTheDestinationAlone) {
  ImixOptions options;
  options.frames = 100;
  options.flows = 2000;
  const Input input = generate_imix(options);
  const Network network(*input);
  const Network again(*input);
  std::size_t local = 0;
  std::size_t flows = 0;
  for (const KnownFlow& flow : input->flows()) {
    EXPECT_EQ(network.is_local(flow.key.destination), again.is_local(flow.key.destination));
    local += network.is_local(flow.key.destination) ? 1U : 0U;
    ++flows;
  }
  EXPECT_NEAR(static_cast<double>(local) / static_cast<double>(flows), 0.5, 0.1);
}

TEST(Network, TablesKnowEveryFlowBeforehand) {
  ImixOptions options;
  options.frames = 500;
  options.flows = 300;
  const Input input = generate_imix(options);
  NetworkOptions network_options;
  network_options.era = Era::linux_2_6;
  network_options.policies = true;
  const Network network(*input, network_options);
  const Online online;
  for (const KnownFlow& flow : input->flows()) {
    const FlowKey& key = flow.key;
    const Route* route = network.routes.find(
        {key.destination, key.source, network.in.abi.ifindex, flow.traffic_class});
    ASSERT_NE(route, nullptr);
    EXPECT_NE(network.policies.find(policy_key(key.destination, key.protocol)), nullptr);
    if (network.is_local(key.destination)) {
      EXPECT_EQ(route->neighbour, nullptr);
      EXPECT_NE(network.sockets.find(key), nullptr);
    } else {
      EXPECT_EQ(route->neighbour, network.neighbours.find({Network::gateway_to(key.destination),
                                                           network.out.abi.ifindex}));
    }
  }
}

TEST(Network, ForwardingTableLeadsWhereTheRouteCacheDoes) {
  ImixOptions options;
  options.frames = 500;
  options.flows = 3000;
  const Input input = generate_imix(options);
  Network network(*input);
  for (const KnownFlow& flow : input->flows()) {
    const Address& to = flow.key.destination;
    const NextHopInfo* hop = network.route_to(to);
    ASSERT_NE(hop, nullptr);
    EXPECT_EQ(hop->out_device == 0, network.is_local(to));
    if (hop->out_device != 0) {
      EXPECT_EQ(hop->gateway, Network::gateway_to(to));
    }
  }
  EXPECT_EQ(network.route_to(mapped_ipv4(0x01020304)), nullptr);
}

TEST(Network, LimitOfObjectsHolds) {
  ImixOptions options;
  options.frames = 10;
  options.flows = 5000;
  NetworkOptions network_options;
  network_options.era = Era::linux_2_6;
  network_options.most_objects = 512;
  const Input input = generate_imix(options);
  const Network network(*input, network_options);
  const Online online;
  std::size_t routes = 0;
  network.routes.for_each([&](Route&) { ++routes; });
  EXPECT_LE(routes, 512U);
  EXPECT_GT(routes, 0U);
}

/// The forwarding table has the input's routes; a network of this host is wholly this host's.
TEST(Network, InputWithRoutesFillsTheForwardingTable) {
  ImixOptions options;
  options.frames = 500;
  options.flows = 2000;
  options.ipv6_share = 0.1;
  options.destinations = Destinations::routed;
  const Input input = generate_imix(options);
  Network network(*input);
  const Online online;
  EXPECT_GE(network.fib.routes(), input->routes().size());
  std::set<const NextHopInfo*> used;
  std::size_t second_entries = 0;
  for (const KnownFlow& flow : input->flows()) {
    const Address& to = flow.key.destination;
    NextHopInfo* const hop = network.route_to(to);
    ASSERT_NE(hop, nullptr);
    EXPECT_EQ(hop->gateway == Address{}, network.is_local(to));
    if (is_ipv4(to))
      second_entries += network.fib.entries_read(to) > 1 ? 1U : 0U;
    if (network.is_local(to))
      continue;
    used.insert(hop);
    EXPECT_NE(network.neighbours.find({hop->gateway, network.out.abi.ifindex}), nullptr);
  }
  EXPECT_GT(used.size(), 32U);
  EXPECT_GT(second_entries, 20U);
}

}  // namespace
}  // namespace getput::bench::netpath
