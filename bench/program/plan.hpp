// SPDX-License-Identifier: MIT
// A plan: which trials to run, in which order, into which file. The driver writes it.
#pragma once

#include <string>
#include <vector>

#include "bench/catalog/registry.hpp"
#include "bench/program/options.hpp"
#include "bench/trial/runner.hpp"

namespace getput::bench {

struct PlannedTrial {
  std::string cell;
  std::uint64_t trial = 0;
};

struct Plan {
  TrialSettings settings;
  std::vector<PlannedTrial> trials;

  /// Reads schema getput.plan/1; throws RequestError that says where it is wrong.
  static Plan read(const std::string& file);

  /// The grid in which all its cells are: the thread counts and placements their names have.
  GridRequest grid() const;
};

/// The cell of this name; throws RequestError that lists the known schemes, workloads or cells, or
/// says why the cell is not possible here.
const CellSpec& find_cell(const std::vector<CellSpec>& cells, const Registry& registry,
                          const std::string& name);

/// Runs a plan; one line an attempt in `out`, progress on stderr. Returns the exit code: 1 when the
/// oracle said WRONG for any trial.
int run_plan(const Registry& registry, const Options& options);

}  // namespace getput::bench
