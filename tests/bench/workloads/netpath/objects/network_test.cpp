// SPDX-License-Identifier: MIT
// The host: what its tables say of the input's flows.
#include "bench/workloads/netpath/objects/network.hpp"

#include <gtest/gtest.h>

#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

/// This thread looks into tables.
class Online {
 public:
  Online() { thread_.online(); }

 private:
  QsbrThread thread_;
};

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
    const NextHop* hop = network.route_to(to);
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

}  // namespace
}  // namespace getput::bench::netpath
