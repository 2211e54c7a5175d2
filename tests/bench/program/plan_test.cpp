// SPDX-License-Identifier: MIT
#include "bench/program/plan.hpp"

#include <gtest/gtest.h>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

TEST(PlanTest, AsksForTheGridOfItsCells) {
  Plan plan;
  const std::string cpu = std::to_string(allowed_pus().front());
  plan.trials = {{"pairs/a/threads:1/object:shared/place:list:" + cpu, 0},
                 {"removal/b/threads:1/callers:0/place:scatter", 3}};
  const GridRequest request = plan.grid("x.pcap");
  EXPECT_EQ(request.threads, std::vector<unsigned>{1});
  EXPECT_EQ(request.places, (std::vector<std::string>{"list:" + cpu, "scatter"}));
  EXPECT_EQ(request.pcap, "x.pcap");
  plan.trials = {{"pairs/a/threads:100000/place:compact", 0}};
  EXPECT_THROW((void)plan.grid(""), RequestError);
}

}  // namespace
}  // namespace getput::bench
