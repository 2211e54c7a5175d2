// SPDX-License-Identifier: MIT
#include "bench/trial/covariates.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "bench/engine/placement.hpp"
#include "tests/bench/trial/bursts.hpp"

namespace getput::bench {
namespace {

const char* const kStat =
    "cpu  10 0 10 100 0 0 0 9 0 0\n"
    "cpu0 1 0 1 10 0 0 0 3 0 0\n"
    "cpu1 1 0 1 10 0 0 0 2 0 0\n"
    "cpu12 1 0 1 10 0 0 0 4 0 0\n"
    "intr 12345 0 3\n";

const char* const kInterrupts =
    "           CPU0       CPU2       CPU12      \n"
    "  1:          5          6          7   IO-APIC    1-edge      i8042\n"
    "LOC:        100        200        300   Local timer interrupts\n"
    "ERR:         77\n"
    "MIS:          0\n";

TEST(CovariatesTest, SumsTheStealOfTheCpusUsed) {
  const std::optional<double> tick = steal_ms("cpu1 0 0 0 0 0 0 0 1 0 0\n", {1});
  ASSERT_TRUE(tick.has_value());
  EXPECT_EQ(steal_ms(kStat, {0, 12}), 7 * *tick);
  EXPECT_EQ(steal_ms(kStat, {1}), 2 * *tick);
  EXPECT_EQ(steal_ms(kStat, {5}), std::nullopt);
  EXPECT_EQ(steal_ms("", {0}), std::nullopt);
}

TEST(CovariatesTest, SumsTheInterruptsOfTheCpusUsed) {
  EXPECT_EQ(interrupts(kInterrupts, {0}), 105U);
  EXPECT_EQ(interrupts(kInterrupts, {2, 12}), 513U) << "columns are the CPUs that are online";
  EXPECT_EQ(interrupts(kInterrupts, {1}), std::nullopt);
  EXPECT_EQ(interrupts("", {0}), std::nullopt);
  EXPECT_EQ(interrupts("      CPU0\n  1:  5  IO-APIC\nERR:  77\n", {0}), 5U);
}

TEST(CovariatesTest, ReadsThisMachine) {
  Covariates covariates({allowed_pus().front()});
  covariates.begin();
  covariates.end();
  const Json json = covariates.to_json();
  for (const auto& [file, key] :
       {std::pair{"/proc/stat", "steal_ms"}, std::pair{"/proc/interrupts", "interrupts"},
        std::pair{"/proc/softirqs", "softirqs"}}) {
    if (std::ifstream(file).is_open()) {
      EXPECT_TRUE(json[key].is_number()) << key;
      EXPECT_GE(json[key].get<double>(), 0.0) << key;
    } else {
      EXPECT_TRUE(json[key].is_null()) << key;
    }
  }
  EXPECT_GE(json["load1"].get<double>(), 0.0);
}

TEST(CovariatesTest, AddsUpTheWorkersOfBursts) {
  Covariates covariates({allowed_pus().front()});
  WorkerReport worker = test::good_window();
  worker.usage = {1, 2, 3, 4, 500};
  worker.clock_gaps = 2;
  worker.longest_gap = Clock::instance().ticks(3e4);
  covariates.add(test::burst_of(worker, worker));
  covariates.add_settling(1.5);
  const Json json = covariates.to_json();
  EXPECT_EQ(json["involuntary_switches"], 2);
  EXPECT_EQ(json["voluntary_switches"], 4);
  EXPECT_EQ(json["minor_faults"], 6);
  EXPECT_EQ(json["major_faults"], 8);
  EXPECT_EQ(json["run_wait_ns"], 1000);
  EXPECT_EQ(json["clock_gaps"], 4);
  EXPECT_NEAR(json["clock_gap_max_ns"].get<double>(), 3e4, 100.0);
  EXPECT_EQ(json["settle_ms"], 1.5);
}

TEST(CovariatesTest, WhatCannotBeReadIsNull) {
  Covariates covariates({});
  covariates.begin();
  covariates.end();
  WorkerReport worker = test::good_window();
  worker.usage.run_wait_ns.reset();
  Json json = covariates.to_json();
  for (const char* key :
       {"run_wait_ns", "voluntary_switches", "involuntary_switches", "minor_faults", "major_faults",
        "steal_ms", "interrupts", "softirqs", "clock_gaps", "clock_gap_max_ns"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  covariates.add(test::burst_of(worker, worker));
  json = covariates.to_json();
  EXPECT_TRUE(json["run_wait_ns"].is_null());
  EXPECT_EQ(json["involuntary_switches"], 0);
}

}  // namespace
}  // namespace getput::bench
