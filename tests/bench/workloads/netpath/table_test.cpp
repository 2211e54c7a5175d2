// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/network.hpp"
#include "bench/workloads/netpath/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

Socket::Key key_of(std::uint16_t port) {
  return {mapped_ipv4(1), mapped_ipv4(2), port, 53, protocol::kUdp};
}

class Online {
 public:
  Online() { thread_.online(); }

 private:
  QsbrThread thread_;
};

TEST(Table, InsertFindRemove) {
  Depot<Socket> memory(4096);
  Table<Socket> table(16);
  const Online online;
  std::vector<Socket*> all;
  for (std::uint16_t port = 0; port < 1000; ++port) {  // many more than buckets
    Socket* socket = memory.take();
    socket->key = key_of(port);
    EXPECT_EQ(table.insert(socket), socket);
    all.push_back(socket);
  }
  Socket* second = memory.take();
  second->key = key_of(7);
  EXPECT_EQ(table.insert(second), all[7]) << "a key that is taken gives what is there";
  for (std::uint16_t port = 0; port < 1000; ++port) EXPECT_EQ(table.find(key_of(port)), all[port]);
  EXPECT_EQ(table.find(key_of(1000)), nullptr);
  EXPECT_TRUE(table.remove(all[7]));
  EXPECT_FALSE(table.remove(all[7])) << "only one caller takes it out";
  EXPECT_EQ(table.find(key_of(7)), nullptr);
  std::size_t left = 0;
  table.for_each([&](Socket&) { ++left; });
  EXPECT_EQ(left, 999U);
}

TEST(Depot, ReusesAndEnds) {
  Depot<Policy> memory(512);
  std::set<Policy*> taken;
  while (Policy* policy = memory.take()) EXPECT_TRUE(taken.insert(policy).second);
  EXPECT_EQ(taken.size(), 512U);
  Policy* back = *taken.begin();
  memory.give(back);
  EXPECT_EQ(memory.take(), back);
  EXPECT_EQ(memory.take(), nullptr);
}

TEST(SocketMemory, ClosedSocketsComeBackAfterAGracePeriod) {
  Depot<Socket> depot(512);
  SocketMemory memory(depot);
  const Online online;
  // Far more sockets than the depot has: each is closed before the next batch.
  for (int round = 0; round < 100; ++round) {
    memory.prepare();
    for (std::size_t i = 0; i < kBatch; ++i) {
      Socket* socket = memory.take();
      ASSERT_NE(socket, nullptr) << "round " << round;
      memory.retire(socket);
    }
  }
}

TEST(SocketMemory, GracePeriodWaitsForReadersOnly) {
  // A thread that is registered and offline must not hold up the one that reclaims.
  const QsbrThread waiting;
  std::thread([] {
    Depot<Socket> depot(256);
    SocketMemory memory(depot);
    const Online online;
    for (int round = 0; round < 10; ++round) {
      memory.prepare();
      for (std::size_t i = 0; i < kBatch; ++i) memory.retire(memory.take());
    }
  }).join();
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
  EXPECT_NEAR(static_cast<double>(local) / static_cast<double>(flows), 0.5, 0.05);
}

TEST(Network, TablesKnowEveryFlowBeforehand) {
  ImixOptions options;
  options.frames = 500;
  options.flows = 300;
  const Input input = generate_imix(options);
  const Network network(*input);
  const Online online;
  for (const KnownFlow& flow : input->flows()) {
    const FlowKey& key = flow.key;
    const Route* route = network.routes.find(
        {key.destination, key.source, network.in.abi.ifindex, flow.traffic_class});
    ASSERT_NE(route, nullptr);
    EXPECT_EQ(route->local, network.is_local(key.destination));
    EXPECT_NE(network.policies.find({key.source, key.destination, key.protocol}), nullptr);
    if (route->local) {
      EXPECT_NE(network.sockets.find(key), nullptr);
    } else {
      EXPECT_NE(network.neighbours.find({route->gateway, network.out.abi.ifindex}), nullptr);
    }
  }
}

TEST(Network, LimitOfObjectsHolds) {
  ImixOptions options;
  options.frames = 10;
  options.flows = 5000;
  NetworkOptions network_options;
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
