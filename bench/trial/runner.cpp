// SPDX-License-Identifier: MIT
#include "bench/trial/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "bench/trial/seed.hpp"

namespace getput::bench {
namespace {

// Cells own tables (netpath) and a history of oracle pairs (pairs): a few are worth keeping.
constexpr std::size_t kCellsKept = 16;
// After a rejected attempt something else wants this CPU: let it run.
constexpr unsigned kBackOffMostMs = 8;

std::int64_t unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Json number_or_null(double value, bool present) {
  return present && std::isfinite(value) ? Json(value) : Json(nullptr);
}

/// What the schedule knows of the attempt besides the cell's own measurement.
void add_schedule(TrialSchedule& schedule, Attempt& result) {
  Measurement& measurement = result.measurement;
  result.controls = schedule.controls();
  measurement.bursts = schedule.bursts();
  Json covariates = schedule.covariates().to_json();
  covariates.update(measurement.covariates);
  measurement.covariates = std::move(covariates);
  measurement.metrics["bursts_repeated"] = schedule.repeated();
  if (const Json recorded = schedule.recorded(); !recorded.is_null()) {
    measurement.metrics["recorded"] = recorded;
  }
  result.reject_reasons = schedule.gate().reasons();
  result.reject_reasons.insert(result.reject_reasons.end(), measurement.reject_reasons.begin(),
                               measurement.reject_reasons.end());
}

}  // namespace

Json Attempt::to_json() const {
  Json line;
  line["schema"] = "getput.trial/2";
  line["cell"] = cell.name;
  line["workload"] = cell.workload;
  line["scheme"] = cell.scheme;
  line["params"] = cell.params;
  line["placement"] = {{"policy", cell.placement.policy}, {"pus", cell.placement.pus}};
  line["trial"] = trial;
  line["attempt"] = attempt;
  line["seed"] = seed;
  line["pid"] = getpid();
  line["start_unix_ns"] = start_unix_ns;
  line["valid"] = valid;
  line["reject_reasons"] = reject_reasons;
  line["unit"] = measurement.unit;
  line["ns_per_op"] =
      number_or_null(measurement.ns_per_op.value_or(0.0), measurement.ns_per_op.has_value());
  line["ops"] = measurement.ops;
  line["wall_ns"] = measurement.wall_ns;
  line["thread_ops"] = measurement.thread_ops;
  line["controls"] = controls.to_json();
  line["bursts"] = measurement.bursts;
  line["difference"] = measurement.difference;
  line["slices"] = measurement.slices;
  line["covariates"] = measurement.covariates;
  line["metrics"] = measurement.metrics;
  line["oracle"] = {
      {"ok", measurement.oracle_ok},
      {"detail", measurement.oracle_ok ? Json(nullptr) : Json(measurement.oracle_detail)}};
  return line;
}

TrialRunner::TrialRunner(const Registry& registry, GridRequest request, TrialSettings settings)
    : registry_(registry), request_(std::move(request)), settings_(settings) {
}

Cell& TrialRunner::cell_for(const CellSpec& spec) {
  const auto found = std::find_if(cells_.begin(), cells_.end(),
                                  [&](const auto& entry) { return entry.first == spec.name; });
  if (found != cells_.end()) {
    cells_.splice(cells_.begin(), cells_, found);
  } else {
    if (cells_.size() == kCellsKept) {
      cells_.pop_back();
    }
    cells_.emplace_front(spec.name, registry_.make(spec, request_));
  }
  return *cells_.front().second;
}

Team& TrialRunner::team_for(const Placement& placement) {
  if (!team_ || team_->pus() != placement.pus) {
    team_.reset();
    team_ = std::make_unique<Team>(placement.pus);
  }
  return *team_;
}

Attempt TrialRunner::attempt(Cell& cell, const CellSpec& spec, std::uint64_t trial,
                             unsigned attempt, double settled_ms) {
  Attempt result;
  result.cell = spec;
  result.trial = trial;
  result.attempt = attempt;
  result.seed = trial_seed(settings_.seed, spec.name, trial, attempt);
  result.start_unix_ns = unix_ns();
  Team& team = team_for(spec.placement);
  TrialSchedule schedule(team, result.seed, settings_.burst_ms);
  schedule.covariates().add_settling(settled_ms);
  TrialContext context{
      team, schedule, result.seed, settings_.burst_ms, settings_.slices_ms, settings_.planted_ns,
      trial};
  result.measurement = cell.run(context);
  add_schedule(schedule, result);
  if (!result.measurement.ns_per_op && result.reject_reasons.empty()) {
    result.reject_reasons.emplace_back("nothing_measured");
  }
  result.valid = result.reject_reasons.empty();
  return result;
}

Attempt TrialRunner::run(const CellSpec& spec, std::uint64_t trial, const Sink& sink) {
  Cell& cell = cell_for(spec);
  double settled_ms = 0.0;
  for (unsigned number = 0;; ++number) {
    Attempt result = attempt(cell, spec, trial, number, settled_ms);
    sink(result);
    if (result.valid || !result.measurement.oracle_ok || number + 1 >= settings_.max_attempts) {
      return result;
    }
    const unsigned back_off_ms = std::min(number + 1, kBackOffMostMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(back_off_ms));
    settled_ms = back_off_ms;
  }
}

}  // namespace getput::bench
