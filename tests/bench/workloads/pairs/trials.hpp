// SPDX-License-Identifier: MIT
// Whole trials of one pairs cell, as the runner makes them.
#pragma once

#include <vector>

#include "bench/engine/placement.hpp"
#include "bench/workloads/pairs/pairs.hpp"

namespace getput::bench::pairs {

template <class S>
Measurement run(const Params& params, double planted_ns = 0.0) {
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(params.threads);
  CellSpec spec;
  spec.params = params.to_json();
  PairsCell<S> cell(spec);
  Team team(pus);
  TrialSchedule schedule(team, 1, 1.0);
  TrialContext trial{team, schedule, 1, 1.0, 0.0, planted_ns};
  return cell.run(trial);
}

inline bool two_cpus() {
  return allowed_pus().size() >= 2;
}

/// Attempts until one is valid.
template <class S>
Measurement valid_run(const Params& params, double planted_ns = 0.0) {
  Measurement result;
  for (int attempt = 0; attempt < 20 && !result.ns_per_op; ++attempt) {
    result = run<S>(params, planted_ns);
  }
  return result;
}

}  // namespace getput::bench::pairs
