// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "tests/topology/machines.hpp"
#include "topology/placement.hpp"

namespace getput::topology {
namespace {

using test::message_of;

TEST(PolicyText, NamesAndListsRoundTrip) {
  for (const char* text : {"compact", "scatter", "per_l3", "per_numa", "smt", "list:0,2,5"}) {
    EXPECT_EQ(to_string(parse_policy(text)), text);
  }
  EXPECT_EQ(to_string(parse_policy("list:0-3,8")), "list:0,1,2,3,8");
  EXPECT_EQ(parse_policy("list:4-4").list, (std::vector<unsigned>{4}));
}

TEST(PolicyText, EveryKnownPolicyIsDescribed) {
  ASSERT_EQ(known_policies().size(), 6U);
  for (const PolicyInfo& policy : known_policies()) {
    EXPECT_FALSE(policy.summary.empty());
    const std::string text = std::string(policy.name) + (policy.name == "list" ? ":0" : "");
    EXPECT_EQ(known_policies()[static_cast<std::size_t>(parse_policy(text).kind)].name,
              policy.name);
  }
}

TEST(PolicyText, UnknownNamesListTheKnownOnes) {
  for (const char* text : {"", "list", "Compact", "compact ", "spread", "list=0", "per_l3:2"}) {
    const std::string said = message_of<RequestError>([&] { parse_policy(text); });
    EXPECT_NE(said.find("compact, scatter, per_l3, per_numa, smt, list:"), std::string::npos)
        << text << " -> " << said;
    EXPECT_NE(said.find(std::string("\"") + text + "\""), std::string::npos) << said;
  }
}

TEST(PolicyText, BadListsAreNamed) {
  for (const char* text :
       {"list:", "list:a", "list:0,,1", "list:-1", "list:3-1", "list:1-", "list:0x3", "list: 1",
        "list:99999999999999999999", "list:0-4294967295", "list:65536", "list:1-2-3"}) {
    EXPECT_NE(message_of<RequestError>([&] { parse_policy(text); }).find("not a CPU number"),
              std::string::npos)
        << text;
  }
  EXPECT_NE(message_of<RequestError>([] { parse_policy("list:0,1-3,2"); }).find("CPU 2 is named"),
            std::string::npos);
}

TEST(PolicyText, CommasSeparatePoliciesAndContinueLists) {
  const auto policies = parse_policies("compact,list:0,2-3,scatter,list:1,smt");
  ASSERT_EQ(policies.size(), 5U);
  EXPECT_EQ(to_string(policies[1]), "list:0,2,3");
  EXPECT_EQ(to_string(policies[2]), "scatter");
  EXPECT_EQ(to_string(policies[3]), "list:1");
  EXPECT_EQ(parse_policies("smt").size(), 1U);
  EXPECT_THROW(parse_policies(""), RequestError);
  EXPECT_THROW(parse_policies("compact,"), RequestError);
  EXPECT_THROW(parse_policies("compact,3"), RequestError);  // a number after no list
}

}  // namespace
}  // namespace getput::topology
