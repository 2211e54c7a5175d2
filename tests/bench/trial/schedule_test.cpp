// SPDX-License-Identifier: MIT
// The order of the arms, void bursts, the recording gate, and what is kept.
#include "bench/trial/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "bench/engine/placement.hpp"
#include "tests/bench/trial/bursts.hpp"

namespace getput::bench {
namespace {

using namespace test;

constexpr double kBurstMs = 0.4;

std::vector<std::string> arms_of(const Json& bursts) {
  std::vector<std::string> names;
  for (const Json& burst : bursts) {
    names.push_back(burst["arm"]);
  }
  return names;
}

/// The names of one round of a team of one.
std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

class Schedule : public testing::Test {
 protected:
  Team team{{allowed_pus().front()}};
};

TEST_F(Schedule, EachRoundHasEveryArmInRandomOrder) {
  std::set<std::vector<std::string>> orders;
  std::set<std::size_t> places_of_subject;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    TrialSchedule schedule(team, seed, kBurstMs);
    schedule.declare({.burst = [](double) { return burst_of(good_window(), good_window()); }});
    schedule.declare({.name = "base", .role = Role::baseline, .burst = [](double) {
                        return burst_of(good_window(), good_window());
                      }});
    schedule.run();
    const std::vector<std::string> names = arms_of(schedule.bursts());
    const std::size_t half = names.size() / TrialSchedule::kRounds;
    const std::vector<std::string> first(names.begin(), names.begin() + static_cast<long>(half));
    const std::vector<std::string> second(names.begin() + static_cast<long>(half), names.end());
    const std::vector<std::string> every = {"base",      "chain", "fetch_add",
                                            "lock_xadd", "plain", "subject"};
    EXPECT_EQ(sorted(first), every);
    EXPECT_EQ(sorted(second), every);
    orders.insert(first);
    orders.insert(second);
    places_of_subject.insert(
        static_cast<std::size_t>(std::find(first.begin(), first.end(), "subject") - first.begin()));
  }
  EXPECT_GT(orders.size(), 12U) << "rounds differ, also within a trial";
  EXPECT_GT(places_of_subject.size(), 2U);
}

TEST_F(Schedule, TheSameSeedGivesTheSameOrder) {
  const auto order = [this] {
    TrialSchedule schedule(team, 9, kBurstMs);
    schedule.declare({.burst = [](double) { return burst_of(good_window(), good_window()); }});
    schedule.run();
    return arms_of(schedule.bursts());
  };
  EXPECT_EQ(order(), order());
}

TEST_F(Schedule, MeasuresTheControlsOfOneThread) {
  TrialSchedule schedule(team, 5, kBurstMs);
  std::vector<double> lengths;
  schedule.declare({.burst = [&](double ms) {
    lengths.push_back(ms);
    return team.run_burst(ms, [](WorkerContext& worker) {
      while (worker.more()) {
        worker.count(1);
      }
    });
  }});
  schedule.run();
  EXPECT_EQ(schedule.kept("subject").size(), TrialSchedule::kRounds);
  EXPECT_GE(lengths.size(), TrialSchedule::kRounds);
  EXPECT_EQ(lengths.front(), kBurstMs / TrialSchedule::kRounds);
  const ControlResult controls = schedule.controls();
  for (const auto& control :
       {controls.plain_ns, controls.fetch_add_ns, controls.chain_ns, controls.lock_xadd_ns}) {
    ASSERT_TRUE(control.has_value());
    EXPECT_GT(*control, 0.0);
  }
  EXPECT_FALSE(controls.line_transfer_ns.has_value()) << "one thread has no other one";
  EXPECT_TRUE(controls.to_json()["line_transfer_ns"].is_null());
}

TEST_F(Schedule, MeasuresALineTransferBetweenTwoThreads) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed";
  }
  Team two({allowed_pus()[0], allowed_pus()[1]});
  TrialSchedule schedule(two, 5, 2.0);
  schedule.run();
  const ControlResult controls = schedule.controls();
  ASSERT_TRUE(controls.line_transfer_ns.has_value());
  EXPECT_GT(*controls.line_transfer_ns, *controls.lock_xadd_ns * 0.5);
  for (const BurstReport& burst : schedule.kept("line_transfer")) {
    // Each visit of a line is 16 operations of each thread, and there are 16 lines.
    EXPECT_GE(burst.workers[0].ops, 16U * 16U);
    EXPECT_EQ(burst.workers[0].ops % 16, 0U);
  }
}

TEST_F(Schedule, RepeatsAVoidBurstAndTellsItsArm) {
  TrialSchedule schedule(team, 0, kBurstMs);
  unsigned calls = 0;
  unsigned noted = 0;
  unsigned dropped = 0;
  schedule.declare({.burst =
                        [&](double) {
                          ++noted;
                          return ++calls == 1 ? burst_of(good_window(), preempted_window())
                                              : burst_of(good_window(), good_window());
                        },
                    .drop =
                        [&] {
                          ++dropped;
                          --noted;
                        },
                    .value = [](const BurstReport&) { return 7.0; }});
  schedule.run();
  EXPECT_EQ(calls, TrialSchedule::kRounds + 1);
  EXPECT_EQ(dropped, 1U);
  EXPECT_EQ(noted, TrialSchedule::kRounds);
  EXPECT_GE(schedule.repeated(), 1U);
  ASSERT_EQ(schedule.kept("subject").size(), TrialSchedule::kRounds);
  EXPECT_EQ(schedule.kept("subject")[0].involuntary_switches(), 0);
  EXPECT_GT(schedule.covariates().to_json()["settle_ms"], 0.0);
  EXPECT_TRUE(schedule.recorded().is_null());
  const auto of_subject = [](const Json& burst) { return burst["arm"] == "subject"; };
  const auto found = std::find_if(schedule.bursts().begin(), schedule.bursts().end(), of_subject);
  EXPECT_EQ((*found)["ns_per_op"], 7.0);
  EXPECT_TRUE(found->contains("wall_ns"));
}

TEST_F(Schedule, RejectsTheAttemptWhenRepeatingDoesNotHelp) {
  TrialSchedule schedule(team, 0, kBurstMs);
  WorkerReport bad = good_window();
  bad.stayed = false;
  schedule.declare({.burst = [&](double) { return burst_of(bad, bad); }});
  schedule.run();
  const std::vector<std::string> reasons = schedule.gate().reasons();
  EXPECT_NE(std::find(reasons.begin(), reasons.end(), "migrated"), reasons.end());
}

TEST_F(Schedule, RecordsWhereTheSubjectIsADisturbance) {
  TrialSchedule schedule(team, 0, kBurstMs);
  schedule.record_only();
  unsigned calls = 0;
  schedule.declare({.burst = [&](double) {
    ++calls;
    return burst_of(good_window(), preempted_window());
  }});
  schedule.run();
  EXPECT_EQ(calls, TrialSchedule::kRounds) << "nothing is repeated";
  EXPECT_FALSE(schedule.gate().involuntary_switch && schedule.repeated() == 0);
  EXPECT_EQ(schedule.recorded()["bursts"], TrialSchedule::kRounds);
  EXPECT_EQ(schedule.recorded()["involuntary_switch"], TrialSchedule::kRounds);
  EXPECT_GE(schedule.covariates().to_json()["involuntary_switches"], TrialSchedule::kRounds);
}

TEST(RecordGate, MoreWorkersThanCpusAreMeasured) {
  const unsigned pu = allowed_pus().front();
  Team crowded({pu, pu, pu});
  TrialSchedule schedule(crowded, 3, 10.0);
  schedule.record_only();
  schedule.declare({.burst = [&](double ms) {
    return crowded.run_burst(ms, [](WorkerContext& worker) {
      while (worker.more()) {
        worker.count(1);
      }
    });
  }});
  schedule.run();
  EXPECT_TRUE(schedule.gate().none()) << "the controls of such a team are recorded too";
  EXPECT_EQ(schedule.repeated(), 0U);
  ASSERT_EQ(schedule.kept("subject").size(), TrialSchedule::kRounds);
  EXPECT_GT(schedule.recorded()["involuntary_switch"], 0);
  EXPECT_GT(schedule.covariates().to_json()["involuntary_switches"], 0);
}

TEST_F(Schedule, RunsControlsAroundASubjectThatTimesItself) {
  TrialSchedule schedule(team, 1, kBurstMs);
  std::size_t before = 0;
  schedule.run_around([&] {
    before = schedule.bursts().size();
    team.run_task([](WorkerContext&) {});
  });
  EXPECT_GT(before, 0U);
  EXPECT_EQ(schedule.bursts().size(), 2 * before);
  EXPECT_TRUE(schedule.kept("subject").empty());
  EXPECT_TRUE(schedule.controls().fetch_add_ns.has_value());
  EXPECT_TRUE(schedule.covariates().to_json()["minor_faults"].is_number());
}

TEST_F(Schedule, EachTrialDrawsItsOwnPages) {
  std::set<std::uintptr_t> places;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    TrialSchedule schedule(team, seed, kBurstMs);
    const Arena::Span object = Arena::instance().draw(64, schedule.random());
    places.insert(reinterpret_cast<std::uintptr_t>(object.data()) / 4096);
  }
  EXPECT_GE(places.size(), 45U) << "pages of 50 trials";
}

}  // namespace
}  // namespace getput::bench
