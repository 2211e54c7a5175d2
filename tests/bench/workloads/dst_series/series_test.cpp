// SPDX-License-Identifier: MIT
// The transmit path of the series: what each step shares, and that all of it is given back.
#include <gtest/gtest.h>

#include "bench/engine/errors.hpp"
#include "bench/engine/team.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/workloads/dst_series/dst_series.hpp"
#include "bench/workloads/dst_series/frame.hpp"

namespace getput::bench::dst_series {
namespace {

/// References that a held route has taken on words that all CPUs share.
template <std::uint8_t Bits>
int shared_while_held() {
  World world;
  Sender sender;
  Dst dst;
  detail::hold_route<Bits>(world, sender, dst);
  const int held = (world.hh_refs.load() - 1) + (world.in_device_refs.load() - 1) +
                   (world.fib_clntref.load() - 1) + (world.device_refs.load() - 1) +
                   world.dst_entries.load();
  detail::put_route<Bits>(world, sender);
  EXPECT_EQ(world.hh_refs.load() + world.in_device_refs.load() + world.fib_clntref.load() +
                world.device_refs.load() + world.dst_entries.load(),
            4)
      << "all but the base references are given back";
  EXPECT_EQ(sender.device_refs, 0);
  EXPECT_EQ(sender.dst_entries, 0);
  return held;
}

TEST(DstSeries, EachStepSharesLess) {
  // in_device keeps one reference to the end; its step takes away two touches and no reference.
  EXPECT_EQ((shared_while_held<kSteps[0].shared_before>()), 5);
  EXPECT_EQ((shared_while_held<kSteps[0].shared_after>()), 4) << "hh_refcnt";
  EXPECT_EQ((shared_while_held<kSteps[1].shared_after>()), 4) << "in_device";
  EXPECT_EQ((shared_while_held<kSteps[2].shared_after>()), 3) << "fib_clntref";
  EXPECT_EQ((shared_while_held<kSteps[3].shared_after>()), 2) << "net_device";
  EXPECT_EQ((shared_while_held<kSteps[4].shared_after>()), 1) << "dst_ops.entries";
  EXPECT_EQ((shared_while_held<kSteps[5].shared_after>()), 1);
}

TEST(DstSeries, StepsFollowOneAnother) {
  for (std::size_t i = 0; i + 1 < kSteps.size(); ++i) {
    const Step& step = kSteps[i];
    EXPECT_EQ(step.shared_after, kSteps[i + 1].shared_before) << step.id;
    EXPECT_EQ(step.shared_after & ~step.shared_before, 0) << step.id;
    EXPECT_LT(step.after_us, step.before_us) << step.id;
  }
  EXPECT_EQ(kSteps.back().shared_after, kSteps.back().shared_before) << "the null control";
}

/// The cells of the workload for so many workers.
std::vector<CellSpec> cells(unsigned threads) {
  GridRequest request;
  request.threads = {threads};
  request.places = {"compact"};
  return workload().enumerate(request);
}

TEST(DstSeries, BooksBalanceAfterEachTrial) {
  for (const unsigned threads : {1U, static_cast<unsigned>(allowed_pus().size())}) {
    for (const CellSpec& spec : cells(threads)) {
      Team team(spec.placement.pus);
      TrialSchedule schedule(team, 1, 2.0);
      TrialContext context{team, schedule, 1, 2.0, 10.0, 0.0, 0};
      const Measurement result = workload().make(spec, {})->run(context);
      EXPECT_TRUE(result.oracle_ok) << spec.name << ": " << result.oracle_detail;
      EXPECT_EQ(result.unit, "ns/frame");
    }
  }
}

TEST(DstSeries, AnUnknownStepIsRefused) {
  CellSpec spec = cells(1).front();
  spec.params["step"] = "hw";
  EXPECT_THROW(workload().make(spec, {}), RequestError);
}

}  // namespace
}  // namespace getput::bench::dst_series
