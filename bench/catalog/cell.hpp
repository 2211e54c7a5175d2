// SPDX-License-Identifier: MIT
// What the harness and the workloads say to each other: a cell (what to measure), a trial (one
// timed measurement of it) and the measurement that comes back.
//
// A cell is scheme x workload x parameters x placement. Its name is its identity everywhere: in
// plans, in results, and as the Google Benchmark name:
//   workload/scheme/key:value/.../place:policy      (keys in the workload's fixed order)
// Cell::run() is virtual because it is called once a trial; everything timed inside it is a
// template instantiated on the scheme and on the shape of the parameters, so no timed loop makes a
// virtual call.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/engine/placement.hpp"

namespace getput::bench {

using Json = nlohmann::ordered_json;

class Team;
class TrialSchedule;

/// How early a cell is worth its time: in `--smoke`, in `--quick`, or only in `--paper`.
enum class Tier : int { smoke = 0, quick = 1, paper = 2 };

/// One cell as `--getput_list` shows it.
struct CellSpec {
  std::string name;  ///< see cell_name()
  std::string workload;
  std::string scheme;
  Json params = Json::object();  ///< in the workload's fixed order, without the placement
  Placement placement;
  Tier tier = Tier::paper;
  bool possible = true;
  std::string why;            ///< why not possible, in plain words; empty when possible
  double est_trial_ms = 0.0;  ///< expected wall time of one trial, retries not counted
};

/// The name of a cell from its parts: workload/scheme/key:value/.../place:policy.
std::string cell_name(const std::string& workload, const std::string& scheme, const Json& params,
                      const std::string& policy);

/// What one trial of a cell found. A workload fills in everything but what the schedule adds: the
/// controls, the findings of the validity gate, the bursts and the covariates. Covariates that the
/// workload sets itself replace those of the schedule.
struct Measurement {
  std::string unit;                 ///< "ns/pair", "ns/packet", "ns/removal"
  std::optional<double> ns_per_op;  ///< empty: nothing was measured (null in the result)
  std::uint64_t ops = 0;            ///< operations inside the timed windows, all threads
  std::uint64_t wall_ns = 0;        ///< length of the timed part
  std::vector<std::uint64_t> thread_ops;
  Json metrics = Json::object();  ///< the workload's own numbers; NaN and inf are written as null
  Json bursts = Json::array();    ///< kept bursts, {"arm", "ns_per_op", "wall_ns"} each
  Json difference = nullptr;  ///< subject minus baseline of a sliced trial, see trial/sliced.hpp
  Json slices = nullptr;      ///< the values of its slices
  Json covariates = Json::object();  ///< what else the machine did meanwhile
  bool oracle_ok = true;
  std::string oracle_detail;                ///< what was wrong; empty when oracle_ok
  std::vector<std::string> reject_reasons;  ///< the workload's own reasons against this attempt
};

/// What a cell gets for one attempt at a trial.
struct TrialContext {
  Team& team;               ///< one pinned thread for each placement.pus
  TrialSchedule& schedule;  ///< to which the cell declares its arms, see trial/schedule.hpp
  std::uint64_t seed;  ///< differs for each cell, trial and attempt; the same in a repeated run
  double burst_ms;     ///< how long the subject is timed in this trial, all rounds together
  double slices_ms;    ///< how long the slices of both arms are timed, where a workload has them
  double planted_ns;   ///< added to each operation of a sliced subject, to test the method
  std::uint64_t number = 0;  ///< of the trial; 0 is in the first process that visits the cell
};

/// What Cell::replay() is to execute.
struct ReplayRequest {
  Team& team;            ///< one pinned thread for each placement.pus
  std::uint64_t passes;  ///< over the input, at least 1
};

/// A cell that can be run: owns the scheme objects and whatever else outlives a trial.
class Cell {
 public:
  Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  virtual ~Cell() = default;

  /// One attempt at a trial. Throws EnvironmentError (errors.hpp) when the machine does not allow
  /// it; what the scheme does wrong goes to Measurement::oracle_*, never into an exception.
  virtual Measurement run(TrialContext& trial) = 0;

  /// Executes a fixed amount of the timed code without a clock, for a tool that counts instructions
  /// (bench/program/replay_command.hpp says what comes back). Throws RequestError where the
  /// workload, or this cell of it, cannot be replayed.
  virtual Json replay(const ReplayRequest& request);
};

}  // namespace getput::bench
