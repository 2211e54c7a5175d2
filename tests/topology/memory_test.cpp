// SPDX-License-Identifier: MIT
#include "topology/memory.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "tests/topology/machines.hpp"
#include "tests/topology/sandbox.hpp"

namespace getput::topology {
namespace {

using Nodes = std::vector<unsigned>;
using test::message_of;

TEST(MemoryText, RoundTripsAndListsTheKnownOnes) {
  for (const char* text : {"local", "interleave", "remote", "node:0", "node:17"}) {
    EXPECT_EQ(to_string(parse_memory(text)), text);
  }
  for (const char* text :
       {"", "node", "node:", "node:x", "node:-1", "node:1 ", "near", "node:99999999999"}) {
    EXPECT_NE(message_of<RequestError>([&] {
                parse_memory(text);
              }).find("known: local, interleave, remote, node:K"),
              std::string::npos)
        << text;
  }
}

TEST(MemoryNodes, EightNodesWithoutDistances) {
  const Topology machine = test::eight_nodes();
  EXPECT_EQ(nodes_for(machine, parse_memory("local"), 5), (Nodes{1}));
  EXPECT_EQ(nodes_for(machine, parse_memory("node:7"), 5), (Nodes{7}));
  EXPECT_EQ(nodes_for(machine, parse_memory("interleave"), 0), (Nodes{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(nodes_for(machine, parse_memory("remote"), 5), (Nodes{2}));
  EXPECT_EQ(nodes_for(machine, parse_memory("remote"), 31), (Nodes{0}));
  EXPECT_NE(message_of<RequestError>([&] {
              nodes_for(machine, parse_memory("node:8"), 0);
            }).find("NUMA node 8 is not there or not allowed; allowed: 0,1,2,3,4,5,6,7"),
            std::string::npos);
  EXPECT_THROW(nodes_for(machine, parse_memory("local"), 32), RequestError);
}

TEST(MemoryNodes, RemoteIsTheFarthest) {
  const Topology ring = test::ring_of_nodes();
  EXPECT_EQ(nodes_for(ring, parse_memory("remote"), 0), (Nodes{2}));
  EXPECT_EQ(nodes_for(ring, parse_memory("remote"), 2), (Nodes{3}));  // CPU 2 is on node 1
  EXPECT_EQ(nodes_for(ring, parse_memory("remote"), 7), (Nodes{1}));
}

TEST(MemoryNodes, OneNodeIsNotEmulated) {
  const Topology machine = test::one_socket();
  for (const char* text : {"interleave", "remote"}) {
    EXPECT_EQ(message_of<EnvironmentError>([&] { nodes_for(machine, parse_memory(text), 0); }),
              "not measured: 1 NUMA node");
  }
  EXPECT_EQ(nodes_for(machine, parse_memory("local"), 3), (Nodes{0}));
}

TEST(MemoryNodes, ForbiddenNodesDoNotCount) {
  const Topology machine =
      test::changed("pack:4 [numa] core:2 pu:1", [](hwloc_topology_t topology) {
        EXPECT_EQ(hwloc_topology_allow(topology, nullptr, test::Cpus("1,3").get(),
                                       HWLOC_ALLOW_FLAG_CUSTOM),
                  0);
      });
  EXPECT_EQ(nodes_for(machine, parse_memory("interleave"), 0), (Nodes{1, 3}));
  EXPECT_EQ(nodes_for(machine, parse_memory("remote"), 2), (Nodes{3}));
  EXPECT_THROW(nodes_for(machine, parse_memory("node:0"), 0), RequestError);
  EXPECT_THROW(nodes_for(machine, parse_memory("local"), 0), RequestError);
}

TEST(Memory, LocalAndNodeAreVerifiedOnEveryNodeHere) {
  const Topology machine = Topology::of_this_machine();
  for (const Pu& pu : machine.pus()) {
    const BoundMemory memory(machine, 100000, parse_memory("local"), pu.os);
    EXPECT_GE(memory.size(), 100000U);
    EXPECT_EQ(memory.nodes(), (Nodes{pu.node_os}));
    EXPECT_TRUE(std::all_of(memory.data(), memory.data() + memory.size(),
                            [](std::byte byte) { return byte == std::byte{0}; }));
  }
  for (const MemoryNode& node : machine.memory_nodes()) {
    const BoundMemory memory(machine, 1, {MemoryKind::node, node.os}, machine.pus()[0].os);
    EXPECT_EQ(memory.nodes(), (Nodes{node.os}));
    EXPECT_EQ(memory.size(), static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  }
}

TEST(Memory, InterleaveAndRemoteAreRealOrRefused) {
  const Topology machine = Topology::of_this_machine();
  const unsigned pu = machine.pus()[0].os;
  for (const char* text : {"interleave", "remote"}) {
    if (machine.memory_nodes().size() == 1) {
      EXPECT_EQ(
          message_of<EnvironmentError>([&] { BoundMemory(machine, 4096, parse_memory(text), pu); }),
          "not measured: 1 NUMA node");
    } else {
      const BoundMemory memory(machine, 1 << 20, parse_memory(text), pu);
      EXPECT_EQ(memory.nodes(), nodes_for(machine, parse_memory(text), pu));
    }
  }
}

TEST(Memory, TheKernelIsAskedWherePagesAre) {
  const Topology machine = Topology::of_this_machine();
  const std::size_t bytes = 4 * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const data =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(data, MAP_FAILED);
  EXPECT_TRUE(nodes_of(machine, data, bytes).empty());  // untouched: nowhere yet
  std::fill_n(static_cast<char*>(data), bytes, 'x');
  const Nodes touched = nodes_of(machine, data, bytes);
  munmap(data, bytes);
  ASSERT_EQ(touched.size(), 1U);
  const auto allowed = machine.memory_nodes();
  EXPECT_TRUE(std::any_of(allowed.begin(), allowed.end(),
                          [&](const MemoryNode& node) { return node.os == touched[0]; }));
}

TEST(Memory, MovesAndRefusals) {
  const Topology machine = Topology::of_this_machine();
  const unsigned pu = machine.pus()[0].os;
  BoundMemory first(machine, 4096, {}, pu);
  first.data()[0] = std::byte{42};
  const BoundMemory second(std::move(first));
  EXPECT_EQ(second.data()[0], std::byte{42});
  EXPECT_THROW(BoundMemory(machine, std::numeric_limits<std::size_t>::max(), {}, pu), RequestError);
  EXPECT_THROW(BoundMemory(machine, std::size_t{1} << 60, {}, pu), EnvironmentError);
  EXPECT_THROW(BoundMemory(test::one_socket(), 4096, {}, 0), RequestError);
}

/// A machine that claims a second NUMA node, 900, which the kernel does not have.
void bind_to_claimed_node(const char* xml, bool kernel_lies) {
  setenv("HWLOC_XMLFILE", xml, 1);
  setenv("HWLOC_THISSYSTEM", "1", 1);
  const Topology machine = Topology::of_this_machine();
  if (kernel_lies) {
    test::answer_call_with(__NR_mbind, 0);
  }
  std::cerr << message_of<EnvironmentError>([&] {
    BoundMemory(machine, 65536, parse_memory("node:900"), machine.pus()[0].os);
  }) << '\n';
  std::exit(0);
}

TEST(MemoryDeathTest, ARefusedBindingAndALieAreFoundOut) {
  const unsigned cpus = Topology::of_this_machine().pus().back().os + 1;
  const std::string description =
      "pack:2 [numa(indexes=0,900)] core:" + std::to_string(cpus) + " pu:1";
  const test::TemporaryFile file(".xml", Topology::from_synthetic(description).to_xml());
  EXPECT_EXIT(bind_to_claimed_node(file.path().c_str(), false),
              test::exited_well_or_without_seccomp,
              "memory cannot be bound to NUMA node 900: [A-Z].*");
  EXPECT_EXIT(bind_to_claimed_node(file.path().c_str(), true), test::exited_well_or_without_seccomp,
              "memory bound to NUMA node 900 lies on node [0-9]|seccomp is not available");
}

}  // namespace
}  // namespace getput::topology
