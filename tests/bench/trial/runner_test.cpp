// SPDX-License-Identifier: MIT
// Attempts, their lines, and the registry behind them, with cells that do what the test says.
#include "bench/trial/runner.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

using Script = std::function<Measurement(TrialContext&, unsigned call)>;

class ScriptedCell final : public Cell {
 public:
  explicit ScriptedCell(Script script) : script_(std::move(script)) {}
  Measurement run(TrialContext& trial) override { return script_(trial, calls_++); }

 private:
  Script script_;
  unsigned calls_ = 0;
};

CellSpec spec_of(const std::string& scheme) {
  CellSpec spec;
  spec.workload = "scripted";
  spec.scheme = scheme;
  spec.params = {{"threads", 1}};
  spec.placement = {"compact", {allowed_pus().front()}};
  spec.name = cell_name("scripted", scheme, spec.params, "compact");
  return spec;
}

/// A registry with one scheme, "toy", whose cells follow the script.
Registry registry_of(const Script& script) {
  Registry registry;
  SchemeEntry entry;
  entry.info.name = "toy";
  entry.folder = "test";
  entry.unavailable = [] { return std::string(); };
  WorkloadEntry workload;
  workload.name = "scripted";
  workload.enumerate = [](const GridRequest&) { return std::vector<CellSpec>{spec_of("toy")}; };
  workload.make = [script](const CellSpec&, const GridRequest&) -> std::unique_ptr<Cell> {
    return std::make_unique<ScriptedCell>(script);
  };
  entry.workloads = {workload};
  registry.add(std::move(entry));
  return registry;
}

Measurement good(double ns) {
  Measurement result;
  result.unit = "ns/pair";
  result.ns_per_op = ns;
  return result;
}

TEST(Trial, RejectedAttemptsAreRepeatedAndAllWrittenDown) {
  const Registry registry = registry_of([](TrialContext&, unsigned call) {
    Measurement result = good(5.0);
    if (call < 2) {
      result.reject_reasons = {"planted"};
    }
    return result;
  });
  TrialRunner runner(registry, {}, {.seed = 3, .burst_ms = 1.0, .max_attempts = 10});
  std::vector<Json> lines;
  const Attempt last = runner.run(
      spec_of("toy"), 7, [&](const Attempt& attempt) { lines.push_back(attempt.to_json()); });
  EXPECT_TRUE(last.valid);
  EXPECT_EQ(last.attempt, 2U);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_FALSE(lines[0]["valid"].get<bool>());
  EXPECT_EQ(lines[0]["reject_reasons"], Json::array({"planted"}));
  EXPECT_TRUE(lines[2]["valid"].get<bool>());
  EXPECT_EQ(lines[2]["trial"], 7);
  EXPECT_NE(lines[0]["seed"], lines[1]["seed"]);
}

TEST(Trial, GivesUpAfterMaxAttempts) {
  const Registry registry = registry_of([](TrialContext&, unsigned) {
    Measurement result;  // measured nothing
    return result;
  });
  TrialRunner runner(registry, {}, {.seed = 3, .burst_ms = 1.0, .max_attempts = 3});
  unsigned lines = 0;
  const Attempt last = runner.run(spec_of("toy"), 0, [&](const Attempt&) { ++lines; });
  EXPECT_EQ(lines, 3U);
  EXPECT_FALSE(last.valid);
  EXPECT_EQ(last.reject_reasons, std::vector<std::string>{"nothing_measured"});
  EXPECT_TRUE(last.to_json()["ns_per_op"].is_null());
}

TEST(Trial, WrongIsNotRepeated) {
  const Registry registry = registry_of([](TrialContext&, unsigned) {
    Measurement result = good(1.0);
    result.oracle_ok = false;
    result.oracle_detail = "planted";
    result.reject_reasons = {"planted"};
    return result;
  });
  TrialRunner runner(registry, {}, {});
  unsigned lines = 0;
  const Attempt last = runner.run(spec_of("toy"), 0, [&](const Attempt&) { ++lines; });
  EXPECT_EQ(lines, 1U);
  EXPECT_EQ(last.to_json()["oracle"], (Json{{"ok", false}, {"detail", "planted"}}));
}

TEST(Trial, LinesAreStrictJson) {
  Attempt attempt;
  attempt.measurement = good(std::numeric_limits<double>::infinity());
  attempt.measurement.metrics["ratio"] = std::nan("");
  const std::string text = attempt.to_json().dump();
  EXPECT_EQ(text.find("nan"), std::string::npos);
  EXPECT_EQ(text.find("inf"), std::string::npos);
  const Json line = Json::parse(text);
  EXPECT_TRUE(line["ns_per_op"].is_null());
  EXPECT_TRUE(line["metrics"]["ratio"].is_null());
  EXPECT_TRUE(line["controls"]["plain_ns"].is_null()) << "not measured";
}

TEST(Trial, LinesHaveTheBurstsAndCovariatesOfTheSchedule) {
  const Registry registry = registry_of([](TrialContext& trial, unsigned) {
    trial.schedule.declare({.burst = [&](double ms) {
      return trial.team.run_burst(ms, [](WorkerContext& worker) {
        while (worker.more()) {
          worker.count(1);
        }
      });
    }});
    trial.schedule.run();
    Measurement result = good(5.0);
    result.covariates = {{"clock_gaps", 123}};
    return result;
  });
  TrialRunner runner(registry, {}, {.seed = 3, .burst_ms = 1.0, .max_attempts = 1});
  const Json line = runner.run(spec_of("toy"), 0, [](const Attempt&) {}).to_json();
  EXPECT_EQ(line["bursts"].size(), 2U * 5U);
  for (const char* key : {"run_wait_ns", "voluntary_switches", "involuntary_switches",
                          "minor_faults", "major_faults", "steal_ms", "interrupts", "softirqs",
                          "clock_gaps", "clock_gap_max_ns", "load1", "settle_ms"}) {
    EXPECT_TRUE(line["covariates"].contains(key)) << key;
  }
  EXPECT_EQ(line["covariates"]["clock_gaps"], 123) << "the workload knows better";
  EXPECT_TRUE(line["controls"]["lock_xadd_ns"].is_number());
  EXPECT_FALSE(line["metrics"].contains("recorded"));
}

TEST(RegistryTest, OrdersSchemesAndRefusesTheImpossible) {
  Registry registry = registry_of({});
  SchemeEntry first;
  first.info.name = "zebra";
  first.folder = "a_folder";
  registry.add(first);
  EXPECT_EQ(registry.scheme_names(), (std::vector<std::string>{"zebra", "toy"}));
  CellSpec spec = spec_of("toy");
  spec.possible = false;
  spec.why = "because";
  EXPECT_THROW(registry.make(spec, {}), RequestError);
}

}  // namespace
}  // namespace getput::bench
