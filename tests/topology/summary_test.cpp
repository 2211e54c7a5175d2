// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/topology/machines.hpp"

namespace getput::topology {
namespace {

using Json = nlohmann::ordered_json;

TEST(Summary, SyntheticMachine) {
  const Json json =
      test::allowing("pack:2 [numa] l3:2(size=33554432) core:4 pu:2", "0-3,16").to_json();
  EXPECT_EQ(json["schema"], "getput.topology/1");
  EXPECT_EQ(json["origin"], "xml");
  EXPECT_EQ(json["machine"]["pus"], 32);
  EXPECT_EQ(json["machine"]["cpuset"], "0-31");
  EXPECT_EQ(json["allowed"]["pus"], 5);
  EXPECT_EQ(json["allowed"]["cores"], 3);
  EXPECT_EQ(json["allowed"]["l3s"], 2);
  EXPECT_EQ(json["allowed"]["nodes"], 2);
  EXPECT_EQ(json["allowed"]["cpuset"], "0-3,16");
  EXPECT_EQ(json["smt_width"], 2);
  ASSERT_EQ(json["caches"].size(), 1U);
  EXPECT_EQ(json["caches"][0]["level"], 3);
  EXPECT_EQ(json["caches"][0]["type"], "unified");
  EXPECT_EQ(json["caches"][0]["bytes"], 33554432);
  EXPECT_EQ(json["caches"][0]["shared_by_pus"], 8);
  EXPECT_EQ(json["caches"][0]["count"], 4);
  ASSERT_EQ(json["pus"].size(), 5U);
  EXPECT_EQ(json["pus"][4]["os"], 16);
  EXPECT_EQ(json["pus"][4]["package"], 1);
  EXPECT_EQ(json["pus"][1]["smt_rank"], 1);
  EXPECT_TRUE(json["node_distances"].is_null());
}

TEST(Summary, KindsAndDistances) {
  const Json hybrid = test::hybrid().to_json();
  ASSERT_EQ(hybrid["cpu_kinds"].size(), 2U);
  EXPECT_EQ(hybrid["cpu_kinds"][1]["cpuset"], "0-7");
  EXPECT_GT(hybrid["cpu_kinds"][1]["efficiency"], hybrid["cpu_kinds"][0]["efficiency"]);
  EXPECT_TRUE(test::hybrid(-1, -1).to_json()["cpu_kinds"][0]["efficiency"].is_null());
  const Json ring = test::ring_of_nodes().to_json();
  EXPECT_EQ(ring["node_distances"]["nodes"], (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(ring["node_distances"]["rows"][1], (std::vector<int>{20, 10, 20, 30}));
}

TEST(Summary, ThisMachineIsStrictJson) {
  const Topology machine = Topology::of_this_machine();
  const Json json = Json::parse(machine.to_json().dump());
  EXPECT_EQ(json["origin"], "machine");
  EXPECT_TRUE(json["spec"].is_null());
  EXPECT_EQ(json["pus"].size(), machine.allowed().pus);
  EXPECT_GE(json["memory_nodes"].size(), 1U);
}

}  // namespace
}  // namespace getput::topology
