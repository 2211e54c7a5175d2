// SPDX-License-Identifier: MIT
// Estimators over the slices of one trial. Pure functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace getput::bench {

/// The share cut off at each end by the trimmed means of this suite.
inline constexpr double kTrim = 0.1;

/// Mean of what is left after cutting the share @p trim off each end; 0 for no values.
double trimmed_mean(std::vector<double> values, double trim = kTrim);

double mean(const std::vector<double>& values);
/// The middle value, or the mean of the two; 0 for no values.
double median(std::vector<double> values);
/// Standard deviation of a sample; 0 below two values.
double standard_deviation(const std::vector<double>& values);

/// Standard error of trimmed_mean(values) by a moving block bootstrap: blocks of @p block
/// neighbours are drawn with replacement, so correlation over shorter distances is kept. Empty for
/// fewer than two blocks.
std::optional<double> block_bootstrap_error(const std::vector<double>& values, std::size_t block,
                                            std::uint64_t seed);

}  // namespace getput::bench
