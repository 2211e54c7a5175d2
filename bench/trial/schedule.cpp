// SPDX-License-Identifier: MIT
#include "bench/trial/schedule.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

namespace getput::bench {
namespace {

// Each control is timed for an eighth of the subject's time; never so short that starting and
// stopping shows.
constexpr double kControlShare = 1.0 / 8.0;
constexpr double kControlAtLeastMs = 0.1;

bool has_doubles(const std::vector<unsigned>& pus) {
  return std::set<unsigned>(pus.begin(), pus.end()).size() != pus.size();
}

std::optional<double> value_of(const Arm& arm, const BurstReport& report) {
  if (arm.value) {
    return arm.value(report);
  }
  return report.ops() == 0 ? std::nullopt : std::optional<double>(report.mean_ns_per_op());
}

std::optional<double> mean_of(const std::vector<BurstReport>& bursts) {
  if (bursts.empty()) {
    return std::nullopt;
  }
  double sum = 0.0;
  for (const BurstReport& burst : bursts) {
    sum += burst.mean_ns_per_op();
  }
  return sum / static_cast<double>(bursts.size());
}

}  // namespace

Json ControlResult::to_json() const {
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"plain_ns", number(plain_ns)},
          {"fetch_add_ns", number(fetch_add_ns)},
          {"chain_ns", number(chain_ns)},
          {"lock_xadd_ns", number(lock_xadd_ns)},
          {"line_transfer_ns", number(line_transfer_ns)}};
}

TrialSchedule::TrialSchedule(Team& team, std::uint64_t seed, double burst_ms)
    : team_(team),
      random_(seed),
      burst_ms_(burst_ms / kRounds),
      control_ms_(std::max(kControlAtLeastMs, burst_ms * kControlShare / kRounds)),
      shared_pus_(has_doubles(team.pus())),
      controls_(team, random_),
      covariates_(team.pus()) {
}

void TrialSchedule::declare(Arm arm) {
  arms_.push_back(std::move(arm));
}

void TrialSchedule::declare_controls() {
  for (const Controls::Named& control : controls_.all()) {
    declare({.name = control.name, .role = Role::control, .burst = [this, control](double ms) {
               return (controls_.*control.burst)(ms);
             }});
  }
}

void TrialSchedule::run() {
  declare_controls();
  covariates_.begin();
  for (unsigned round = 0; round < kRounds; ++round) {
    run_round(false);
  }
  covariates_.end();
}

void TrialSchedule::run_around(const std::function<void()>& subject) {
  declare_controls();
  std::vector<ThreadUsage> before(team_.size());
  covariates_.begin();
  run_round(true);
  team_.run_task([&](WorkerContext& worker) { before[worker.rank()] = worker.usage(); });
  subject();
  std::vector<ThreadUsage> after(team_.size());
  team_.run_task([&](WorkerContext& worker) { after[worker.rank()] = worker.usage(); });
  for (unsigned rank = 0; rank < team_.size(); ++rank) {
    covariates_.add(after[rank].since(before[rank]));
  }
  run_round(true);
  covariates_.end();
}

void TrialSchedule::run_round(bool controls_only) {
  std::vector<const Arm*> order;
  for (const Arm& arm : arms_) {
    if (!controls_only || arm.role == Role::control) {
      order.push_back(&arm);
    }
  }
  std::shuffle(order.begin(), order.end(), random_);
  for (const Arm* arm : order) {
    keep(*arm, passing(*arm));
  }
}

bool TrialSchedule::records(const Arm& arm) const noexcept {
  return gate_kind_ == GateKind::record && (arm.role != Role::control || shared_pus_);
}

BurstReport TrialSchedule::passing(const Arm& arm) {
  const double ms = arm.role == Role::control ? control_ms_ : burst_ms_;
  for (unsigned tries = 1;; ++tries) {
    BurstReport report = arm.burst(ms);
    GateFindings findings;
    findings.add(report);
    if (records(arm)) {
      recorded_.add(findings);
      return report;
    }
    if (findings.none() || tries == kTries) {
      gate_.add(report);
      return report;
    }
    ++repeated_;
    if (arm.drop) {
      arm.drop();
    }
    // Something else wants a CPU of ours: let it run, and start rested.
    std::this_thread::sleep_for(std::chrono::milliseconds(tries));
    covariates_.add_settling(tries);
  }
}

void TrialSchedule::keep(const Arm& arm, BurstReport report) {
  const std::optional<double> value = value_of(arm, report);
  bursts_.push_back({{"arm", arm.name},
                     {"ns_per_op", value ? Json(*value) : Json(nullptr)},
                     {"wall_ns", static_cast<std::uint64_t>(report.wall_ns())}});
  covariates_.add(report);
  kept_[arm.name].push_back(std::move(report));
}

const std::vector<BurstReport>& TrialSchedule::kept(const std::string& arm) const {
  static const std::vector<BurstReport> none;
  const auto found = kept_.find(arm);
  return found == kept_.end() ? none : found->second;
}

ControlResult TrialSchedule::controls() const {
  return {mean_of(kept("plain")), mean_of(kept("fetch_add")), mean_of(kept("chain")),
          mean_of(kept("lock_xadd")), mean_of(kept("line_transfer"))};
}

Json TrialSchedule::recorded() const {
  if (gate_kind_ == GateKind::reject) {
    return nullptr;
  }
  return {{"bursts", recorded_.bursts},
          {"involuntary_switch", recorded_.involuntary_switch},
          {"run_wait", recorded_.run_wait},
          {"no_overlap", recorded_.no_overlap},
          {"migrated", recorded_.migrated}};
}

}  // namespace getput::bench
