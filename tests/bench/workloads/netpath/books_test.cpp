// SPDX-License-Identifier: MIT
// Whole trials through the cell, with the team; and that the checks of the books can fail.
#include "bench/workloads/netpath/books.hpp"

#include <gtest/gtest.h>

#include "bench/engine/placement.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/workloads/netpath/netpath.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

Input small_input() {
  ImixOptions options;
  options.frames = 4096;
  options.flows = 1000;
  options.close_share = 0.05;
  return generate_imix(options);
}

using Code = CompiledLevels<AtomicBase<>>;

/// One short trial. @p number 0 makes the pass for the books.
Measurement trial(Params params, const Input& input, std::uint64_t number = 0) {
  const Placement placement = place("compact", params.threads);
  Team team(placement.pus);
  TrialSchedule schedule(team, 1, 2.0);
  TrialContext context{team, schedule, number + 1, 2.0, 20.0, 0.0, number};
  NetworkOptions options;
  options.era = params.variant.era;
  const LevelCode& code = params.level == level("L0") ? uncharged_code(params.variant)
                                                      : *Code::find(params.level, params.variant);
  NetpathCell cell(params, input, std::make_shared<Network>(*input, options),
                   &SchemePath<AtomicBase<>>::load, code);
  return cell.run(context);
}
Measurement trial(std::size_t level, unsigned threads, Steering steering, const Input& input,
                  std::uint64_t number = 0) {
  Params params;
  params.level = level;
  params.threads = threads;
  params.steering = steering;
  return trial(params, input, number);
}

/// Compiles what the tests below ask for.
const bool compiled = [] {
  Code::add<level("L5"), kVariants[0]>();
  Code::add<level("L6"), kVariants[0]>();
  Code::add<level("L7"), kVariants[0], kVariants[2]>();
  Code::add<level("locked"), kVariants[0]>();
  Code::add<level("recycled"), kVariants[0]>();
  Code::add<level("split"), kVariants[0]>();
  return true;
}();

TEST(Trial, BooksBalanceWhereAnotherWorkerFrees) {
  const auto threads = static_cast<unsigned>(allowed_pus().size());
  if (threads < 2)
    GTEST_SKIP() << "needs two CPUs";
  for (const std::size_t charge : {level("L0"), level("L7"), level("locked"), level("split")}) {
    Params params;
    params.level = charge;
    params.threads = threads;
    params.free_remote = true;
    const Measurement result = trial(params, small_input());
    EXPECT_TRUE(result.oracle_ok) << kLevels[charge].id << ": " << result.oracle_detail;
  }
}
TEST(Trial, BooksBalanceIn26AndWhereHeadsKeepTheirReference) {
  Params params;
  params.level = level("L7");
  params.variant = kVariants[2];
  EXPECT_EQ(trial(params, small_input()).oracle_detail, "");
  params.level = level("recycled");
  params.variant = kVariants[0];
  EXPECT_EQ(trial(params, small_input()).oracle_detail, "");
}

TEST(Trial, BooksBalanceWhereAllFramesHaveOneDestination) {
  const auto threads = static_cast<unsigned>(allowed_pus().size());
  for (const std::size_t charge : {level("L0"), level("L5"), level("L7")}) {
    const Measurement result = trial(charge, threads, Steering::onehot, small_input());
    EXPECT_TRUE(result.oracle_ok) << kLevels[charge].id << ": " << result.oracle_detail;
    const auto frames = result.metrics.at("frames_per_pass").get<std::uint64_t>();
    EXPECT_LT(frames, 4096U);
    EXPECT_EQ(result.metrics.at("pass").at("received"), frames);
  }
}

void expect_balanced(std::size_t level) {
  const Input input = small_input();
  for (const unsigned threads : {1U, static_cast<unsigned>(allowed_pus().size())}) {
    for (const Steering steering : {Steering::rss, Steering::spray}) {
      const Measurement result = trial(level, threads, steering, input);
      EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
      EXPECT_EQ(result.unit, "ns/packet");
      const Json& metrics = result.metrics;
      EXPECT_EQ(metrics.at("frames_per_pass"), 4096);
      EXPECT_EQ(metrics.at("pass").at("received"), 4096);
      std::uint64_t parts = metrics.at("delivered").get<std::uint64_t>() +
                            metrics.at("forwarded").get<std::uint64_t>();
      for (const Json& count : metrics.at("dropped")) parts += count.get<std::uint64_t>();
      EXPECT_EQ(metrics.at("received"), parts);
      EXPECT_GE(metrics.at("received").get<std::uint64_t>(), result.ops);
    }
  }
}

TEST(Trial, BooksBalanceAtLevel0) {
  expect_balanced(level("L0"));
}
TEST(Trial, BooksBalanceAtLevel5) {
  expect_balanced(level("L5"));
}
TEST(Trial, BooksBalanceAtLevel6) {
  expect_balanced(level("L6"));
}
TEST(Trial, BooksBalanceAtLevel7) {
  expect_balanced(level("L7"));
}

TEST(Trial, ReferencesPerPacketAreReported) {
  const Input input = small_input();
  const Json level0 = trial(level("L0"), 1, Steering::rss, input).metrics;
  EXPECT_EQ(level0.at("pairs_per_packet"), 0.0);
  const Json& computed = level0.at("pairs_of_computed_levels");
  EXPECT_GT(computed.at("L3").get<double>(), 0.0);
  EXPECT_LT(computed.at("L3").get<double>(), 0.1);
  EXPECT_EQ(computed.at("L2"), computed.at("L3")) << "linux_6 makes no object but sockets";
  EXPECT_EQ(computed.at("L1"), 0.0);
  EXPECT_EQ(computed.at("grace"), 0.0);
  EXPECT_EQ(trial(level("L6"), 1, Steering::rss, input).metrics.at("pairs_per_packet"), 1.0);
}

TEST(Trial, OnlyTheFirstTrialPassesOverTheInput) {
  const Json metrics = trial(level("L7"), 1, Steering::rss, small_input(), 3).metrics;
  EXPECT_FALSE(metrics.contains("pass"));
  EXPECT_FALSE(metrics.contains("pairs_per_packet"));
}

TEST(Trial, TheDifferenceIsWrittenWithItsSlices) {
  Measurement result;
  for (std::uint64_t number = 1; number <= 30 && !result.ns_per_op; ++number) {
    result = trial(level("L7"), 1, Steering::rss, small_input(), number);
  }
  ASSERT_TRUE(result.ns_per_op) << "rejected: " << Json(result.reject_reasons);
  const Json& difference = result.difference;
  EXPECT_EQ(difference.at("baseline"), "L0");
  EXPECT_GT(difference.at("baseline_ns").get<double>(), 0.0);
  EXPECT_EQ(difference.at("pairs"), result.slices.at("subject").size());
  EXPECT_EQ(difference.at("pairs"), result.slices.at("baseline_copy").size());
  EXPECT_EQ(difference.at("copies").at("subject").size(), kCopies);
  EXPECT_EQ(difference.at("planted_ns"), 0.0);
}

/// A core with one pass of books that a test may falsify.
class Books : public ::testing::Test {
 protected:
  Books() : ring_(*input_, {0, 1, 2}) { cores_.push_back(std::make_unique<Core>(ring_, network_)); }
  Account& account() { return cores_.front()->account; }
  std::string verdict() const {
    Verdict verdict;
    check_books(cores_, verdict);
    return verdict.detail();
  }

  Input input_ = small_input();
  Network network_{*input_};
  RxRing ring_;
  Cores cores_;
};

TEST_F(Books, ALostPacketIsNamed) {
  account().received = 10;
  account().delivered = 4;
  account().forwarded = 5;
  account().drop(DropReason::hop_limit);
  EXPECT_EQ(verdict(), "");
  account().forwarded = 4;
  EXPECT_NE(verdict().find("received 10"), std::string::npos);
}

TEST_F(Books, APassThatMissesAFrameIsNamed) {
  Core& core = *cores_.front();
  core.account.received = core.account.delivered = 3;
  core.advance(3);
  EXPECT_EQ(verdict(), "");
  core.account.received = core.account.delivered = 5;  // of six
  core.advance(3);
  EXPECT_EQ(core.passes, 2U);
  EXPECT_NE(verdict().find("whole passes"), std::string::npos);
}

TEST_F(Books, AnSkBuffThatIsNotFreedIsNamed) {
  const RxSlot slot;
  SkBuff* skb = cores_.front()->heads.allocate(slot);
  EXPECT_NE(verdict().find("sk_buffs do not balance: 1"), std::string::npos);
  cores_.front()->heads.release(skb);
  EXPECT_EQ(verdict(), "");
}

TEST_F(Books, APassThatIsNotTheInputIsNamed) {
  Verdict verdict;
  account().received = account().delivered = 4095;
  check_pass(cores_, verdict);
  EXPECT_FALSE(verdict.ok());
}

TEST(BooksJson, OnlyReasonsThatOccurred) {
  Account account;
  account.received = 2;
  account.drop(DropReason::not_ip);
  account.drop(DropReason::not_ip);
  EXPECT_EQ(to_json(account).dump(),
            R"({"received":2,"delivered":0,"forwarded":0,"dropped":{"not_ip":2}})");
}

}  // namespace
}  // namespace getput::bench::netpath
