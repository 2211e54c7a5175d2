// SPDX-License-Identifier: MIT
#include "bench/program/plan.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/options.hpp"

namespace getput::bench {
namespace {

TEST(PlanTest, AsksForTheGridOfItsCells) {
  Plan plan;
  const std::string cpu = std::to_string(allowed_pus().front());
  plan.trials = {{"pairs/a/threads:1/object:shared/place:list:" + cpu, 0},
                 {"removal/b/threads:1/callers:0/place:scatter", 3}};
  Options options;
  options.pcap = "x.pcap";
  options.local_percent = 30;
  const GridRequest request = options.with_input(plan.grid());
  EXPECT_EQ(request.threads, std::vector<unsigned>{1});
  EXPECT_EQ(request.places, (std::vector<std::string>{"list:" + cpu, "scatter"}));
  EXPECT_EQ(request.pcap, "x.pcap");
  EXPECT_EQ(request.local_percent, 30U);
  plan.trials = {{"pairs/a/threads:100000/place:compact", 0}};
  EXPECT_THROW((void)plan.grid(), RequestError);
}

/// The plan with one more key.
std::string plan_file(const std::string& more) {
  const std::string file = ::testing::TempDir() + "plan_test.json";
  std::ofstream(file) << R"({"schema":"getput.plan/1","seed":1,"trials":[])" << more << "}";
  return file;
}

TEST(PlanTest, SlicesHaveALength) {
  EXPECT_EQ(Plan::read(plan_file("")).settings.slices_ms, TrialSettings{}.slices_ms);
  EXPECT_EQ(Plan::read(plan_file(R"(,"slices_ms":40)")).settings.slices_ms, 40.0);
  EXPECT_THROW(Plan::read(plan_file(R"(,"slices_ms":1)")), RequestError);
  EXPECT_EQ(Plan::read(plan_file(R"(,"planted_ns":2)")).settings.planted_ns, 2.0);
  EXPECT_THROW(Plan::read(plan_file(R"(,"planted_ns":-1)")), RequestError);
}

}  // namespace
}  // namespace getput::bench
