// SPDX-License-Identifier: MIT
#include "bench/trial/estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace getput::bench {
namespace {

std::vector<double> gaussian(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(10.0, 2.0);
  std::vector<double> values(count);
  for (double& value : values) {
    value = normal(random);
  }
  return values;
}

TEST(Estimate, TrimsBothEnds) {
  const std::vector<double> values = {-1000, 1, 2, 3, 4, 5, 6, 7, 8, 1000};
  EXPECT_DOUBLE_EQ(trimmed_mean(values), 4.5);
  EXPECT_DOUBLE_EQ(trimmed_mean(values, 0.0), mean(values));
  EXPECT_DOUBLE_EQ(mean(values), 3.6);
  EXPECT_EQ(trimmed_mean({}), 0.0);
}

TEST(Estimate, Median) {
  EXPECT_EQ(median({3, 1, 2}), 2.0);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({}), 0.0);
}

TEST(Estimate, BootstrapErrorOfIndependentValuesIsTheUsualOne) {
  const std::vector<double> values = gaussian(2000, 1);
  const double usual = standard_deviation(values) / std::sqrt(2000.0);
  EXPECT_NEAR(block_bootstrap_error(values, 16, 2).value(), usual, 0.25 * usual);
}

TEST(Estimate, BootstrapErrorSeesCorrelation) {
  // Eight equal neighbours carry the information of one value.
  std::vector<double> values;
  for (const double value : gaussian(250, 1)) {
    values.insert(values.end(), 8, value);
  }
  const double naive = standard_deviation(values) / std::sqrt(2000.0);
  EXPECT_GT(block_bootstrap_error(values, 32, 2).value(), 2.0 * naive);
}

TEST(Estimate, TooFewValuesHaveNoError) {
  EXPECT_FALSE(block_bootstrap_error({1, 2, 3}, 16, 1).has_value());
  EXPECT_EQ(standard_deviation({1}), 0.0);
}

}  // namespace
}  // namespace getput::bench
