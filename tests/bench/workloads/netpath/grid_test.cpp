// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/grid.hpp"

#include <gtest/gtest.h>

#include <set>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::netpath {
namespace {

SchemeInfo ordinary() {
  return {.name = "ordinary", .summary = "test", .origin = "test"};
}

GridRequest request() {
  GridRequest request;
  for (unsigned threads = 1; threads <= allowed_pus().size(); threads *= 2)
    request.threads.push_back(threads);
  request.places = {"compact"};
  return request;
}

bool everything(Level) {
  return true;
}

const CellSpec* find(const std::vector<CellSpec>& cells, const std::string& part) {
  for (const CellSpec& cell : cells) {
    if (cell.name.find(part) != std::string::npos)
      return &cell;
  }
  return nullptr;
}

TEST(Grid, NamesHaveTheParametersInTheirOrder) {
  const auto cells = enumerate(ordinary(), request(), everything);
  ASSERT_NE(find(cells,
                 "netpath/ordinary/level:L5/threads:1/steering:rss/input:imix/raw:0/place:compact"),
            nullptr);
  std::set<std::string> names;
  for (const CellSpec& cell : cells) EXPECT_TRUE(names.insert(cell.name).second) << cell.name;
}

TEST(Grid, ParametersSurviveTheirJson) {
  for (const Level level : kLevels) {
    const Params params{level, 3, Steering::spray, true, true};
    const Params back = Params::from_json(params.to_json());
    EXPECT_EQ(back.level, level);
    EXPECT_EQ(back.threads, 3U);
    EXPECT_EQ(back.steering, Steering::spray);
    EXPECT_TRUE(back.capture);
    EXPECT_TRUE(back.raw_socket);
  }
  Json unknown = Params{}.to_json();
  unknown["level"] = "L4";
  EXPECT_THROW(Params::from_json(unknown), RequestError);
}

TEST(Grid, SmokeHasLevel7AndQuickLevel6Too) {
  std::set<std::string> smoke;
  std::set<std::string> quick;
  for (const CellSpec& cell : enumerate(ordinary(), request(), everything)) {
    const std::string level = cell.params.at("level").get<std::string>();
    if (cell.tier == Tier::smoke)
      smoke.insert(level);
    if (cell.tier != Tier::paper)
      quick.insert(level);
  }
  EXPECT_EQ(smoke, (std::set<std::string>{"L7"}));
  EXPECT_EQ(quick, (std::set<std::string>{"L6", "L7"}));
}

TEST(Grid, OnlyTheControlHasLevel0) {
  SchemeInfo none = getput::None<>::info;
  const auto count = [](const SchemeInfo& info) {
    unsigned cells = 0;
    for (const CellSpec& cell : enumerate(info, request(), everything)) {
      cells += cell.params.at("level") == "L0" ? 1U : 0U;
      EXPECT_NE(cell.params.at("level"), "L3") << "level 3 is computed";
    }
    return cells;
  };
  EXPECT_EQ(count(ordinary()), 0U);
  EXPECT_GT(count(none), 0U);
}

TEST(Grid, ALevelThatIsNotCompiledNamesTheRemedy) {
  const auto cells =
      enumerate(ordinary(), request(), [](Level level) { return level != Level::l5; });
  const CellSpec* cell = find(cells, "level:L5");
  ASSERT_NE(cell, nullptr);
  EXPECT_FALSE(cell->possible);
  EXPECT_NE(cell->why.find("scripts/run --paper"), std::string::npos) << cell->why;
  EXPECT_TRUE(find(cells, "level:L7")->possible);
}

TEST(Grid, WhatASchemeCannotDo) {
  const auto why = [](const SchemeInfo& info, Level level, unsigned threads, Steering steering) {
    return impossible(info, {level, threads, steering, false, false});
  };
  SchemeInfo single = ordinary();
  single.shared_by_threads = false;
  single.put_on_other_thread = false;
  EXPECT_EQ(why(single, Level::l7, 1, Steering::rss), "");
  EXPECT_EQ(why(single, Level::l3, 1, Steering::rss), "");
  EXPECT_NE(why(single, Level::l0, 2, Steering::rss), "");

  SchemeInfo reader = ordinary();
  reader.put_on_other_thread = false;
  reader.hold_across_sleep = false;
  EXPECT_EQ(why(reader, Level::l7, 2, Steering::rss), "");
  EXPECT_EQ(why(reader, Level::l5, 2, Steering::spray), "");
  EXPECT_NE(why(reader, Level::l6, 2, Steering::spray), "");
  EXPECT_NE(why(reader, Level::l3, 1, Steering::rss), "");

  for (const Level level : kLevels) EXPECT_EQ(why(ordinary(), level, 2, Steering::spray), "");
}

TEST(Grid, ABadCaptureIsRefusedBeforeAnythingIsPlanned) {
  GridRequest bad = request();
  bad.pcap = "there-is-no-such.pcap";
  EXPECT_THROW(enumerate(ordinary(), bad, everything), RequestError);
}

}  // namespace
}  // namespace getput::bench::netpath
