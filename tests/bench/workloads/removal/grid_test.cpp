// SPDX-License-Identifier: MIT
#include "bench/workloads/removal/grid.hpp"

#include <gtest/gtest.h>

namespace getput::bench::removal {
namespace {

TEST(RemovalGrid, FloorsHaveNoRemovalAndSaySo) {
  SchemeInfo info;
  info.name = "toy";
  EXPECT_EQ(impossible(info, {1, 0, 0}), "");
  info.shared_by_threads = false;
  EXPECT_EQ(impossible(info, {1, 0, 0}), "");
  EXPECT_NE(impossible(info, {2, 1, 0}), "");
  info.removal = false;
  EXPECT_NE(impossible(info, {1, 0, 0}).find("no removal side"), std::string::npos);
}

TEST(RemovalGrid, NobodyHoldsWithoutCallers) {
  SchemeInfo info;
  info.name = "toy";
  GridRequest request;
  request.threads = {1};
  request.places = {"compact"};
  const std::vector<CellSpec> cells = enumerate(info, request);
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].name, "removal/toy/threads:1/callers:0/hold_ns:0/place:compact");
  info.removal = false;
  EXPECT_FALSE(enumerate(info, request)[0].possible);
  EXPECT_FALSE(enumerate(info, request)[0].why.empty());
}

}  // namespace
}  // namespace getput::bench::removal
