// SPDX-License-Identifier: MIT
// The schedule of a trial: the only place that orders, gates, repeats and collects timed bursts.
//
// A workload declares its arms: the subject, and baselines where there are any. The schedule adds
// the controls (controls.hpp) and runs rounds of all arms, each round in a random order drawn from
// the seed. A burst that fails the gate (gate.hpp) is void: the arm forgets what it noted in it and
// the burst is repeated a few times; the attempt is rejected only if that does not help. Short
// bursts, each begun by threads that have just slept, get through on a machine whose neighbours are
// awake. The values of all bursts that count are kept.
//
//   trial.schedule.declare({.name = "subject", .burst = [&](double ms) { return burst(ms); }});
//   trial.schedule.run();
//   Measurement result = combine(trial.schedule.kept("subject"), "ns/pair");
//
// A workload whose subject times itself (slices) passes it to run_around(), which runs the controls
// before and after it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/arena.hpp"
#include "bench/engine/team.hpp"
#include "bench/trial/controls.hpp"
#include "bench/trial/covariates.hpp"
#include "bench/trial/gate.hpp"

namespace getput::bench {

enum class Role : std::uint8_t {
  subject,   ///< what the cell is about
  baseline,  ///< what the subject is compared with, as long a burst
  control,   ///< a floor, a shorter burst
};

/// One of the alternating parts of a trial.
struct Arm {
  std::string name = "subject";
  Role role = Role::subject;
  /// Runs one timed burst of so many milliseconds.
  std::function<BurstReport(double burst_ms)> burst;
  /// Called after a void burst: drops the times noted in it. What the oracle found stays.
  std::function<void()> drop = {};
  /// The value of a burst in nanoseconds; empty: its mean time per operation.
  std::function<std::optional<double>(const BurstReport&)> value = {};
};

/// Means in nanoseconds over the bursts of one trial; empty: not measured.
struct ControlResult {
  std::optional<double> plain_ns;
  std::optional<double> fetch_add_ns;
  std::optional<double> chain_ns;
  std::optional<double> lock_xadd_ns;
  std::optional<double> line_transfer_ns;

  Json to_json() const;
};

class TrialSchedule {
 public:
  /// How the time of an arm is cut: so many rounds, each with every arm.
  static constexpr unsigned kRounds = 2;

  /// @p burst_ms: how long the subject is timed in all rounds together.
  TrialSchedule(Team& team, std::uint64_t seed, double burst_ms);
  TrialSchedule(const TrialSchedule&) = delete;
  TrialSchedule& operator=(const TrialSchedule&) = delete;

  /// The generator of every choice of this trial, for the workload's own draws too.
  Random& random() noexcept { return random_; }

  /// Adds an arm; before run().
  void declare(Arm arm);
  /// Bursts of subjects and baselines are recorded instead of rejected. The controls are still
  /// gated, except where workers share a PU, which disturbs them by design.
  void record_only() noexcept { gate_kind_ = GateKind::record; }

  /// Runs the rounds. Once per schedule.
  void run();
  /// Runs the controls, one round before and one after @p subject, which times and gates itself.
  /// What the workers' kernel counters say of @p subject goes to the covariates.
  void run_around(const std::function<void()>& subject);

  /// The bursts of an arm that count, in the order measured.
  const std::vector<BurstReport>& kept(const std::string& arm) const;
  ControlResult controls() const;
  /// Findings that repeating did not remove: why the attempt is rejected.
  const GateFindings& gate() const noexcept { return gate_; }
  /// Void bursts, which were run again.
  unsigned repeated() const noexcept { return repeated_; }
  /// Of record_only(): bursts with each finding. Null otherwise.
  Json recorded() const;
  /// Measurement::bursts.
  const Json& bursts() const noexcept { return bursts_; }
  Covariates& covariates() noexcept { return covariates_; }

 private:
  static constexpr unsigned kTries = 5;

  void declare_controls();
  void run_round(bool controls_only);
  bool records(const Arm& arm) const noexcept;
  BurstReport passing(const Arm& arm);
  void keep(const Arm& arm, BurstReport report);

  Team& team_;
  Random random_;
  double burst_ms_;
  double control_ms_;
  GateKind gate_kind_ = GateKind::reject;
  bool shared_pus_;
  Controls controls_;
  Covariates covariates_;
  std::vector<Arm> arms_;
  std::map<std::string, std::vector<BurstReport>> kept_;
  Json bursts_ = Json::array();
  GateFindings gate_;
  GateCounts recorded_;
  unsigned repeated_ = 0;
};

}  // namespace getput::bench
