// SPDX-License-Identifier: MIT
// A trial whose result is a difference: what the subject costs beyond its baseline.
//
// Both arms alternate in time slices (engine/slices.hpp), in random order inside each pair of
// slices. A pilot chooses the length of a slice, so that the slower arm completes enough batches in
// it. Each arm exists in several compiled copies at different addresses; the copies are drawn
// equally often, because where code lies is worth half a nanosecond a packet and does not change
// between processes.
//
// A pair of slices counts when every worker completed enough batches in both and none lost its CPU.
// A disturbance therefore costs the pair and not the trial.
//
// Pairs during which another guest used the cores are told apart by the issue rate
// (engine/core_probe.hpp). They count as well; `difference.alone` says what the other pairs amount
// to, and the covariate `cycles_per_addition` how much of the cores the guests took on average.
#pragma once

#include <cstdint>
#include <string>

#include "bench/catalog/cell.hpp"
#include "bench/engine/slices.hpp"
#include "bench/engine/team.hpp"
#include "bench/trial/slice_pairs.hpp"

namespace getput::bench {

/// What a workload declares.
struct SlicedArms {
  std::string baseline;  ///< its name in the result, for example "L0"
  unsigned copies = 1;   ///< compiled copies of each arm
  SlicedWork work;
};

struct SliceSettings {
  double total_ms = 150.0;  ///< of slices, both arms together
  std::uint64_t seed = 1;
  double planted_ns = 0.0;  ///< added to every operation of the subject, to test the method
};

/// Runs pilot and slices, and returns the measurement: ns_per_op is the trimmed mean of the
/// subject's slices, `difference` and `slices` are as in schema getput.trial/2. Rejects with
/// "too_few_slices" when too few pairs are valid.
Measurement measure_slices(Team& team, const SlicedArms& arms, const SliceSettings& settings,
                           const std::string& unit);

}  // namespace getput::bench
