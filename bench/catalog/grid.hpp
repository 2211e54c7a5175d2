// SPDX-License-Identifier: MIT
// What the grids of all workloads have in common.
#pragma once

#include <string>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {

/// A cell with its name and its PUs; not possible when the scheme is unavailable here or the policy
/// has no such placement on this machine. Tier and estimate are the workload's.
CellSpec make_cell(const std::string& workload, const SchemeInfo& info, Json params,
                   const std::string& policy, unsigned threads, const GridRequest& request);

/// Marks the cell not possible for this reason, unless it is empty or an earlier reason stands.
void refuse(CellSpec& cell, const std::string& why);

}  // namespace getput::bench
