// SPDX-License-Identifier: MIT
// Pairs inside a multiply chain: nothing is found where a pair does nothing, what is planted is
// found, and what the core can do beside the chain costs nothing.
#include <gtest/gtest.h>

#include "bench/trial/estimate.hpp"
#include "schemes/control/none.hpp"
#include "tests/bench/planted/counted.hpp"
#include "tests/bench/workloads/pairs/trials.hpp"

namespace getput::bench::pairs {
namespace {

constexpr Params kInside{1, false, 1, 0, false, State::live, true};
constexpr int kTrials = 5;

/// Waits until every earlier instruction is done.
[[gnu::always_inline]] inline void serialise() noexcept {
#if defined(__x86_64__)
  asm volatile("lfence" : : : "memory");
#elif defined(__aarch64__)
  asm volatile("isb" : : : "memory");
#endif
}

/// `none` whose get executes a number of chains of its own, after and before everything else.
template <unsigned Chains>
class Serial : public None<> {
 public:
  Ticket try_get() noexcept {
    serialise();
    std::uint64_t value = 3;
    for (unsigned i = 0; i < Chains; ++i) {
      multiply_chain(value);
    }
    serialise();
    return Ticket(true);
  }
};

/// `none` whose get does a third of a chain's work in additions that nothing waits for.
class Beside : public None<> {
 public:
  Ticket try_get() noexcept {
    std::uint64_t value = 3;
    for (unsigned i = 0; i < kChainMultiplications; ++i) {
      asm volatile("" : "+r"(value));
      value += 1;
    }
    asm volatile("" : : "r"(value));
    return Ticket(true);
  }
};

/// What a pair adds and what the chain takes, the medians of a few trials.
struct Found {
  double added = 0.0;
  double chain = 0.0;

  double ratio() const { return added / chain; }
};

template <class S>
Found found(double planted_ns = 0.0) {
  std::vector<double> added;
  std::vector<double> chain;
  for (int i = 0; i < kTrials; ++i) {
    const Measurement result = valid_run<S>(kInside, planted_ns);
    if (result.ns_per_op) {
      added.push_back(result.difference.at("ns").get<double>());
      chain.push_back(result.difference.at("baseline_ns").get<double>());
    }
  }
  EXPECT_FALSE(added.empty()) << "no valid trial";
  return added.empty() ? Found{0.0, 1.0} : Found{median(added), median(chain)};
}

TEST(PairsInsideTest, ATrialSaysWhatItAddsToWhat) {
  const Measurement result = valid_run<Counted<>>(kInside);
  ASSERT_TRUE(result.ns_per_op) << Json(result.reject_reasons);
  EXPECT_EQ(result.unit, "ns/pair");
  EXPECT_EQ(result.difference.at("baseline"), "chain");
  EXPECT_EQ(result.metrics.at("chain_multiplications"), kChainMultiplications);
  const double chain = result.difference.at("baseline_ns").get<double>();
  const double added = result.difference.at("ns").get<double>();
  EXPECT_GT(chain, 0.0);
  EXPECT_NEAR(*result.ns_per_op, chain + added, 0.2 * *result.ns_per_op);
}

TEST(PairsInsideTest, TheBooksOfTwoThreadsBalance) {
  if (!two_cpus()) {
    GTEST_SKIP() << "one CPU allowed";
  }
  for (const bool own : {false, true}) {
    const Params params{2, own, 1, 0, false, State::live, true};
    const auto result = run<Counted<>>(params);
    EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
    EXPECT_EQ(result.metrics.at("failed_gets"), 0);
    EXPECT_FALSE(run<LostPut<>>(params).oracle_ok);
  }
}

TEST(PairsInsideTest, NoneAddsNothing) {
  EXPECT_LT(std::abs(found<None<>>().ratio()), 0.1);
}

TEST(PairsInsideTest, PlantedTimeIsFound) {
  const double added = found<None<>>(20.0).added;
  EXPECT_GT(added, 12.0);
  EXPECT_LT(added, 40.0);
}

TEST(PairsInsideTest, PlantedCyclesAreFound) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  GTEST_SKIP() << "no instruction to serialise with";
#endif
  // One more chain in the get, and nothing beside it: the pair adds the chain's time once more.
  EXPECT_NEAR(found<Serial<3>>().ratio() - found<Serial<2>>().ratio(), 1.0, 0.25);
}

TEST(PairsInsideTest, WorkBesideTheChainIsHidden) {
  // In a row with the chain, 12 additions would add a third of the 36 cycles.
  EXPECT_LT(found<Beside>().ratio(), 0.5 * 12.0 / 36.0);
}

}  // namespace
}  // namespace getput::bench::pairs
