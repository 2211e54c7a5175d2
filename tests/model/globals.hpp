// SPDX-License-Identifier: MIT
// What the engine's sources share: cells of static storage, and the clock of seq_cst operations.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/model/cell.hpp"

namespace getput::model::globals {

void add(GlobalCell* cell);
void remove(GlobalCell* cell);
/// All that were added and not removed.
const std::vector<GlobalCell*>& cells();

/// The next number of the one order of seq_cst stores and fences, from 1 in each execution.
std::uint64_t tick();

/// When the executing thread last passed a seq_cst fence; 0 if never.
std::uint64_t last_fence_of_self();

}  // namespace getput::model::globals
