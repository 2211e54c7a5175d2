// SPDX-License-Identifier: MIT
// Planted bugs: a run of a broken scheme says WRONG, a run of the honest one does not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench/engine/placement.hpp"
#include "bench/program/build_gate.hpp"
#include "tests/bench/program/program.hpp"

namespace getput::bench::test {
namespace {

const std::string kProgram = GETPUT_PLANTED_PROGRAM;

std::string pairs_cell(const std::string& scheme, unsigned threads) {
  return "pairs/" + scheme + "/threads:" + std::to_string(threads) +
         "/object:shared/objects:1/hold_ns:0/put:same/state:live/place:compact";
}

std::string removal_cell(const std::string& scheme, unsigned threads) {
  return "removal/" + scheme + "/threads:" + std::to_string(threads) +
         "/callers:" + std::to_string(threads - 1) + "/hold_ns:0/place:compact";
}

struct PlanRun {
  Outcome outcome;
  std::vector<Json> lines;
};

PlanRun run_cells(const std::vector<std::string>& cells) {
  const TempFolder folder;
  write_file(folder.file("plan.json"), plan_of(cells, 3));
  PlanRun run;
  run.outcome = run_program(kProgram + " --getput_plan=" + folder.file("plan.json") +
                            " --getput_out=" + folder.file("trials.jsonl"));
  run.lines = read_lines(folder.file("trials.jsonl"));
  return run;
}

class Planted : public testing::Test {
 protected:
  void SetUp() override {
    if (!unfit_for_results().empty()) {
      // What is asked of such a build is that it refuses.
      const PlanRun run = run_cells({pairs_cell("counted", 1)});
      EXPECT_EQ(run.outcome.exit_code, 3);
      EXPECT_NE(run.outcome.err.find("writes no results"), std::string::npos) << run.outcome.err;
      EXPECT_TRUE(run.lines.empty());
      GTEST_SKIP() << "refused as it should: " << unfit_for_results();
    }
  }

  static void expect_wrong(const std::string& cell, const std::string& detail) {
    const PlanRun run = run_cells({cell});
    EXPECT_EQ(run.outcome.exit_code, 1) << run.outcome.err;
    ASSERT_FALSE(run.lines.empty());
    const Json& oracle = run.lines.back()["oracle"];
    EXPECT_FALSE(oracle["ok"].get<bool>());
    EXPECT_NE(oracle["detail"].get<std::string>().find(detail), std::string::npos) << oracle;
  }
};

TEST_F(Planted, LostPutOnOneThread) {
  expect_wrong(pairs_cell("lost_put", 1), "references do not balance");
}

TEST_F(Planted, LateGetOnOneThread) {
  expect_wrong(pairs_cell("late_get", 1), "started after stop() had returned");
}

TEST_F(Planted, BothOnTwoThreads) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed";
  }
  expect_wrong(pairs_cell("lost_put", 2), "references do not balance");
  expect_wrong(pairs_cell("late_get", 2), "started after stop() had returned");
  // The remover itself is one that hammers: its callers' late gets count.
  expect_wrong(removal_cell("late_get", 2), "");
}

TEST_F(Planted, HonestSchemeIsNotAccused) {
  std::vector<std::string> cells = {pairs_cell("counted", 1), removal_cell("counted", 1)};
  if (allowed_pus().size() >= 2) {
    cells.push_back(pairs_cell("counted", 2));
    cells.push_back(removal_cell("counted", 2));
  }
  const PlanRun run = run_cells(cells);
  EXPECT_EQ(run.outcome.exit_code, 0) << run.outcome.err;
  EXPECT_GE(run.lines.size(), cells.size());
  for (const Json& line : run.lines) {
    EXPECT_TRUE(line["oracle"]["ok"].get<bool>()) << line;
    EXPECT_TRUE(line["oracle"]["detail"].is_null()) << line;
  }
}

}  // namespace
}  // namespace getput::bench::test
