// SPDX-License-Identifier: MIT
#include "bench/trial/controls.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

BurstReport burst_of(WorkerReport a, WorkerReport b) {
  BurstReport report;
  report.workers = {a, b};
  return report;
}

WorkerReport window(Clock::Ticks active_begin, Clock::Ticks begin, Clock::Ticks end,
                    Clock::Ticks active_end) {
  WorkerReport worker;
  worker.active_begin = active_begin;
  worker.begin = begin;
  worker.end = end;
  worker.active_end = active_end;
  worker.ops = 1;
  return worker;
}

TEST(Gate, PassesThreadsThatWereAllAtWork) {
  GateFindings gate;
  gate.add(burst_of(window(0, 100, 1100, 1300), window(50, 120, 1200, 1250)));
  EXPECT_TRUE(gate.reasons().empty());
}

TEST(Gate, NamesWhatItFound) {
  const WorkerReport good = window(0, 100, 1100, 1300);
  GateFindings late_start;
  late_start.add(burst_of(good, window(111, 120, 1200, 1250)));
  EXPECT_EQ(late_start.reasons(), std::vector<std::string>{"no_overlap"});

  GateFindings early_end;
  early_end.add(burst_of(good, window(0, 100, 1050, 1080)));
  EXPECT_EQ(early_end.reasons(), std::vector<std::string>{"no_overlap"});

  WorkerReport preempted = good;
  preempted.involuntary_switches = 1;
  GateFindings switched;
  switched.add(burst_of(good, preempted));
  EXPECT_EQ(switched.reasons(), std::vector<std::string>{"involuntary_switch"});

  WorkerReport moved = good;
  moved.stayed = false;
  switched.add(burst_of(good, moved));
  EXPECT_EQ(switched.reasons(), (std::vector<std::string>{"involuntary_switch", "migrated"}));
}

TEST(Gate, JustUnderOnePercentMissingIsEnough) {
  GateFindings gate;
  gate.add(burst_of(window(0, 100, 1100, 1300), window(109, 109, 1200, 1250)));
  EXPECT_TRUE(gate.reasons().empty());
}

TEST(Controls, RunBetweenTheBurstsOfTheScheme) {
  Team team({allowed_pus().front()});
  ControlSet controls(team, 5, 0.2);
  std::vector<unsigned> rounds;
  const std::vector<BurstReport> kept = controls.interleave([&](unsigned round) {
    rounds.push_back(round);
    return team.run_burst(0.2, [](WorkerContext& worker) {
      while (worker.more()) {
        worker.count(1);
      }
    });
  });
  EXPECT_EQ(kept.size(), ControlSet::kRounds);
  EXPECT_GE(rounds.size(), ControlSet::kRounds);
  EXPECT_EQ(rounds.front(), 0U);
  EXPECT_EQ(rounds.back(), ControlSet::kRounds - 1);
  const ControlResult result = controls.result();
  EXPECT_GT(result.plain_ns, 0.0);
  // One thread alone: an atomic read-modify-write costs more than forwarding a plain store, and
  // the chain cannot be faster than the pairs that overlap.
  EXPECT_GT(result.fetch_add_ns, 0.0);
  EXPECT_GT(result.chain_ns, 0.0);
}

TEST(Controls, RepeatAVoidBurstAndKeepTheGoodOne) {
  Team team({allowed_pus().front()});
  ControlSet controls(team, 0, 0.2);
  unsigned calls_of_first_round = 0;
  const std::vector<BurstReport> kept = controls.interleave([&](unsigned round) {
    BurstReport report = burst_of(window(0, 100, 1100, 1300), window(0, 100, 1100, 1300));
    if (round == 0 && ++calls_of_first_round == 1) {
      report.workers[0].involuntary_switches = 1;
    }
    return report;
  });
  EXPECT_EQ(calls_of_first_round, 2U);
  EXPECT_GE(controls.repeated(), 1U);
  ASSERT_EQ(kept.size(), ControlSet::kRounds);
  EXPECT_EQ(kept[0].involuntary_switches(), 0);
}

TEST(Controls, RejectTheAttemptWhenRepeatingDoesNotHelp) {
  Team team({allowed_pus().front()});
  ControlSet controls(team, 0, 0.2);
  WorkerReport bad = window(0, 100, 1100, 1300);
  bad.stayed = false;
  (void)controls.interleave([&](unsigned) { return burst_of(bad, bad); });
  const std::vector<std::string> reasons = controls.gate().reasons();
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), "migrated"), reasons.end());
}

}  // namespace
}  // namespace getput::bench
