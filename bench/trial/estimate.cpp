// SPDX-License-Identifier: MIT
#include "bench/trial/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace getput::bench {
namespace {

constexpr int kResamples = 200;  // the error of the error is then 5 %

}  // namespace

double trimmed_mean(std::vector<double> values, double trim) {
  if (values.empty()) {
    return 0.0;
  }
  std::sort(values.begin(), values.end());
  const auto cut = static_cast<std::ptrdiff_t>(trim * static_cast<double>(values.size()));
  const auto first = values.begin() + cut;
  const auto last = values.end() - cut;
  return std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
}

double mean(const std::vector<double>& values) {
  return trimmed_mean(values, 0.0);
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0.0;
  }
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

double standard_deviation(const std::vector<double>& values) {
  if (values.size() < 2) {
    return 0.0;
  }
  const double centre = mean(values);
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - centre) * (value - centre);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

std::optional<double> block_bootstrap_error(const std::vector<double>& values, std::size_t block,
                                            std::uint64_t seed) {
  if (block == 0 || values.size() < 2 * block) {
    return std::nullopt;
  }
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::size_t> start(0, values.size() - block);
  const std::size_t blocks = values.size() / block;
  std::vector<double> resample(blocks * block);
  std::vector<double> estimates;
  for (int i = 0; i < kResamples; ++i) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(start(random));
      std::copy_n(from, block, resample.begin() + static_cast<std::ptrdiff_t>(b * block));
    }
    estimates.push_back(trimmed_mean(resample));
  }
  return standard_deviation(estimates);
}

}  // namespace getput::bench
