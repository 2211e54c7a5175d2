// SPDX-License-Identifier: MIT
// Whole trials of the removal workload on an honest scheme and on broken ones.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>

#include "bench/engine/placement.hpp"
#include "bench/workloads/removal/removal.hpp"
#include "tests/bench/planted/counted.hpp"

namespace getput::bench::removal {
namespace {

/// Does not wait for those inside.
class Impatient : public Counted<> {
 public:
  static constexpr SchemeInfo info = counted_info("impatient", "planted");
  void wait_drained(std::stop_token) {}
};

/// An attempt that takes the module away from under a holder.
class Ruthless : public Counted<> {
 public:
  static constexpr SchemeInfo info = counted_info("ruthless", "planted");
  bool try_stop() {
    stop();
    return true;
  }
};

/// A removal never ends by itself, although no reference is lost: a machine on which the remover
/// has to wait for longer than the limit.
class EndlessDrain : public Counted<> {
 public:
  static constexpr SchemeInfo info = counted_info("endless_drain", "a slow machine", true);
  void wait_drained(std::stop_token token) {
    while (!token.stop_requested()) {
      std::this_thread::yield();
    }
  }
};

/// Planted: the 1000th put is lost.
class LosesOnePut : public Counted<> {
 public:
  static constexpr SchemeInfo info = counted_info("loses_one_put", "planted");
  void put(Ticket ticket) noexcept {
    if (puts_.fetch_add(1) != 999) {
      Counted<>::put(ticket);
    }
  }

 private:
  std::atomic<std::uint64_t> puts_{0};
};

template <class S>
Measurement run(Params params, double burst_ms = 2.0,
                std::chrono::milliseconds limit = kRemovalLimit) {
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(params.threads);
  CellSpec spec;
  spec.params = params.to_json();
  RemovalCell<S> cell(spec, limit);
  Team team(pus);
  TrialSchedule schedule(team, 1, burst_ms);
  TrialContext trial{team, schedule, 1, burst_ms, 0.0, 0.0};
  return cell.run(trial);
}

TEST(RemovalCellTest, HonestSchemeAlone) {
  const Measurement result = run<Counted<>>({1, 0, 0});
  EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
  EXPECT_EQ(result.unit, "ns/removal");
  ASSERT_TRUE(result.ns_per_op.has_value());
  EXPECT_GT(result.metrics["removals"].get<std::uint64_t>(), 0U);
  EXPECT_EQ(result.metrics["drained_ns_p50"], *result.ns_per_op);
  EXPECT_GE(result.metrics["drained_ns_max"], result.metrics["drained_ns_p50"]);
  EXPECT_EQ(result.metrics["drained_over_1ms"] > 0, result.metrics["drained_ns_max"] > 1e6);
  EXPECT_GT(result.metrics["failed_attempts"].get<std::uint64_t>(), 0U);
  EXPECT_TRUE(result.metrics["stall_max_ns"].is_null()) << "no caller can stall";
}

TEST(RemovalCellTest, HonestSchemeWithACaller) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed";
  }
  for (const unsigned hold_ns : {0U, 1000U}) {
    const Measurement result = run<Counted<>>({2, 1, hold_ns});
    EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
    EXPECT_GT(result.metrics["caller_pairs"].get<std::uint64_t>(), 0U);
    EXPECT_GT(result.metrics["stall_max_ns"].get<double>(), 0.0);
    EXPECT_EQ(result.thread_ops.size(), 2U);
  }
}

TEST(RemovalCellTest, AnAttemptThatSucceedsUnderAHolderIsWrong) {
  const Measurement result = run<Ruthless>({1, 0, 0});
  EXPECT_FALSE(result.oracle_ok);
  EXPECT_NE(result.oracle_detail.find("with a reference held"), std::string::npos)
      << result.oracle_detail;
}

TEST(RemovalCellTest, LateGetIsWrong) {
  const Measurement result = run<LateGet<>>({1, 0, 0});
  EXPECT_FALSE(result.oracle_ok);
  EXPECT_NE(result.oracle_detail.find("after stop() had returned"), std::string::npos)
      << result.oracle_detail;
}

TEST(RemovalCellTest, NotWaitingIsWrong) {
  if (allowed_pus().size() < 2) {
    GTEST_SKIP() << "one CPU allowed";
  }
  const Measurement result = run<Impatient>({2, 1, 1000});
  EXPECT_FALSE(result.oracle_ok);
}

TEST(RemovalCellTest, ATrialMayTakeLongerThanARemoval) {
  const std::chrono::milliseconds limit{30};
  for (const unsigned threads : {1U, 2U}) {
    if (allowed_pus().size() < threads) {
      continue;
    }
    // On a busy machine a removal may really take longer than the limit, but not in every trial.
    Measurement result;
    for (int trial = 0; trial < 10; ++trial) {
      result = run<Counted<>>({threads, threads - 1, 0}, 120.0, limit);
      EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
      if (result.reject_reasons.empty()) {
        break;
      }
    }
    EXPECT_TRUE(result.reject_reasons.empty()) << Json(result.reject_reasons);
    EXPECT_GT(result.metrics["removals"].get<std::uint64_t>(), 0U);
  }
}

TEST(RemovalCellTest, ASlowRemovalRejectsTheAttempt) {
  for (const unsigned threads : {1U, 2U}) {
    if (allowed_pus().size() < threads) {
      continue;
    }
    const Measurement result =
        run<EndlessDrain>({threads, threads - 1, 0}, 2.0, std::chrono::milliseconds(50));
    EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
    EXPECT_EQ(result.reject_reasons, std::vector<std::string>{"removal_too_slow"});
  }
}

TEST(RemovalCellTest, ALostPutIsWrongHoweverSlowTheMachine) {
  const unsigned threads = allowed_pus().size() < 2 ? 1 : 2;
  const Measurement result =
      run<LosesOnePut>({threads, threads - 1, 0}, 4.0, std::chrono::milliseconds(50));
  EXPECT_FALSE(result.oracle_ok);
  EXPECT_NE(result.oracle_detail.find("not drained after the callers had left"), std::string::npos)
      << result.oracle_detail;
}

TEST(RemovalCellTest, ACellIsUsableAfterASlowRemoval) {
  CellSpec spec;
  spec.params = Params{1, 0, 0}.to_json();
  RemovalCell<Counted<>> cell(spec, std::chrono::milliseconds(0));  // each removal is too slow
  Team team({allowed_pus().front()});
  for (int trial = 0; trial < 2; ++trial) {
    TrialSchedule schedule(team, 1, 4.0);
    TrialContext context{team, schedule, 1, 4.0, 0.0, 0.0};
    const Measurement result = cell.run(context);
    EXPECT_TRUE(result.oracle_ok) << result.oracle_detail;
  }
}

TEST(WatchdogTest, TimesOneRemoval) {
  using namespace std::chrono_literals;
  Watchdog watchdog(200ms);
  for (int i = 0; i < 10; ++i) {
    watchdog.begin();
    std::this_thread::sleep_for(40ms);
    watchdog.end();
  }
  EXPECT_FALSE(watchdog.token().stop_requested()) << "400 ms, none of them longer than 200";
  watchdog.begin();
  std::this_thread::sleep_for(600ms);
  EXPECT_TRUE(watchdog.token().stop_requested());
}

}  // namespace
}  // namespace getput::bench::removal
