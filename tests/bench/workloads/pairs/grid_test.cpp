// SPDX-License-Identifier: MIT
#include "bench/workloads/pairs/grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "bench/engine/placement.hpp"

namespace getput::bench::pairs {
namespace {

SchemeInfo plain_info() {
  SchemeInfo info;
  info.name = "toy";
  return info;
}

TEST(PairsGrid, ParamsSurviveTheRoundTrip) {
  const Params params{4, true, 64, 100, true, State::going};
  const Params back = Params::from_json(params.to_json());
  EXPECT_EQ(back.threads, 4U);
  EXPECT_TRUE(back.own_objects);
  EXPECT_EQ(back.objects, 64U);
  EXPECT_EQ(back.hold_ns, 100U);
  EXPECT_TRUE(back.put_by_other);
  EXPECT_EQ(back.state, State::going);
  EXPECT_FALSE(back.inside_chain);
}

TEST(PairsGrid, OnlyCellsInsideOtherWorkSayWhereTheirPairsAre) {
  const Params inside{1, false, 1, 0, false, State::live, true};
  EXPECT_TRUE(Params::from_json(inside.to_json()).inside_chain);
  EXPECT_FALSE(Params{}.to_json().contains("inside"));
  GridRequest request;
  request.threads = {1, 2};
  request.places = {"compact"};
  std::vector<CellSpec> found = enumerate(plain_info(), request);
  std::erase_if(found, [](const CellSpec& cell) { return !cell.params.contains("inside"); });
  ASSERT_EQ(found.size(), 3U) << "one thread; two with a shared object and with their own";
  EXPECT_EQ(found[0].name,
            "pairs/toy/threads:1/object:shared/objects:1/hold_ns:0/put:same/"
            "state:live/inside:chain/place:compact");
  EXPECT_EQ(found[0].tier, Tier::quick);
  EXPECT_EQ(found[1].tier, Tier::paper);
  EXPECT_EQ(found[2].tier, Tier::paper);
}

TEST(PairsGrid, SaysWhyAContractForbidsIt) {
  SchemeInfo info = plain_info();
  EXPECT_EQ(impossible(info, {4, false, 1, 0, true}), "");
  info.shared_by_threads = false;
  EXPECT_NE(impossible(info, {2, false, 1, 0, false}), "");
  EXPECT_NE(impossible(info, {2, true, 1, 0, true}), "");
  EXPECT_EQ(impossible(info, {2, true, 1, 0, false}), "");
  EXPECT_EQ(impossible(info, {1, false, 1, 0, false}), "");
  info = plain_info();
  info.put_on_other_thread = false;
  EXPECT_NE(impossible(info, {2, false, 1, 0, true}), "");
  EXPECT_EQ(impossible(info, {2, false, 1, 0, false}), "");
  info = plain_info();
  info.put_on_other_cpu = false;
  EXPECT_NE(impossible(info, {2, false, 1, 0, true}), "");
}

TEST(PairsGrid, SaysWhyAReferenceCannotBeHeldMeanwhile) {
  const Params held{1, false, 1, 0, false, State::held};
  const Params going{1, false, 1, 0, false, State::going};
  SchemeInfo info = plain_info();
  EXPECT_EQ(impossible(info, held), "");
  EXPECT_EQ(impossible(info, going), "");
  info.get_while_going = false;
  EXPECT_EQ(impossible(info, held), "");
  EXPECT_NE(impossible(info, going), "");
  info = plain_info();
  info.hold_across_sleep = false;
  EXPECT_NE(impossible(info, held), "");
  info = plain_info();
  info.removal = false;
  EXPECT_NE(impossible(info, going), "");
}

TEST(PairsGrid, HasTheSmokeCellsAndMarksTheUnavailable) {
  GridRequest request;
  request.threads = {1};
  request.places = {"compact"};
  const std::vector<CellSpec> cells = enumerate(plain_info(), request);
  ASSERT_FALSE(cells.empty());
  EXPECT_EQ(cells[0].name,
            "pairs/toy/threads:1/object:shared/objects:1/hold_ns:0/put:same/"
            "state:live/place:compact");
  EXPECT_EQ(cells[0].tier, Tier::smoke);
  EXPECT_TRUE(cells[0].possible);
  EXPECT_EQ(cells[0].placement.pus.size(), 1U);
  EXPECT_TRUE(std::none_of(cells.begin(), cells.end(), [](const CellSpec& cell) {
    return cell.params["put"] == "other" || cell.params["object"] == "own";
  })) << "one thread has no other and owns everything";
  request.unavailable = "not available here: test";
  for (const CellSpec& cell : enumerate(plain_info(), request)) {
    EXPECT_FALSE(cell.possible);
    EXPECT_EQ(cell.why, request.unavailable);
    EXPECT_EQ(cell.est_trial_ms, 0.0);
  }
}

TEST(PairsGrid, MoreThreadsThanCpusAreNotPossible) {
  GridRequest request;
  request.threads = {static_cast<unsigned>(allowed_pus().size()) + 1};
  request.places = {"compact"};
  for (const CellSpec& cell : enumerate(plain_info(), request)) {
    EXPECT_FALSE(cell.possible);
    EXPECT_FALSE(cell.why.empty());
  }
}

}  // namespace
}  // namespace getput::bench::pairs
