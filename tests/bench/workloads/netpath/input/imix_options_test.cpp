// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/imix_options.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench/engine/errors.hpp"

namespace getput::bench::netpath {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_traffic(text);
  } catch (const RequestError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Traffic, KindAloneIsTheDefault) {
  EXPECT_EQ(parse_traffic("imix"), ImixOptions());
  const ImixOptions fixed = parse_traffic("fixed");
  EXPECT_EQ(fixed.size, 64U);
  EXPECT_EQ(fixed.ipv6_share, 0.0) << "no IPv6 segment is that short";
}

TEST(Traffic, EveryKeyIsRead) {
  const ImixOptions options = parse_traffic(
      "fixed,size=1518,flows=256,zipf=0,frames=1000,ipv6=0.5,udp=1,close=0.25,seed=7,to=spread");
  ImixOptions expected;
  expected.size = 1518;
  expected.flows = 256;
  expected.zipf = 0;
  expected.frames = 1000;
  expected.ipv6_share = 0.5;
  expected.udp_share = 1;
  expected.close_share = 0.25;
  expected.seed = 7;
  expected.destinations = Destinations::spread;
  EXPECT_EQ(options, expected);
}

TEST(Traffic, TheNameIsReadAsTheSameOptions) {
  EXPECT_EQ(name_of({}), "imix");
  EXPECT_EQ(name_of(parse_traffic("imix,zipf=0,flows=256")), "imix,flows=256,zipf=0");
  for (const char* text :
       {"imix", "imix,flows=1048576,zipf=1.1", "fixed", "fixed,size=128,to=spread",
        "imix,to=routed", "fixed,size=1518,ipv6=0,close=0.001",
        "imix,seed=9007199254740992,to=bench"}) {
    const ImixOptions options = parse_traffic(text);
    EXPECT_EQ(parse_traffic(name_of(options)), options) << name_of(options);
  }
}

TEST(Traffic, RefusalsSayWhatIsWrongAndWhatIsKnown) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "unknown kind \"\"; known: imix, fixed"},
      {"imx", "unknown kind \"imx\""},
      {"imix,flow=2",
       "unknown key \"flow\"; known: close, flows, frames, ipv6, seed, size, udp, zipf, to"},
      {"imix,", "unknown key \"\""},
      {"imix,flows", "flows= is no whole number from 1 to 1048576"},
      {"imix,flows=0", "flows=0 is no whole number"},
      {"imix,flows=1048577", "from 1 to 1048576"},
      {"imix,flows=1.5", "no whole number"},
      {"imix,flows=2x", "flows=2x"},
      {"imix,zipf=nan", "zipf=nan is no number"},
      {"imix,zipf=-1", "from 0 to 4"},
      {"imix,flows=1,flows=2", "key flows is there twice"},
      {"imix,size=64", "size goes with fixed"},
      {"fixed,size=63", "from 64 to 1518"},
      {"fixed,size=64,ipv6=0.1", "no IPv6 segment fits into size=64"},
      {"fixed,size=1518,frames=1048576", "more than 1 GiB"},
      {"imix,to=everywhere", "to=everywhere; known: bench, spread, routed"}};
  for (const auto& [text, part] : cases) {
    const std::string message = refusal(text);
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_NE(message.find("traffic \"" + text + "\""), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace getput::bench::netpath
