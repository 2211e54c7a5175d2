// SPDX-License-Identifier: MIT
#include "bench/oracle/oracle.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "bench/engine/placement.hpp"
#include "tests/bench/planted/counted.hpp"

namespace getput::bench {
namespace {

/// stop() forgets to set the flag.
class NeverStops : public Counted<> {
 public:
  void stop() {}
};

/// restart() leaves the object going.
class StaysStopped : public Counted<> {
 public:
  void restart() {}
};

/// Says drained without looking.
class AlwaysDrained : public Counted<> {
 public:
  static constexpr SchemeInfo info = [] {
    SchemeInfo changed = counted_info("always_drained", "planted");
    changed.try_stop = false;
    return changed;
  }();
  bool drained() { return true; }
};

/// All CPUs, at least two threads where there are two.
std::vector<unsigned> two_pus() {
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(std::min<std::size_t>(pus.size(), 2));
  return pus;
}

template <class S>
std::string quiescent_verdict(S& object) {
  Verdict verdict;
  oracle::check_quiescent(object, verdict);
  EXPECT_EQ(verdict.ok(), verdict.detail().empty());
  return verdict.detail();
}

TEST(Oracle, AcceptsABalancedObjectAndLeavesItLive) {
  Counted<> object;
  EXPECT_EQ(quiescent_verdict(object), "");
  EXPECT_TRUE(static_cast<bool>(object.try_get()));
}

TEST(Oracle, FindsOneReferenceTooMany) {
  Counted<> object;
  (void)object.try_get();
  EXPECT_NE(quiescent_verdict(object).find("count() is 1"), std::string::npos);
}

TEST(Oracle, FindsOneReferenceTooFew) {
  Counted<> object;
  object.put(BoolTicket(true));
  EXPECT_NE(quiescent_verdict(object).find("count() is -1"), std::string::npos);
}

TEST(Oracle, FindsAStopThatDoesNot) {
  NeverStops object;
  EXPECT_NE(quiescent_verdict(object).find("after stop() had returned"), std::string::npos);
}

TEST(Oracle, FindsARestartThatDoesNot) {
  StaysStopped object;
  EXPECT_NE(quiescent_verdict(object).find("after restart() was refused"), std::string::npos);
}

TEST(Oracle, UnderFireAcceptsTheHonest) {
  Team team(two_pus());
  Counted<> object;
  Verdict verdict;
  oracle::check_stop_under_fire(object, team, 4, verdict);
  EXPECT_TRUE(verdict.ok()) << verdict.detail();
}

TEST(Oracle, UnderFireFindsALateGet) {
  Team team(two_pus());
  LateGet<> object;
  Verdict verdict;
  oracle::check_stop_under_fire(object, team, 4, verdict);
  EXPECT_FALSE(verdict.ok());
}

TEST(Oracle, UnderFireFindsAHolderInADrainedObject) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed: remover and holder take turns";
  }
  // A holder that is inside for most of the time, seen by a remover that does not look.
  Team team({allowed_pus()[0]});
  AlwaysDrained object;
  Verdict verdict;
  for (int round = 0; round < 200 && verdict.ok(); ++round) {
    oracle::check_stop_under_fire(object, team, 50, verdict);
  }
  EXPECT_FALSE(verdict.ok());
}

TEST(Oracle, UnderFireIsShortForAnUnsafeScheme) {
  Team team(two_pus());
  LateGet<> object;
  Verdict verdict;
  const auto begin = std::chrono::steady_clock::now();
  oracle::check_stop_under_fire(object, team, 1'000'000, verdict);
  const auto took = std::chrono::steady_clock::now() - begin;
  // The limit, and one more round on a busy machine.
  EXPECT_LT(took, oracle::kUnsafeUnderFire + std::chrono::milliseconds(300));
}

TEST(VerdictTest, KeepsTheFirstAndCountsTheRest) {
  Verdict verdict;
  verdict.wrong("first");
  verdict.wrong("second");
  EXPECT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.detail(), "first (and 1 more findings)");
}

}  // namespace
}  // namespace getput::bench
