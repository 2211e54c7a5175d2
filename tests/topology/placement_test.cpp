// SPDX-License-Identifier: MIT
#include "topology/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/topology/machines.hpp"

namespace getput::topology {
namespace {

using Pus = std::vector<unsigned>;
using test::message_of;

Pus placed(const Topology& topology, std::string_view policy, unsigned threads) {
  return place(topology, parse_policy(policy), threads);
}

/// How many different values of a field the CPUs have.
template <class Field>
std::size_t distinct(const Topology& topology, const Pus& pus, Field field) {
  std::set<unsigned> values;
  for (const unsigned pu : pus) {
    values.insert(topology.find(pu)->*field);
  }
  return values.size();
}

std::size_t l3s(const Topology& topology, const Pus& pus) {
  std::set<unsigned> values;
  for (const unsigned pu : pus) {
    values.insert(topology.find(pu)->l3.value());
  }
  return values.size();
}

TEST(PlacementOneSocket, EveryPolicy) {
  const Topology machine = test::one_socket();
  EXPECT_EQ(placed(machine, "compact", 4), (Pus{0, 1, 2, 3}));
  EXPECT_EQ(placed(machine, "scatter", 3), (Pus{0, 1, 2}));
  EXPECT_EQ(placed(machine, "per_l3", 1), (Pus{0}));
  EXPECT_EQ(placed(machine, "per_numa", 1), (Pus{0}));
  EXPECT_EQ(placed(machine, "list:3,0", 2), (Pus{3, 0}));
  EXPECT_EQ(placed(machine, "list:3,0", 1), (Pus{3}));
}

TEST(PlacementOneSocket, WhatIsNotPossibleSaysWhy) {
  const Topology machine = test::one_socket();
  const auto numa = try_place(machine, parse_policy("per_numa"), 2);
  EXPECT_FALSE(numa);
  EXPECT_EQ(numa.exit_code, 3);
  EXPECT_EQ(numa.why, "per_numa with 2 threads needs 2 NUMA nodes, this machine has 1");
  EXPECT_TRUE(numa.pus.empty());
  const auto l3 = try_place(machine, parse_policy("per_l3"), 2);
  EXPECT_EQ(l3.exit_code, 3);
  EXPECT_EQ(l3.why, "per_l3 with 2 threads needs 2 L3 caches, this machine has 1");
  const auto smt = try_place(machine, parse_policy("smt"), 1);
  EXPECT_EQ(smt.exit_code, 3);
  EXPECT_NE(smt.why.find("at least two allowed CPUs"), std::string::npos) << smt.why;
  const auto many = try_place(machine, parse_policy("compact"), 5);
  EXPECT_EQ(many.exit_code, 2);
  EXPECT_NE(many.why.find("compact with 5 threads needs 5 CPUs, allowed here: 4 (0-3)"),
            std::string::npos)
      << many.why;
  EXPECT_EQ(try_place(machine, parse_policy("scatter"), 0).exit_code, 2);
  const auto ok = try_place(machine, parse_policy("compact"), 2);
  EXPECT_TRUE(ok);
  EXPECT_EQ(ok.pus, (Pus{0, 1}));
  EXPECT_TRUE(ok.why.empty());
}

TEST(PlacementOneSocket, NoL3ReportedIsNotOneL3) {
  const Topology machine = Topology::from_synthetic("pack:1 core:4 pu:1");
  EXPECT_EQ(machine.machine().l3s, 0U);
  EXPECT_EQ(try_place(machine, parse_policy("per_l3"), 1).why,
            "per_l3 with 1 thread needs L3 caches, this machine reports none");
}

TEST(PlacementTwoSockets, CompactFillsCoresThenSiblings) {
  const Topology machine = test::two_sockets_smt();
  const Pus all = placed(machine, "compact", 256);
  for (unsigned i = 0; i < 256; ++i) {
    ASSERT_EQ(all[i], i);  // cores are 0..127, their siblings 128..255 by kernel number
  }
  const Pus eight = placed(machine, "compact", 8);
  EXPECT_EQ(l3s(machine, eight), 1U);
  EXPECT_EQ(distinct(machine, eight, &Pu::core), 8U);
  EXPECT_EQ(distinct(machine, placed(machine, "compact", 64), &Pu::package), 1U);
  EXPECT_EQ(distinct(machine, placed(machine, "compact", 128), &Pu::core), 128U);
}

TEST(PlacementTwoSockets, ScatterAlternatesPackagesAndL3s) {
  const Topology machine = test::two_sockets_smt();
  EXPECT_EQ(placed(machine, "scatter", 5), (Pus{0, 64, 8, 72, 16}));
  EXPECT_EQ(l3s(machine, placed(machine, "scatter", 16)), 16U);
  // The seventeenth goes back to the first L3, to its second core.
  EXPECT_EQ(placed(machine, "scatter", 17).back(), 1U);
  EXPECT_EQ(distinct(machine, placed(machine, "scatter", 128), &Pu::core), 128U);
  EXPECT_EQ(placed(machine, "scatter", 129).back(), 128U);  // the sibling of CPU 0
}

TEST(PlacementTwoSockets, SmtPutsSiblingsTogether) {
  const Topology machine = test::two_sockets_smt();
  EXPECT_EQ(placed(machine, "smt", 5), (Pus{0, 128, 1, 129, 2}));
  EXPECT_EQ(distinct(machine, placed(machine, "smt", 64), &Pu::core), 32U);
  EXPECT_EQ(placed(machine, "smt", 256).size(), 256U);
}

TEST(PlacementTwoSockets, OnePerL3AndNode) {
  const Topology machine = test::two_sockets_smt();
  EXPECT_EQ(placed(machine, "per_l3", 10), (Pus{0, 8, 16, 24, 32, 40, 48, 56, 64, 72}));
  EXPECT_EQ(placed(machine, "per_numa", 2), (Pus{0, 64}));
  EXPECT_EQ(try_place(machine, parse_policy("per_l3"), 17).exit_code, 3);
}

TEST(PlacementEightNodes, ScatterAlternatesPackagesThenNodes) {
  const Topology machine = test::eight_nodes();
  ASSERT_EQ(machine.machine().nodes, 8U);
  EXPECT_EQ(placed(machine, "scatter", 9), (Pus{0, 16, 4, 20, 8, 24, 12, 28, 1}));
  EXPECT_EQ(placed(machine, "per_numa", 8), (Pus{0, 4, 8, 12, 16, 20, 24, 28}));
  EXPECT_EQ(distinct(machine, placed(machine, "compact", 4), &Pu::node), 1U);
  EXPECT_EQ(distinct(machine, placed(machine, "compact", 16), &Pu::package), 1U);
  EXPECT_EQ(try_place(machine, parse_policy("per_numa"), 9).why,
            "per_numa with 9 threads needs 9 NUMA nodes, this machine has 8");
}

TEST(PlacementFourNodes, WithoutSmt) {
  const Topology machine = test::four_nodes_without_smt();
  EXPECT_EQ(machine.smt_width(), 1U);
  EXPECT_EQ(placed(machine, "per_numa", 4), (Pus{0, 6, 12, 18}));
  EXPECT_EQ(placed(machine, "scatter", 6), (Pus{0, 6, 12, 18, 1, 7}));
  EXPECT_EQ(try_place(machine, parse_policy("smt"), 2).exit_code, 3);
}

TEST(PlacementHybrid, FastCoresThenSlowOnesThenSiblings) {
  const Topology machine = test::hybrid();
  const Pus expected{0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 1, 3, 5, 7};
  EXPECT_EQ(placed(machine, "compact", 16), expected);
  EXPECT_EQ(placed(machine, "scatter", 16), expected);  // one L3: nothing to deal out over
  EXPECT_EQ(placed(machine, "smt", 8), (Pus{0, 1, 2, 3, 4, 5, 6, 7}));
  const auto nine = try_place(machine, parse_policy("smt"), 9);
  EXPECT_EQ(nine.exit_code, 3);  // the slow cores have no siblings
  EXPECT_NE(nine.why.find("there are 8"), std::string::npos) << nine.why;
}

TEST(PlacementHybrid, TheFastKindMayHaveTheHigherNumbers) {
  const Topology machine = test::hybrid(/*slow=*/1, /*fast=*/0);  // as on big.LITTLE
  EXPECT_EQ(placed(machine, "compact", 9), (Pus{8, 10, 12, 14, 16, 18, 20, 22, 0}));
  EXPECT_EQ(placed(machine, "per_l3", 1), (Pus{8}));
}

TEST(PlacementHybrid, UnrankedKindsCountAsEqual) {
  const Topology machine = test::hybrid(-1, -1);
  EXPECT_EQ(machine.find(0)->efficiency, -1);
  EXPECT_EQ(placed(machine, "compact", 5), (Pus{0, 2, 4, 6, 8}));
}

TEST(PlacementRestricted, OnlyAllowedCpusAreUsed) {
  const Topology machine = test::allowing("pack:2 [numa] l3:1 core:4 pu:2", "1,3,8-11");
  EXPECT_EQ(machine.machine().pus, 16U);
  EXPECT_EQ(machine.allowed().pus, 6U);
  // CPU 1 and 3 are second siblings whose firsts are not ours: here they are the first.
  EXPECT_EQ(placed(machine, "compact", 6), (Pus{1, 3, 8, 10, 9, 11}));
  EXPECT_EQ(placed(machine, "scatter", 6), (Pus{1, 8, 3, 10, 9, 11}));
  EXPECT_EQ(placed(machine, "smt", 4), (Pus{8, 9, 10, 11}));
  EXPECT_EQ(try_place(machine, parse_policy("smt"), 5).exit_code, 3);
}

TEST(PlacementRestricted, ScatterPrefersFreeCoresOverFairPackages) {
  // Package 0 has one core left, package 1 four: its siblings must not come early.
  const Topology machine = test::allowing("pack:2 [numa] core:4 pu:2", "0,1,8-15");
  EXPECT_EQ(placed(machine, "scatter", 10), (Pus{0, 8, 10, 12, 14, 1, 9, 11, 13, 15}));
}

TEST(PlacementRestricted, ListNamesTheCpuAndTheAllowedOnes) {
  const Topology machine = test::allowing("pack:1 core:8 pu:1", "2-3,6");
  const auto outside = try_place(machine, parse_policy("list:2,5"), 2);
  EXPECT_EQ(outside.exit_code, 2);
  EXPECT_EQ(outside.why,
            "list:2,5: CPU 5 is outside what this process may use (cpuset, affinity); allowed "
            "here: 2-3,6");
  // Even where the bad one would not be reached.
  EXPECT_EQ(try_place(machine, parse_policy("list:2,99"), 1).why,
            "list:2,99: CPU 99 does not exist or is offline; allowed here: 2-3,6");
  EXPECT_EQ(try_place(machine, parse_policy("list:2,3"), 3).exit_code, 2);
  EXPECT_EQ(placed(machine, "list:6,2", 2), (Pus{6, 2}));
}

TEST(PlacementRestricted, SaysHowFarTheAllowedCpusReach) {
  const Topology machine = test::allowing("pack:4 [numa] core:2 pu:1", "0-1");
  EXPECT_EQ(try_place(machine, parse_policy("per_numa"), 2).why,
            "per_numa with 2 threads needs 2 NUMA nodes, the allowed CPUs (0-1) reach 1 of this "
            "machine's 4");
}

TEST(PlacementRestricted, RemovedCpusLeaveGapsInTheNumbers) {
  // Offline CPUs: hwloc drops them, kernel numbers keep the gaps, logical indexes close them.
  const Topology machine = test::changed("pack:2 core:4 pu:1", [](hwloc_topology_t topology) {
    EXPECT_EQ(hwloc_topology_restrict(topology, test::Cpus("1,3,6").get(), 0), 0);
  });
  EXPECT_EQ(machine.machine().pus, 3U);
  EXPECT_FALSE(machine.exists(0));
  EXPECT_EQ(placed(machine, "compact", 3), (Pus{1, 3, 6}));
  EXPECT_EQ(placed(machine, "scatter", 2), (Pus{1, 6}));
}

TEST(Placement, OversubscriptionIsAskedForAndStartsAgain) {
  const Topology machine = test::one_socket();
  EXPECT_EQ(place(machine, parse_policy("compact"), 6, Oversubscribe::yes),
            (Pus{0, 1, 2, 3, 0, 1}));
  EXPECT_EQ(place(machine, parse_policy("list:2,3"), 3, Oversubscribe::yes), (Pus{2, 3, 2}));
  EXPECT_FALSE(try_place(machine, parse_policy("per_numa"), 2, Oversubscribe::yes));
  EXPECT_FALSE(try_place(machine, parse_policy("smt"), 2, Oversubscribe::yes));
}

// What holds on every machine for every policy: a permutation of allowed CPUs, and a prefix of the
// placement of more threads.
TEST(Placement, NestedDistinctAndAllowedEverywhere) {
  std::vector<Topology> machines;
  machines.push_back(test::one_socket());
  machines.push_back(test::two_sockets_smt());
  machines.push_back(test::eight_nodes());
  machines.push_back(test::four_nodes_without_smt());
  machines.push_back(test::hybrid());
  machines.push_back(test::allowing("pack:2 [numa] l3:2 core:4 pu:2", "1,3,8-11,30"));
  machines.push_back(test::ring_of_nodes());
  machines.push_back(Topology::of_this_machine());
  int possible = 0;
  for (const Topology& machine : machines) {
    for (const char* name : {"compact", "scatter", "per_l3", "per_numa", "smt"}) {
      Pus before;
      for (unsigned threads = 1; threads <= machine.allowed().pus; ++threads) {
        const auto now = try_place(machine, parse_policy(name), threads);
        if (!now) {
          EXPECT_EQ(now.exit_code, 3) << name;
          continue;
        }
        ++possible;
        ASSERT_EQ(now.pus.size(), threads);
        EXPECT_EQ(before, Pus(now.pus.begin(), now.pus.end() - 1)) << name << ' ' << machine.spec();
        EXPECT_EQ(std::set<unsigned>(now.pus.begin(), now.pus.end()).size(), threads);
        EXPECT_NE(machine.find(now.pus.back()), nullptr);
        before = now.pus;
      }
    }
    EXPECT_TRUE(try_place(machine, parse_policy("compact"), machine.allowed().pus));
    EXPECT_FALSE(try_place(machine, parse_policy("compact"), machine.allowed().pus + 1));
  }
  EXPECT_GT(possible, 800);
}

}  // namespace
}  // namespace getput::topology
