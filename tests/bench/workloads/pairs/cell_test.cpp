// SPDX-License-Identifier: MIT
// Whole trials of the pairs workload on small schemes. What is tested is that the numbers belong
// together and that the oracle looks, never how fast something is.
#include <gtest/gtest.h>

#include <set>

#include "bench/engine/placement.hpp"
#include "bench/workloads/pairs/pairs.hpp"
#include "tests/bench/planted/counted.hpp"
#include "tests/bench/workloads/pairs/trials.hpp"

namespace getput::bench::pairs {
namespace {

/// Refuses every third get of a live object.
class Refuses : public Counted<> {
 public:
  Ticket try_get() noexcept {
    return gets_.fetch_add(1) % 3 == 2 ? Ticket() : Counted<>::try_get();
  }

 private:
  std::atomic<std::uint64_t> gets_{0};
};

/// Takes long enough for a reference that no hold time hides it.
class Slow : public Counted<> {
 public:
  Ticket try_get() noexcept {
    hold(400);
    return Counted<>::try_get();
  }
};

TEST(PairsCellTest, AHeldPairIsPricedAsADifference) {
  const Measurement result = valid_run<Slow>({1, false, 1, 100, false, State::live});
  ASSERT_TRUE(result.ns_per_op) << Json(result.reject_reasons);
  EXPECT_EQ(result.difference.at("baseline"), Held::kBaseline);
  const double added = result.difference.at("ns").get<double>();
  const double held = result.difference.at("baseline_ns").get<double>();
  EXPECT_GT(added, 30.0);
  EXPECT_GT(held, 50.0);
  EXPECT_NEAR(*result.ns_per_op, held + added, 0.2 * *result.ns_per_op);
  EXPECT_TRUE(result.difference.at("copies").at("subject").size() == kAddedCopies);
  EXPECT_TRUE(valid_run<Counted<>>({1, false, 1, 0, false, State::live}).difference.is_null());
}

TEST(PairsCellTest, EveryShapeCountsItsPairs) {
  std::vector<Params> shapes = {{1, false, 1, 0, false, State::held},
                                {1, false, 1, 0, false, State::going},
                                {1, false, 1, 0, false},
                                {1, false, 1, 100, false},
                                {1, false, 1, 0, false, State::live, true},
                                {1, false, 8, 0, false}};
  if (two_cpus()) {
    shapes.insert(shapes.end(), {{2, false, 1, 0, false},
                                 {2, true, 1, 0, false},
                                 {2, true, 8, 0, false},
                                 {2, false, 1, 0, true},
                                 {2, true, 4, 100, true}});
  }
  for (const Params& params : shapes) {
    const Measurement result = valid_run<Counted<>>(params);
    const std::string what = params.to_json().dump();
    EXPECT_EQ(result.unit, "ns/pair");
    ASSERT_TRUE(result.ns_per_op.has_value()) << what;
    EXPECT_GT(*result.ns_per_op, static_cast<double>(params.hold_ns) * 0.5) << what;
    EXPECT_EQ(result.thread_ops.size(), params.threads) << what;
    EXPECT_GT(result.ops, 0U) << what;
    EXPECT_EQ(result.metrics["failed_gets"], 0) << what;
    EXPECT_GE(result.metrics["oracle_pairs"].get<std::uint64_t>(), 3'000'000U) << what;
    EXPECT_TRUE(result.oracle_ok) << what << result.oracle_detail;
  }
}

TEST(PairsCellTest, RefusedGetsAreNoPairs) {
  for (const bool inside_chain : {false, true}) {
    const auto result = run<Refuses>({1, false, 1, 0, false, State::live, inside_chain});
    EXPECT_GT(result.metrics["failed_gets"].get<std::uint64_t>(), 0U);
    EXPECT_FALSE(result.oracle_ok);
    EXPECT_NE(result.oracle_detail.find("refused although the object was live"), std::string::npos);
  }
}

TEST(PairsCellTest, ALostPutIsFoundInEveryShape) {
  std::vector<Params> shapes = {{1, false, 1, 0, false},
                                {1, false, 1, 0, false, State::live, true}};
  if (two_cpus()) {
    shapes.push_back({2, false, 1, 0, true});
  }
  for (const Params& params : shapes) {
    const Measurement result = run<LostPut<>>(params);
    EXPECT_FALSE(result.oracle_ok);
    EXPECT_NE(result.oracle_detail.find("do not balance"), std::string::npos);
  }
}

TEST(ObjectsTest, SharedAndOwn) {
  if (!two_cpus()) {
    GTEST_SKIP() << "one CPU allowed";
  }
  Team team({allowed_pus()[0], allowed_pus()[1]});
  Random random(1);
  const Objects<Counted<>> shared({2, false, 4, 0, false}, team, random);
  const std::set<Counted<>*> a(shared.of(0).begin(), shared.of(0).end());
  const std::set<Counted<>*> b(shared.of(1).begin(), shared.of(1).end());
  EXPECT_EQ(a.size(), 4U);
  EXPECT_EQ(a, b);
  EXPECT_NE(shared.of(0).front(), shared.of(1).front()) << "they start at different objects";
  const Objects<Counted<>> own({2, true, 4, 0, false}, team, random);
  std::set<Counted<>*> all(own.of(0).begin(), own.of(0).end());
  all.insert(own.of(1).begin(), own.of(1).end());
  EXPECT_EQ(all.size(), 8U);
}

TEST(ObjectsTest, EachTrialMakesThemOnOtherPagesAndDestroysThem) {
  static int alive = 0;
  struct Lives : Counted<> {
    Lives() { ++alive; }
    ~Lives() { --alive; }
  };
  Team team({allowed_pus()[0]});
  std::set<std::uintptr_t> pages;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    const Objects<Lives> objects({1, false, 4, 0, false}, team, random);
    EXPECT_EQ(alive, 4);
    pages.insert(reinterpret_cast<std::uintptr_t>(objects.of(0).front()) / 4096);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_GE(pages.size(), 45U);
}

TEST(PairsCellTest, TheHistoryOfTheOracleOutlivesTheObjects) {
  CellSpec spec;
  spec.params = Params{1, false, 1, 0, false}.to_json();
  PairsCell<Counted<>> cell(spec);
  Team team({allowed_pus().front()});
  std::uint64_t before = 0;
  for (std::uint64_t number = 0; number < 2; ++number) {
    TrialSchedule schedule(team, number, 1.0);
    TrialContext trial{team, schedule, number, 1.0, 0.0, 0.0, number};
    const Measurement result = cell.run(trial);
    EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
    const auto pairs = result.metrics["oracle_pairs"].get<std::uint64_t>();
    EXPECT_GT(pairs, before);
    before = pairs;
  }
  EXPECT_GE(before, kOraclePairs);
}

}  // namespace
}  // namespace getput::bench::pairs
