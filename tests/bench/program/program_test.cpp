// SPDX-License-Identifier: MIT
// getput-bench from outside: its documents, its refusals, and Google Benchmark's flags.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "bench/catalog/cell.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/build_gate.hpp"
#include "tests/bench/program/program.hpp"

namespace getput::bench::test {
namespace {

const std::string kProgram = GETPUT_PLANTED_PROGRAM;
const std::string kCell =
    "pairs/counted/threads:1/object:shared/objects:1/hold_ns:0/put:same/state:live";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// One line of ours, after what Google Benchmark may have to say.
void expect_refused(const std::string& arguments, int exit_code, const std::string& says) {
  const Outcome outcome = run_program(kProgram + " " + arguments);
  EXPECT_EQ(outcome.exit_code, exit_code) << arguments << "\n" << outcome.err;
  EXPECT_TRUE(contains(outcome.err, says)) << arguments << "\n" << outcome.err;
  const std::size_t ours = outcome.err.find("getput-bench: ");
  ASSERT_NE(ours, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find('\n', ours), outcome.err.size() - 1) << outcome.err;
}

TEST(Program, ListsCellsWhoseNamesAreTheirParts) {
  const Outcome outcome = run_program(kProgram + " --getput_list --getput_threads=1");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json list = Json::parse(outcome.out);
  EXPECT_EQ(list["schema"], "getput.list/1");
  std::set<std::string> names;
  for (const Json& cell : list["cells"]) {
    EXPECT_EQ(cell["name"], cell_name(cell["workload"], cell["scheme"], cell["params"],
                                      cell["placement"]["policy"]));
    EXPECT_TRUE(names.insert(cell["name"]).second) << cell["name"];
    EXPECT_NE(cell["possible"].get<bool>(), cell["why"].is_string()) << cell;
    EXPECT_EQ(cell["placement"]["pus"].size(), cell["params"]["threads"].get<std::size_t>());
  }
  EXPECT_TRUE(names.count(kCell + "/place:compact"));
  ASSERT_FALSE(list["workloads"].empty());
  EXPECT_EQ(list["workloads"][0]["params"][0]["key"], "threads");
}

TEST(Program, PrintsItsEnvironment) {
  const Outcome outcome = run_program(kProgram + " --getput_env");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json env = Json::parse(outcome.out);
  EXPECT_EQ(env["schema"], "getput.env/1");
  EXPECT_EQ(env["build"]["writes_results"].get<bool>(), unfit_for_results().empty());
  EXPECT_GT(env["clock"]["overhead_ns"].get<double>(), 0.0);
  EXPECT_EQ(env["allowed_cpus"].size(), allowed_pus().size());
}

TEST(Program, RefusesBadFlags) {
  expect_refused("--no_such_flag", 2, "unknown flag \"--no_such_flag\"; known: --getput_list");
  expect_refused("--getput_list --no_such_flag", 2, "--no_such_flag");
  expect_refused("--getput_list --getput_threads=0", 2, "not a number of threads");
  expect_refused("--getput_list --getput_threads=1,x", 2, "\"x\"");
  expect_refused("--getput_list --getput_threads=100000", 2, "CPU");
  expect_refused("--getput_list --getput_place=nowhere", 2, "compact");
  expect_refused("--getput_plan=plan.json", 2, "--getput_out");
  expect_refused("--getput_passes=2", 2, "--getput_replay");
  expect_refused("--getput_replay=pairs/counted", 2, "known for this scheme and workload");
  expect_refused("--getput_passes=0 --getput_replay=" + kCell + "/place:compact", 2, "1 to 1000");
  expect_refused("--benchmark_filter=no_such_cell", unfit_for_results().empty() ? 2 : 3,
                 unfit_for_results().empty() ? "schemes: counted" : "writes no results");
}

TEST(Program, RefusesBadPlans) {
  const TempFolder folder;
  const std::string plan = folder.file("plan.json");
  const std::string arguments =
      "--getput_plan=" + plan + " --getput_out=" + folder.file("trials.jsonl");
  expect_refused(arguments, 2, "cannot be opened");
  write_file(plan, "{");
  expect_refused(arguments, 2, "not JSON");
  write_file(plan, R"({"schema":"getput.plan/2"})");
  expect_refused(arguments, 2, "getput.plan/1");
  write_file(plan, R"({"schema":"getput.plan/1","seed":1,"trials":[{"cell":3}]})");
  expect_refused(arguments, 2, "plan.json");
  write_file(plan, R"({"schema":"getput.plan/1","seed":1,"burst_ms":0,"trials":[]})");
  expect_refused(arguments, 2, "burst_ms");
  if (!unfit_for_results().empty()) {
    GTEST_SKIP() << "refused before the cells are looked at: " << unfit_for_results();
  }
  write_file(plan, plan_of({"pairs/nothing/threads:1/place:compact"}, 1));
  expect_refused(arguments, 2,
                 "unknown scheme \"nothing\"; known: counted, in_module, late_get, lost_put");
  write_file(plan, plan_of({"walks/counted/threads:1/place:compact"}, 1));
  expect_refused(arguments, 2, "unknown workload \"walks\"; known: pairs, removal");
  write_file(plan, plan_of({"pairs/counted/threads:1/place:compact"}, 1));
  expect_refused(arguments, 2, kCell);
  write_file(plan, plan_of({kCell + "/place:list:4095"}, 1));
  expect_refused(arguments, 2, "4095");
  EXPECT_FALSE(std::filesystem::exists(folder.file("trials.jsonl")));
}

TEST(Program, RefusesToReplayWhatCannotBeReplayed) {
  const bool fit = unfit_for_results().empty();
  expect_refused("--getput_replay=" + kCell + "/place:compact", fit ? 2 : 3,
                 fit ? "this workload cannot be replayed" : "writes no results");
}

TEST(Program, IsAGoogleBenchmarkProgram) {
  const Outcome list = run_program(kProgram + " --benchmark_list_tests --getput_threads=1");
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_TRUE(contains(list.out, kCell + "/place:compact/iterations:1/manual_time")) << list.out;
  if (!unfit_for_results().empty()) {
    GTEST_SKIP() << unfit_for_results();
  }
  const Outcome json = run_program(kProgram + " --benchmark_filter='^" + kCell +
                                   "/' --benchmark_repetitions=2 --benchmark_format=json");
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_FALSE(contains(json.out, "NaN")) << json.out;
  const Json result = Json::parse(json.out);
  EXPECT_TRUE(result["context"].contains("getput_build_type"));
  ASSERT_FALSE(result["benchmarks"].empty());
  const Outcome console = run_program(kProgram +
                                      " --benchmark_filter='^pairs/lost_put/threads:1/"
                                      "object:shared/objects:1/hold_ns:0' "
                                      "--benchmark_repetitions=1");
  EXPECT_EQ(console.exit_code, 1) << console.err;
  EXPECT_TRUE(contains(console.out, "WRONG")) << console.out;
  EXPECT_FALSE(contains(console.err, "built as DEBUG")) << console.err;
}

TEST(Program, FullDiskLeavesFinishedLinesValid) {
  if (!unfit_for_results().empty()) {
    GTEST_SKIP() << unfit_for_results();
  }
  const TempFolder folder;
  const std::string out = folder.file("trials.jsonl");
  write_file(folder.file("plan.json"),
             plan_of(std::vector<std::string>(6, kCell + "/place:compact"), 1));
  // Room for some of the lines: ulimit -f counts 512 or 1024 bytes, depending on the shell.
  const Outcome outcome = run_program("ulimit -f 8; trap '' XFSZ; " + kProgram + " --getput_plan=" +
                                      folder.file("plan.json") + " --getput_out=" + out);
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "finished trials in it are valid")) << outcome.err;
  const std::string text = read_file(out);
  EXPECT_TRUE(text.empty() || text.back() == '\n');
  const std::vector<Json> lines = read_lines(out);
  EXPECT_GE(lines.size(), 1U);
  EXPECT_LT(lines.size(), 6U);
}

}  // namespace
}  // namespace getput::bench::test
