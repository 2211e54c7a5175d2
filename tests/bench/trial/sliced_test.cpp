// SPDX-License-Identifier: MIT
// Time slices: their order, which pairs count, and that a planted difference is measured.
#include "bench/trial/sliced.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

TEST(SliceOrder, EveryPairHasBothArmsAndCopiesOccurEquallyOften) {
  const std::vector<SliceStep> steps = slice_order(400, 4, 7);
  ASSERT_EQ(steps.size(), 800U);
  std::map<std::pair<int, int>, int> used;
  int subject_first = 0;
  for (std::size_t i = 0; i < steps.size(); i += 2) {
    EXPECT_NE(steps[i].arm, steps[i + 1].arm);
    subject_first += steps[i].arm == kSubject ? 1 : 0;
    for (const SliceStep& step : {steps[i], steps[i + 1]}) {
      ++used[{step.arm, step.copy}];
    }
  }
  EXPECT_EQ(used.size(), 8U);
  for (const auto& [which, count] : used) {
    EXPECT_EQ(count, 100) << which.first << "/" << which.second;
  }
  EXPECT_GT(subject_first, 150);
  EXPECT_LT(subject_first, 250);
}

TEST(SliceOrder, FollowsFromTheSeed) {
  const auto text = [](std::uint64_t seed) {
    std::string result;
    for (const SliceStep& step : slice_order(50, 4, seed)) {
      result += std::to_string(step.arm) + std::to_string(step.copy);
    }
    return result;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

TEST(Slice, CountedOneEndsAfterItsOperations) {
  Slice slice(100);
  EXPECT_TRUE(slice.more(0));
  EXPECT_TRUE(slice.more(64));
  EXPECT_FALSE(slice.more(36));
  EXPECT_EQ(slice.record().batches, 0U);
  Slice overshot(100);
  EXPECT_FALSE(overshot.more(128));
}

SliceRecord record(std::uint64_t ticks, bool switched = false) {
  SliceRecord result;
  result.ticks = ticks;
  result.ops = 1000;
  result.ticks_per_op = static_cast<double>(ticks) / 1000.0;
  result.batches = 10;
  result.longest = ticks / 10;
  result.switched = switched;
  return result;
}

TEST(PairSlices, ASwitchVoidsThePairOfEveryWorker) {
  const std::vector<SliceStep> steps = {
      {kSubject, 0}, {kBaseline, 1}, {kBaseline, 0}, {kSubject, 1}};
  const auto one = record(20000);
  const auto two = record(10000);
  const SlicedPairs all = pair_slices(steps, {{one, two, two, one}, {one, two, two, one}});
  ASSERT_EQ(all.valid.size(), 2U);
  EXPECT_EQ(all.voided, 0U);
  EXPECT_NEAR(all.valid[0].subject, 2.0 * all.valid[0].baseline, 1e-9);
  EXPECT_EQ(all.valid[0].baseline_copy, 1);
  EXPECT_EQ(all.valid[1].subject_copy, 1);

  const SlicedPairs some =
      pair_slices(steps, {{one, two, two, one}, {one, record(10000, true), two, one}});
  ASSERT_EQ(some.valid.size(), 1U);
  EXPECT_EQ(some.voided, 1U);
  EXPECT_EQ(some.valid[0].subject_copy, 1);
}

TEST(PairSlices, ASliceWithTooFewBatchesDoesNotCount) {
  SliceRecord few = record(10000);
  few.batches = 1;
  const SlicedPairs pairs = pair_slices({{kSubject, 0}, {kBaseline, 0}}, {{record(10000), few}});
  EXPECT_TRUE(pairs.valid.empty());
  EXPECT_EQ(pairs.voided, 1U);
}

TEST(PairSlices, ALongBatchIsAGap) {
  const auto usual = record(10000);
  SliceRecord gap = record(10000);
  gap.longest = Clock::instance().ticks(1e6);
  const std::vector<SliceStep> steps = {
      {kSubject, 0}, {kBaseline, 0}, {kSubject, 0}, {kBaseline, 0}};
  const SlicedPairs pairs = pair_slices(steps, {{usual, usual, gap, usual}});
  EXPECT_EQ(pairs.gaps, 1U);
  EXPECT_NEAR(pairs.longest_gap_ns, 1e6, 1e3);
}

SliceRecord at_rate(double issue_rate) {
  SliceRecord result = record(10000);
  result.issue_rate = issue_rate;
  return result;
}

TEST(PairSlices, APairHasTheLowestRateOfItsWorkersAndOfItsEnds) {
  const std::vector<SliceStep> steps = {
      {kSubject, 0}, {kBaseline, 0}, {kBaseline, 0}, {kSubject, 0}};
  const auto alone = at_rate(3.9);
  const SlicedPairs end =
      pair_slices(steps, {{alone, alone, at_rate(2.0), alone}, {alone, alone, alone, alone}});
  ASSERT_EQ(end.valid.size(), 2U);
  EXPECT_EQ(end.valid[0].issue_rate, 2.0);  // the next slice's beginning is this pair's end
  EXPECT_EQ(end.valid[1].issue_rate, 2.0);
  const SlicedPairs other =
      pair_slices(steps, {{alone, alone, alone, alone}, {alone, alone, alone, at_rate(2.5)}});
  EXPECT_EQ(other.valid[0].issue_rate, 3.9);
  EXPECT_EQ(other.valid[1].issue_rate, 2.5);
}

std::vector<SlicePair> pairs_at(const std::vector<double>& rates) {
  std::vector<SlicePair> pairs(rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    pairs[i].issue_rate = rates[i];
  }
  return pairs;
}

TEST(PairSlices, PairsAloneReachNineTenthsOfTheBestRate) {
  EXPECT_EQ(pairs_alone(pairs_at({3.9, 3.6, 3.4, 2.1}), 3.9).size(), 2U);
  EXPECT_EQ(pairs_alone(pairs_at({2.2, 2.1}), 3.9).size(), 0U);
  EXPECT_EQ(pairs_alone(pairs_at({0.0, 0.0}), 0.0).size(), 2U) << "rates are not known";
}

TEST(PairSlices, OneOutlierIsNotTheHighestRate) {
  std::vector<double> rates(99, 3.8);
  rates.push_back(9.0);
  EXPECT_EQ(high_issue_rate(pairs_at(rates)), 3.8);
  EXPECT_EQ(high_issue_rate({}), 0.0);
}

TEST(PairSlices, CyclesGrowWithTheShareOfTheOtherGuest) {
  std::vector<double> half(50, 4.0);
  half.resize(100, 2.0);
  EXPECT_NEAR(*cycles_per_addition(pairs_at(half)), 0.375, 1e-9);
  std::vector<double> interrupted(99, 4.0);
  interrupted.push_back(0.01);
  EXPECT_NEAR(*cycles_per_addition(pairs_at(interrupted)), 0.25, 1e-9)
      << "one probe was cut in two";
  EXPECT_FALSE(cycles_per_addition(pairs_at({4.0, 0.0})));
  EXPECT_FALSE(cycles_per_addition({}));
}

/// Both arms spin, the subject @p more_loops longer per operation.
SlicedArms spinning(std::uint64_t more_loops) {
  SlicedArms arms;
  arms.baseline = "spin";
  arms.copies = 2;
  arms.work.around = [](WorkerContext&, const std::function<void()>& slices) { slices(); };
  arms.work.run = [more_loops](WorkerContext&, SliceStep step, Slice& slice) {
    constexpr std::uint64_t kOps = 50;
    std::uint64_t done = 0;
    // One loop for both arms: two loops at different addresses differ by 10 %.
    std::uint64_t loops = 100 + (step.arm == kSubject ? more_loops : 0);
    asm volatile("" : "+r"(loops));
    while (slice.more(done)) {
      for (std::uint64_t i = 0; i < kOps; ++i) {
        hold(loops);
      }
      done = kOps;
    }
  };
  return arms;
}

std::vector<unsigned> all_pus() {
  return place("compact", static_cast<unsigned>(allowed_pus().size())).pus;
}

#define REQUIRE_VALID(trial) \
  if (!(trial).ns_per_op)    \
  GTEST_SKIP() << "every trial lost its CPU: the machine is too busy to test"

bool has_enough_pairs(const Measurement& trial) {
  return trial.ns_per_op && trial.difference["pairs"].get<int>() > 6;
}

/// The first trial with pairs to spare: a busy machine may void most slices of the first ones.
Measurement valid_trial(Team& team, const SlicedArms& arms, double planted_ns) {
  Measurement result;
  for (std::uint64_t seed = 1; seed <= 20 && !has_enough_pairs(result); ++seed) {
    result = measure_slices(team, arms, {60.0, seed, planted_ns}, "ns/op");
  }
  return result;
}

/// In nanoseconds; large where there are too few slices to tell.
double error_of(const Measurement& trial) {
  const Json& error = trial.difference["se_ns"];
  return error.is_null() ? 10.0 : error.get<double>();
}

// How long a loop takes depends on the load of the core's other thread and on its clock, so these
// tests ask for the size of a difference only; `getput resolution` asks for its value.
TEST(MeasureSlices, FindsADifferenceInTheCode) {
  Team team(all_pus());
  const Measurement result = valid_trial(team, spinning(2000), 0.0);
  REQUIRE_VALID(result);
  const double expected = HoldLoops::measured_ns(2100) - HoldLoops::measured_ns(100);
  const double found = result.difference["ns"].get<double>();
  EXPECT_GT(found, expected / 3.0);
  EXPECT_LT(found, expected * 3.0);
  EXPECT_GT(result.difference["pairs"].get<int>(), 6);
  EXPECT_GT(result.ops, 0U);
  EXPECT_EQ(result.thread_ops.size(), team.size());
}

TEST(MeasureSlices, FindsWhatWasPlanted) {
  Team team(all_pus());
  const Measurement same = valid_trial(team, spinning(0), 0.0);
  const Measurement planted = valid_trial(team, spinning(0), 100.0);
  REQUIRE_VALID(same);
  REQUIRE_VALID(planted);
  EXPECT_NEAR(same.difference["ns"].get<double>(), 0.0, 3.0 + 6.0 * error_of(same));
  EXPECT_GT(planted.difference["ns"].get<double>(), 33.0);
  EXPECT_LT(planted.difference["ns"].get<double>(), 300.0);
  EXPECT_EQ(planted.difference["planted_ns"], 100.0);
}

TEST(MeasureSlices, SlowBatchesGetLongSlices) {
  Team team({allowed_pus().front()});
  SlicedArms slow = spinning(0);
  slow.work.run = [](WorkerContext&, SliceStep, Slice& slice) {
    std::uint64_t done = 0;
    while (slice.more(done)) {
      hold(HoldLoops::for_ns(3e5));
      done = 1;
    }
  };
  const Measurement result = valid_trial(team, slow, 0.0);
  REQUIRE_VALID(result);
  EXPECT_GT(result.difference["slice_us"].get<double>(), 4.0 * 300.0);
}

TEST(MeasureSlices, AnExceptionOfAnArmIsThrown) {
  Team team(all_pus());
  SlicedArms arms = spinning(0);
  arms.work.run = [](WorkerContext&, SliceStep, Slice&) { throw std::runtime_error("planted"); };
  EXPECT_THROW(measure_slices(team, arms, {10.0, 1, 0.0}, "ns/op"), std::runtime_error);
}

}  // namespace
}  // namespace getput::bench
