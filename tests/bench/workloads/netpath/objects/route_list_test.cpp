// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/route_list.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

namespace getput::bench::netpath {
namespace {

/// Inserts, changes and erases in random order, in a list as full as it gets before it grows, where
/// many slots are not the home of what is in them.
TEST(RouteList, EqualsAMap) {
  RouteList list;
  std::map<std::pair<std::uint64_t, std::uint32_t>, NextHop> reference;
  std::mt19937_64 engine(7);
  for (int step = 0; step < 60000; ++step) {
    const std::uint64_t address = (engine() % 400) << 40U;
    const auto length = static_cast<std::uint32_t>(engine() % 3);
    const auto next_hop = static_cast<NextHop>(1 + engine() % 1000);
    const Prefix prefix{{address, 0}, length};
    if (engine() % 10 < 5) {
      ASSERT_EQ(list.assign(prefix, next_hop),
                reference.insert_or_assign({address, length}, next_hop).second);
    } else {
      ASSERT_EQ(list.erase(prefix), reference.erase({address, length}) != 0);
    }
    ASSERT_EQ(list.size(), reference.size());
    if (step % 500 != 0)
      continue;
    for (std::uint64_t i = 0; i < 400; ++i) {
      for (std::uint32_t bits = 0; bits < 3; ++bits) {
        const auto found = reference.find({i << 40U, bits});
        ASSERT_EQ(list.find({{i << 40U, 0}, bits}), found == reference.end() ? 0 : found->second);
      }
    }
  }
}

TEST(RouteList, TellsAddressesAndLengthsApart) {
  RouteList list;
  EXPECT_TRUE(list.assign({{1, 2}, 3}, 4));
  EXPECT_FALSE(list.assign({{1, 2}, 3}, 5));
  EXPECT_EQ(list.find({{1, 2}, 3}), 5U);
  EXPECT_EQ(list.find({{1, 2}, 4}), 0U);
  EXPECT_EQ(list.find({{1, 3}, 3}), 0U);
  EXPECT_EQ(list.find({{0, 2}, 3}), 0U);
  EXPECT_FALSE(list.erase({{0, 2}, 3}));
  EXPECT_TRUE(list.erase({{1, 2}, 3}));
  EXPECT_EQ(list.size(), 0U);
}

}  // namespace
}  // namespace getput::bench::netpath
