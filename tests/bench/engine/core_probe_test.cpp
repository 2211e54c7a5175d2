// SPDX-License-Identifier: MIT
// The probe of a core: its value is plausible, and independent additions are what it counts.
#include "bench/engine/core_probe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace getput::bench {
namespace {

/// Rates of many probes in ascending order; empty where this processor cannot be probed.
std::vector<double> probes() {
  std::vector<double> rates;
  for (int i = 0; i < 2000; ++i) {
    rates.push_back(issue_rate());
  }
  std::sort(rates.begin(), rates.end());
  return rates.front() == 0.0 && rates.back() == 0.0 ? std::vector<double>{} : rates;
}

TEST(CoreProbe, CompletesMoreThanOneAdditionPerCycle) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the rate of instrumented code is another";
#endif
  const std::vector<double> rates = probes();
  if (rates.empty()) {
    GTEST_SKIP() << "this processor cannot be probed";
  }
  // A chain of dependent additions has a rate of 1. No core of 2026 completes ten at once.
  EXPECT_GT(rates[rates.size() / 2], 1.1);
  EXPECT_LT(rates[rates.size() * 19 / 20], 10.0);
}

}  // namespace
}  // namespace getput::bench
