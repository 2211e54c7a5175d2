// SPDX-License-Identifier: MIT
// Whole trials through the cell, with the team; and that the checks of the books can fail.
#include "bench/workloads/netpath/books.hpp"

#include <gtest/gtest.h>

#include "bench/engine/placement.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/workloads/netpath/netpath.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

Input small_input() {
  ImixOptions options;
  options.frames = 4096;
  options.flows = 1000;
  options.close_share = 0.05;
  return generate_imix(options);
}

template <Level L>
Measurement trial(unsigned threads, Steering steering, const Input& input) {
  const Placement placement = place("compact", threads);
  Team team(placement.pus);
  TrialSchedule schedule(team, 1, 2.0);
  TrialContext context{team, schedule, 1, 2.0};
  NetpathCell cell({L, threads, steering, false, false}, input, std::make_shared<Network>(*input),
                   &SchemePath<AtomicBase<>>::load);
  cell.run(context);  // the second attempt of a cell does not repeat everything
  TrialSchedule again(team, 2, 2.0);
  TrialContext second{team, again, 2, 2.0};
  return cell.run(second);
}

template <Level L>
void expect_balanced() {
  const Input input = small_input();
  for (const unsigned threads : {1U, static_cast<unsigned>(allowed_pus().size())}) {
    for (const Steering steering : {Steering::rss, Steering::spray}) {
      const Measurement result = trial<L>(threads, steering, input);
      EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
      EXPECT_EQ(result.unit, "ns/packet");
      EXPECT_GT(result.ns_per_op.value_or(0.0), 0.0);
      EXPECT_GT(result.ops, 0U);
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

TEST(Trial, Level0) {
  expect_balanced<Level::l0>();
}
TEST(Trial, Level3) {
  expect_balanced<Level::l3>();
}
TEST(Trial, Level5) {
  expect_balanced<Level::l5>();
}
TEST(Trial, Level6) {
  expect_balanced<Level::l6>();
}
TEST(Trial, Level7) {
  expect_balanced<Level::l7>();
}

TEST(Trial, PairsPerPacketAreReported) {
  const Input input = small_input();
  EXPECT_EQ(trial<Level::l0>(1, Steering::rss, input).metrics.at("pairs_per_packet"), 0.0);
  EXPECT_EQ(trial<Level::l6>(1, Steering::rss, input).metrics.at("pairs_per_packet"), 1.0);
  const Measurement level3 = trial<Level::l3>(1, Steering::rss, input);
  EXPECT_GT(level3.metrics.at("objects_charged").get<std::uint64_t>(), 1000U);
  EXPECT_LT(level3.metrics.at("pairs_per_packet").get<double>(), 0.1);
}

/// A core with one pass of books that a test may falsify.
class Books : public ::testing::Test {
 protected:
  Books() : depot_(256), ring_(*input_, {0, 1, 2}) {
    cores_.push_back(std::make_unique<Core>(ring_, depot_));
  }
  Account& account() { return cores_.front()->account; }
  std::string verdict() const {
    Verdict verdict;
    check_books(cores_, verdict);
    return verdict.detail();
  }

  Input input_ = small_input();
  Depot<Socket> depot_;
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
  SkBuff* skb = cores_.front()->heads.allocate(nullptr, 0);
  EXPECT_NE(verdict().find("sk_buffs do not balance: 1"), std::string::npos);
  cores_.front()->heads.release(skb);
  EXPECT_EQ(verdict(), "");
}

TEST_F(Books, APassThatIsNotTheInputIsNamed) {
  Verdict verdict;
  account().received = account().delivered = 4095;
  check_pass(cores_, *input_, verdict);
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
