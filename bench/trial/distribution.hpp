// SPDX-License-Identifier: MIT
// Order statistics of the samples of one trial.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "bench/catalog/cell.hpp"

namespace getput::bench {

/// The nearest-rank quantile (q in 0..1) of `sorted`; empty for no samples.
inline std::optional<double> quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) {
    return std::nullopt;
  }
  const double rank = std::ceil(q * static_cast<double>(sorted.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

/// Writes `name`_p50, `name`_p99 and `name`_max; null where there is no sample.
inline void add_distribution(Json& metrics, const std::string& name, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto put = [&](const char* suffix, double q) {
    const auto value = quantile(samples, q);
    metrics[name + suffix] = value ? Json(*value) : Json(nullptr);
  };
  put("_p50", 0.5);
  put("_p99", 0.99);
  put("_max", 1.0);
}

}  // namespace getput::bench
