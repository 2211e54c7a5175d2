// SPDX-License-Identifier: MIT
// A trial: attempts at one cell until one passes the validity gate, each written down.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "bench/engine/team.hpp"
#include "bench/trial/schedule.hpp"

namespace getput::bench {

struct TrialSettings {
  std::uint64_t seed = 1;
  double burst_ms = 3.0;
  double slices_ms = 150.0;
  double planted_ns = 0.0;  ///< see SliceSettings; 0 in every real measurement
  unsigned max_attempts = 40;
};

/// One attempt with all that belongs to it.
struct Attempt {
  CellSpec cell;
  std::uint64_t trial = 0;
  unsigned attempt = 0;
  std::uint64_t seed = 0;
  std::int64_t start_unix_ns = 0;
  bool valid = false;
  std::vector<std::string> reject_reasons;
  ControlResult controls;
  Measurement measurement;

  /// The line of the result file, schema getput.trial/2.
  Json to_json() const;
};

/// Runs trials, keeping the team of the last placement and the cells used recently.
class TrialRunner {
 public:
  using Sink = std::function<void(const Attempt&)>;

  TrialRunner(const Registry& registry, GridRequest request, TrialSettings settings);

  /// Attempts until one is valid, or the oracle says WRONG, or max_attempts; each goes to `sink`.
  /// Returns the last.
  Attempt run(const CellSpec& spec, std::uint64_t trial, const Sink& sink);

 private:
  Attempt attempt(Cell& cell, const CellSpec& spec, std::uint64_t trial, unsigned attempt,
                  double settled_ms);
  Cell& cell_for(const CellSpec& spec);
  Team& team_for(const Placement& placement);

  const Registry& registry_;
  GridRequest request_;
  TrialSettings settings_;
  // One team at a time: the sleeping threads of others would still be registered with the schemes
  // and be summed over by every remover.
  std::unique_ptr<Team> team_;
  std::list<std::pair<std::string, std::unique_ptr<Cell>>> cells_;  // most recently used first
};

}  // namespace getput::bench
