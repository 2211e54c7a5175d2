// SPDX-License-Identifier: MIT
// The small numeric parts: clock, hold, quantiles, fairness, combination, seeds.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "bench/engine/clock.hpp"
#include "bench/engine/pair_batch.hpp"
#include "bench/trial/distribution.hpp"
#include "bench/trial/fairness.hpp"
#include "bench/trial/seed.hpp"
#include "bench/trial/summary.hpp"

namespace getput::bench {
namespace {

TEST(ClockTest, AgreesWithTheSystemClock) {
  const Clock& clock = Clock::instance();
  const auto system_begin = std::chrono::steady_clock::now();
  const Clock::Ticks begin = clock.now();
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  const Clock::Ticks end = clock.now();
  const auto system_end = std::chrono::steady_clock::now();
  const double outer = std::chrono::duration<double, std::nano>(system_end - system_begin).count();
  const double inner = clock.ns(end - begin);
  EXPECT_LE(inner, outer * 1.005);
  EXPECT_GE(inner, 29e6);
  EXPECT_NEAR(static_cast<double>(clock.ticks(1e6)), 1e6 / clock.ns(1000) * 1000, 2.0);
}

TEST(ClockTest, KnowsItsOwnLimits) {
  const Clock& clock = Clock::instance();
  EXPECT_GT(clock.resolution_ns(), 0.0);
  EXPECT_LT(clock.resolution_ns(), 1e6);
  EXPECT_GT(clock.overhead_ns(), 0.0);
  EXPECT_EQ(clock.note().empty(), clock.source() != "clock_gettime");
}

TEST(Hold, TakesAboutWhatItSays) {
  EXPECT_EQ(HoldLoops::for_ns(0), 0U);
  const std::uint64_t loops = HoldLoops::for_ns(1000);
  EXPECT_GT(loops, 10U);
  // A busy neighbour stretches it; the best of some tries is near.
  const double measured = HoldLoops::measured_ns(loops);
  EXPECT_GT(measured, 300.0);
  EXPECT_LT(measured, 10'000.0);
}

TEST(Quantile, IsTheNearestRank) {
  const std::vector<double> samples = {1, 2, 3, 4};
  EXPECT_EQ(quantile(samples, 0.5), 2.0);
  EXPECT_EQ(quantile(samples, 0.51), 3.0);
  EXPECT_EQ(quantile(samples, 0.0), 1.0);
  EXPECT_EQ(quantile(samples, 1.0), 4.0);
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
  Json metrics;
  add_distribution(metrics, "x", {});
  EXPECT_TRUE(metrics["x_p50"].is_null());
  add_distribution(metrics, "x", {9, 7, 8});
  EXPECT_EQ(metrics["x_p50"], 8.0);
  EXPECT_EQ(metrics["x_max"], 9.0);
}

TEST(Fairness, KnowsEvenAndStarved) {
  EXPECT_DOUBLE_EQ(min_over_max({5, 5}), 1.0);
  EXPECT_DOUBLE_EQ(min_over_max({0, 5}), 0.0);
  EXPECT_DOUBLE_EQ(min_over_max({0, 0}), 0.0);
  EXPECT_DOUBLE_EQ(jain_index({5, 5, 5}), 1.0);
  EXPECT_DOUBLE_EQ(jain_index({5, 0}), 0.5);
  EXPECT_DOUBLE_EQ(jain_index({}), 0.0);
}

TEST(Combine, IsTheMeanOverThreadsOfOwnTimeByOwnOperations) {
  const Clock& clock = Clock::instance();
  BurstReport burst;
  for (unsigned rank = 0; rank < 2; ++rank) {
    WorkerReport worker;
    worker.rank = rank;
    worker.active_end = worker.end = 1'000'000;
    worker.ops = rank == 0 ? 1000 : 3000;
    burst.workers.push_back(worker);
  }
  const Measurement result = combine({burst, burst}, "ns/pair");
  const double window_ns = clock.ns(1'000'000);
  ASSERT_TRUE(result.ns_per_op.has_value());
  EXPECT_NEAR(*result.ns_per_op, (window_ns / 1000 + window_ns / 3000) / 2, 1e-6 * window_ns);
  EXPECT_EQ(result.ops, 8000U);
  EXPECT_EQ(result.thread_ops, (std::vector<std::uint64_t>{2000, 6000}));
  EXPECT_NEAR(result.metrics["min_over_max"].get<double>(), 1.0 / 3.0, 1e-12);
}

TEST(Combine, OfNothingHasNoValue) {
  EXPECT_FALSE(combine({}, "ns/pair").ns_per_op.has_value());
  BurstReport idle;
  idle.workers.resize(1);
  EXPECT_FALSE(combine({idle}, "ns/pair").ns_per_op.has_value());
}

TEST(Seed, DiffersByCellTrialAndAttemptAndRepeats) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t trial = 0; trial < 10; ++trial) {
    for (std::uint64_t attempt = 0; attempt < 10; ++attempt) {
      seeds.insert(trial_seed(1, "a", trial, attempt));
      seeds.insert(trial_seed(1, "b", trial, attempt));
      seeds.insert(trial_seed(2, "a", trial, attempt));
    }
  }
  EXPECT_EQ(seeds.size(), 300U);
  EXPECT_EQ(trial_seed(1, "a", 3, 4), trial_seed(1, "a", 3, 4));
  EXPECT_LT(*seeds.rbegin(), std::uint64_t{1} << 53U);
}

}  // namespace
}  // namespace getput::bench
