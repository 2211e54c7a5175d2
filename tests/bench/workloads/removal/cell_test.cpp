// SPDX-License-Identifier: MIT
// Whole trials of the removal workload on an honest scheme and on broken ones.
#include <gtest/gtest.h>

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

template <class S>
Measurement run(Params params) {
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(params.threads);
  CellSpec spec;
  spec.params = params.to_json();
  RemovalCell<S> cell(spec);
  Team team(pus);
  ControlSet controls(team, 1, 0.2);
  TrialContext trial{team, controls, 1, 2.0};
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
  EXPECT_TRUE(result.metrics["stall_max_ns"].is_null()) << "nobody to stall";
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

}  // namespace
}  // namespace getput::bench::removal
