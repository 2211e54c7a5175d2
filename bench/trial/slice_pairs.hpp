// SPDX-License-Identifier: MIT
// The order of the slices of a trial, and which pairs of them count. Pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/engine/slices.hpp"

namespace getput::bench {

inline constexpr std::uint8_t kSubject = 0;   ///< index of the subject in SliceStep::arm
inline constexpr std::uint8_t kBaseline = 1;  ///< index of the baseline

/// Batches that count without which a slice is not used.
inline constexpr std::uint32_t kBatchesLeast = 4;

/// Mean ticks of a batch.
inline double batch_ticks(const SliceRecord& record) {
  return static_cast<double>(record.ticks) / std::max(1U, record.batches);
}

/// Order of @p pairs pairs of slices: the subject comes first or second at random, and within each
/// run of @p copies pairs every copy of an arm occurs once.
std::vector<SliceStep> slice_order(std::size_t pairs, unsigned copies, std::uint64_t seed);

/// One valid pair of slices, nanoseconds per operation (mean over the workers). A slice's cost is
/// the mean over the middle half of its batches.
struct SlicePair {
  double subject = 0.0;
  double baseline = 0.0;
  /// Additions per cycle beside the pair, the lowest of all workers (engine/core_probe.hpp).
  double issue_rate = 0.0;
  double untrimmed = 0.0;  ///< subject minus baseline, over all batches
  std::uint8_t subject_copy = 0;
  std::uint8_t baseline_copy = 0;
};

/// What the records of a team amount to.
struct SlicedPairs {
  std::vector<SlicePair> valid;
  std::size_t voided = 0;
  double batches_per_slice = 0.0;  ///< median over slices and workers
  std::size_t gaps = 0;            ///< slices with a batch far longer than usual
  double longest_gap_ns = 0.0;
};

/// A pair whose issue rate reaches this share of the highest one had its cores to itself. On Zen 3
/// the rates of a core alone lie at 0.92 to 1 of the highest, those of a shared core below 0.9.
inline constexpr double kAloneShare = 0.9;

/// The pairs that reach kAloneShare of @p best_rate; all of them where rates are not known (0).
std::vector<SlicePair> pairs_alone(const std::vector<SlicePair>& pairs, double best_rate);

/// The highest rate that is not an outlier: the value at the 95th percentile; 0 for no pairs.
double high_issue_rate(const std::vector<SlicePair>& pairs);
/// Trimmed mean of 1 / issue rate, which grows with the share of the time for which another guest
/// used the cores.
/// Empty where a rate is not known, and for no pairs.
std::optional<double> cycles_per_addition(const std::vector<SlicePair>& pairs);

SlicedPairs pair_slices(const std::vector<SliceStep>& steps,
                        const std::vector<std::vector<SliceRecord>>& records);

}  // namespace getput::bench
