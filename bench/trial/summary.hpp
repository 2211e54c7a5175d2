// SPDX-License-Identifier: MIT
// From the bursts of one trial to its measurement.
#pragma once

#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/team.hpp"

namespace getput::bench {

/// Adds up the windows and operations of each thread over the bursts. ns_per_op is the mean over
/// threads of own time / own operations; a thread that finished none is left out of the mean and
/// shows in thread_ops and in the fairness metrics ("min_over_max", "jain", "overlap").
Measurement combine(const std::vector<BurstReport>& bursts, const std::string& unit);

}  // namespace getput::bench
