// SPDX-License-Identifier: MIT
// The judgement of single answers and of a whole tally.
#include "bench/workloads/removal/stage.hpp"

#include <gtest/gtest.h>

#include "bench/workloads/removal/tally.hpp"

namespace getput::bench::removal {
namespace {

TEST(StageTest, JudgesWhatLayInsideAStep) {
  Stage stage;
  const auto live = stage.now();
  EXPECT_TRUE(Stage::live_throughout(live, stage.settled()));
  stage.announce(Step::attempt);
  EXPECT_FALSE(Stage::live_throughout(live, stage.settled()));
  EXPECT_TRUE(Stage::not_stopped(live, stage.settled()));
  stage.tell(Step::live_again);
  const auto again = stage.now();
  EXPECT_TRUE(Stage::live_throughout(again, again));
  stage.announce(Step::stopping);
  EXPECT_FALSE(Stage::not_stopped(again, stage.settled()));
  EXPECT_FALSE(Stage::stopped_throughout(stage.now(), stage.now()));
  stage.tell(Step::stopped);
  const auto stopped = stage.now();
  EXPECT_TRUE(Stage::stopped_throughout(stopped, stage.settled()));
  stage.announce(Step::restarting);
  EXPECT_FALSE(Stage::stopped_throughout(stopped, stage.settled()));
  stage.tell(Step::live);
  EXPECT_FALSE(Stage::not_stopped(live, stage.settled())) << "another removal lay between";
  EXPECT_TRUE(Stage::live_throughout(stage.now(), stage.now()));
}

TEST(TextTest, IsGoneWhileUnmapped) {
  Text text;
  EXPECT_FALSE(text.gone());
  text.unmap();
  EXPECT_TRUE(text.gone());
  text.map();
  EXPECT_FALSE(text.gone());
}

TEST(TallyTest, EveryFaultIsAWrong) {
  SchemeInfo info;
  Tally clean(2);
  clean.callers[1].value.refused = 5;
  Verdict fine;
  judge(clean, info, fine);
  EXPECT_TRUE(fine.ok()) << fine.detail();

  const std::vector<std::uint64_t CallerTally::*> caller_faults = {
      &CallerTally::gone, &CallerTally::late, &CallerTally::refused_live, &CallerTally::spurious};
  for (const auto fault : caller_faults) {
    Tally tally = clean;
    tally.callers[1].value.*fault = 1;
    Verdict verdict;
    judge(tally, info, verdict);
    EXPECT_FALSE(verdict.ok());
  }
  const std::vector<std::uint64_t RemoverTally::*> remover_faults = {
      &RemoverTally::own_get_refused, &RemoverTally::attempt_succeeded, &RemoverTally::late,
      &RemoverTally::not_drained};
  for (const auto fault : remover_faults) {
    Tally tally = clean;
    tally.remover.*fault = 1;
    Verdict verdict;
    judge(tally, info, verdict);
    EXPECT_FALSE(verdict.ok());
  }
}

TEST(TallyTest, AllowsWhatTheSchemeAnnounces) {
  SchemeInfo info;
  info.spurious_failure = true;
  info.certain_after_stop = false;
  Tally tally(1);
  tally.callers[0].value.spurious = 3;
  tally.callers[0].value.late = 3;
  Verdict verdict;
  judge(tally, info, verdict);
  EXPECT_TRUE(verdict.ok()) << verdict.detail();
}

TEST(TallyTest, AVoidBurstLosesItsTimesAndKeepsItsFaults) {
  Tally tally(1);
  tally.remover.drained = {1, 2};
  tally.callers[0].value.longest = 5;
  const Tally::Mark mark = tally.mark();
  tally.remover.drained.push_back(3);
  tally.callers[0].value.longest = 99;
  tally.callers[0].value.gone = 1;
  tally.drop_since(mark);
  EXPECT_EQ(tally.remover.drained.size(), 2U);
  EXPECT_EQ(tally.drained_since(tally.mark()), std::nullopt);
  EXPECT_EQ(tally.drained_since({}), Clock::instance().ns(1)) << "the median of the two before";
  EXPECT_EQ(tally.all_callers().longest, 5U);
  EXPECT_EQ(tally.all_callers().gone, 1U);
}

}  // namespace
}  // namespace getput::bench::removal
