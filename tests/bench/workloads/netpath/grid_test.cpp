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

bool everything(std::size_t, Variant) {
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
                 "netpath/ordinary/era:linux_6/shape:staged/table:hlist/level:L5/threads:1/"
                 "steering:rss/free:local/"
                 "work:bare/xfrm:0/input:imix/local:50/raw:0/place:compact"),
            nullptr);
  std::set<std::string> names;
  for (const CellSpec& cell : cells) EXPECT_TRUE(names.insert(cell.name).second) << cell.name;
}

TEST(Grid, ParametersSurviveTheirJson) {
  for (std::size_t level = 0; level < kLevelCount; ++level) {
    for (const Variant variant : kVariants) {
      const Params params{variant, level, 3,   Steering::spray, true, WorkKind::kernel, true,
                          "pcap",  30,    true};
      const Params back = Params::from_json(params.to_json());
      EXPECT_EQ(back.to_json(), params.to_json());
      EXPECT_EQ(back.level, level);
      EXPECT_EQ(back.variant, variant);
    }
  }
  Json unknown = Params{}.to_json();
  unknown["level"] = "L8";
  EXPECT_THROW(Params::from_json(unknown), RequestError);
  unknown = Params{}.to_json();
  unknown["era"] = "linux_2_4";
  EXPECT_THROW(Params::from_json(unknown), RequestError);
}

TEST(Grid, SmokeHasLevel7OfOneVariantAndQuickHasEveryLevelThatIsCompiled) {
  std::set<std::string> smoke;
  std::set<std::string> quick;
  for (const CellSpec& cell : enumerate(ordinary(), request(), everything)) {
    const std::string level = cell.params.at("level").get<std::string>();
    if (cell.tier == Tier::smoke)
      smoke.insert(cell.params.at("era").get<std::string>() + level);
    if (cell.tier != Tier::paper)
      quick.insert(level);
  }
  EXPECT_EQ(smoke, (std::set<std::string>{"linux_6L7"}));
  for (const Level& level : kLevels)
    EXPECT_EQ(quick.count(std::string(level.id)),
              level.obtained == Obtained::measured && !level.without_scheme ? 1U : 0U)
        << level.id;
}

TEST(Grid, OnlyTheControlHasLevelsWithoutAScheme) {
  const auto levels = [](const SchemeInfo& info) {
    std::set<std::string> found;
    for (const CellSpec& cell : enumerate(info, request(), everything))
      found.insert(cell.params.at("level").get<std::string>());
    return found;
  };
  for (const char* level : {"L0", "split"}) {
    EXPECT_EQ(levels(ordinary()).count(level), 0U);
    EXPECT_EQ(levels(getput::None<>::info).count(level), 1U);
  }
  for (const char* computed : {"L1", "L2", "L3", "grace"})
    EXPECT_EQ(levels(getput::None<>::info).count(computed), 0U);
}

TEST(Grid, ALevelThatIsNotCompiledNamesTheRemedy) {
  const auto cells = enumerate(ordinary(), request(), [](std::size_t level, Variant variant) {
    return level != netpath::level("L5") && variant.era == Era::linux_6;
  });
  for (const char* part : {"linux_6/shape:staged/table:hlist/level:L5",
                           "linux_2_6/shape:scalar/table:hlist/level:L7"}) {
    const CellSpec* cell = find(cells, part);
    ASSERT_NE(cell, nullptr);
    EXPECT_FALSE(cell->possible);
    EXPECT_EQ(cell->tier, Tier::paper);
    EXPECT_NE(cell->why.find("scripts/run --paper"), std::string::npos) << cell->why;
  }
  EXPECT_TRUE(find(cells, "linux_6/shape:staged/table:hlist/level:L7")->possible);
}

TEST(Grid, WhatASchemeCannotDo) {
  const auto why = [](const SchemeInfo& info, std::size_t level, unsigned threads,
                      Steering steering, Variant variant = {}) {
    Params params;
    params.variant = variant;
    params.level = level;
    params.threads = threads;
    params.steering = steering;
    return impossible(info, params);
  };
  SchemeInfo single = ordinary();
  single.shared_by_threads = false;
  single.put_on_other_thread = false;
  EXPECT_EQ(why(single, level("L7"), 1, Steering::rss), "");
  EXPECT_NE(why(single, level("L0"), 2, Steering::rss), "");

  SchemeInfo reader = ordinary();
  reader.put_on_other_thread = false;
  reader.hold_across_sleep = false;
  EXPECT_EQ(why(reader, level("L7"), 2, Steering::rss), "");
  EXPECT_EQ(why(reader, level("L5"), 2, Steering::spray), "");
  EXPECT_NE(why(reader, level("L5"), 2, Steering::spray, kVariants[2]), "")
      << "in 2.6 the packet keeps the reference of its route";
  EXPECT_NE(why(reader, level("L6"), 2, Steering::spray), "");
  EXPECT_NE(why(reader, level("L3"), 1, Steering::rss), "");
  EXPECT_NE(why(reader, level("recycled"), 1, Steering::rss), "");

  for (std::size_t level = 0; level < kLevelCount; ++level)
    EXPECT_EQ(why(ordinary(), level, 2, Steering::rss), "");
  EXPECT_NE(why(ordinary(), level("bulk"), 2, Steering::spray), "");
}

TEST(Grid, ABadCaptureIsRefusedBeforeAnythingIsPlanned) {
  GridRequest bad = request();
  bad.pcap = "there-is-no-such.pcap";
  EXPECT_THROW(enumerate(ordinary(), bad, everything), RequestError);
}

}  // namespace
}  // namespace getput::bench::netpath
