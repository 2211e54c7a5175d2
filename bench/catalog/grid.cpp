// SPDX-License-Identifier: MIT
#include "bench/catalog/grid.hpp"

#include <utility>

#include "bench/engine/placement.hpp"

namespace getput::bench {

void refuse(CellSpec& cell, const std::string& why) {
  if (cell.possible && !why.empty()) {
    cell.possible = false;
    cell.why = why;
    cell.est_trial_ms = 0.0;
  }
}

CellSpec make_cell(const std::string& workload, const SchemeInfo& info, Json params,
                   const std::string& policy, unsigned threads, const GridRequest& request) {
  CellSpec cell;
  cell.workload = workload;
  cell.scheme = std::string(info.name);
  cell.name = cell_name(workload, cell.scheme, params, policy);
  cell.params = std::move(params);
  cell.placement.policy = policy;
  refuse(cell, place_impossible(policy, threads));
  if (cell.possible) {
    cell.placement = place(policy, threads);
  }
  refuse(cell, request.unavailable);
  return cell;
}

}  // namespace getput::bench
