// SPDX-License-Identifier: MIT
// The binary as an ordinary Google Benchmark program over the cells of the grid.
#pragma once

#include "bench/catalog/registry.hpp"
#include "bench/program/options.hpp"

namespace getput::bench {

/// Registers every possible cell (Iterations(1), UseManualTime: one iteration is one trial, its
/// time the nanoseconds of one operation) and runs what the flags ask for. Returns the exit code.
int run_front(const Registry& registry, const Options& options);

}  // namespace getput::bench
