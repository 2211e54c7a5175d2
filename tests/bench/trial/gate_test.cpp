// SPDX-License-Identifier: MIT
#include "bench/trial/gate.hpp"

#include <gtest/gtest.h>

#include "tests/bench/trial/bursts.hpp"

namespace getput::bench {
namespace {

using namespace test;
using Names = std::vector<std::string>;

Names findings_of(const BurstReport& burst) {
  GateFindings gate;
  gate.add(burst);
  EXPECT_EQ(gate.none(), gate.reasons().empty());
  return gate.reasons();
}

TEST(Gate, PassesThreadsThatWereAllAtWork) {
  EXPECT_EQ(findings_of(burst_of(good_window(), window(50, 120, 1200, 1250))), Names{});
}

TEST(Gate, NamesWhatItFound) {
  EXPECT_EQ(findings_of(burst_of(good_window(), window(111, 120, 1200, 1250))),
            Names{"no_overlap"});
  EXPECT_EQ(findings_of(burst_of(good_window(), window(0, 100, 1050, 1080))), Names{"no_overlap"});
  EXPECT_EQ(findings_of(burst_of(good_window(), preempted_window())), Names{"involuntary_switch"});
  WorkerReport moved = preempted_window();
  moved.stayed = false;
  EXPECT_EQ(findings_of(burst_of(good_window(), moved)), (Names{"involuntary_switch", "migrated"}));
}

TEST(Gate, PassesWithJustUnderOnePercentMissing) {
  EXPECT_EQ(findings_of(burst_of(good_window(), window(109, 109, 1200, 1250))), Names{});
}

TEST(Gate, RejectsAWaitForTheCpu) {
  WorkerReport waited = good_window();
  waited.usage_ticks = Clock::instance().ticks(1e6);
  waited.usage.run_wait_ns = 9'000;
  EXPECT_EQ(findings_of(burst_of(good_window(), waited)), Names{});
  waited.usage.run_wait_ns = 11'000;
  EXPECT_EQ(findings_of(burst_of(good_window(), waited)), Names{"run_wait"});
  waited.usage.voluntary_switches = 1;
  EXPECT_EQ(findings_of(burst_of(good_window(), waited)), Names{}) << "the wake-up after a sleep";
  waited.usage.run_wait_ns.reset();
  EXPECT_EQ(findings_of(burst_of(good_window(), waited)), Names{}) << "not readable here";
}

TEST(Gate, CountsTheBurstsWithEachFinding) {
  GateCounts counts;
  for (const BurstReport& burst :
       {burst_of(good_window(), preempted_window()), burst_of(good_window(), good_window())}) {
    GateFindings findings;
    findings.add(burst);
    counts.add(findings);
  }
  EXPECT_EQ(counts.bursts, 2U);
  EXPECT_EQ(counts.involuntary_switch, 1U);
  EXPECT_EQ(counts.run_wait + counts.no_overlap + counts.migrated, 0U);
}

}  // namespace
}  // namespace getput::bench
