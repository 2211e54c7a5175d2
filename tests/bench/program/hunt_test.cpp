// SPDX-License-Identifier: MIT
// The hunt finds the scheme that is not safe and no other one.
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/program/program.hpp"

namespace getput::bench::test {
namespace {

Outcome hunt(const std::string& arguments) {
  return run_program("GETPUT_PLUGIN_DIR=" GETPUT_PLUGINS " " GETPUT_PLANTED_PROGRAM " " +
                     arguments);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Hunt, CatchesTheModuleThatCountsItself) {
  const Outcome outcome = hunt("--getput_hunt=in_module --getput_hunt_s=30");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json document = Json::parse(outcome.out);
  EXPECT_EQ(document["schema"], "getput.hunt/1");
  EXPECT_EQ(document["scheme"], "in_module");
  EXPECT_TRUE(document["caught"].get<bool>()) << document;
  EXPECT_TRUE(contains(document["how"], "in the former mapping of module udp")) << document;
  EXPECT_GT(document["seconds"].get<double>(), 0.0);
  EXPECT_LT(document["seconds"].get<double>(), 30.0);
}

TEST(Hunt, DoesNotAccuseASafeScheme) {
  const Outcome outcome = hunt("--getput_hunt=counted --getput_hunt_s=2 --getput_hunt_safe");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json document = Json::parse(outcome.out);
  EXPECT_FALSE(document["caught"].get<bool>()) << document;
  EXPECT_TRUE(document["how"].is_null());
  EXPECT_GT(document["rounds"].get<int>(), 0);
  EXPECT_GE(document["seconds"].get<double>(), 2.0);
}

TEST(Hunt, RefusesWhatCannotBeHunted) {
  const struct {
    const char* arguments;
    const char* says;
  } refused[] = {
      {"--getput_hunt=nothing", "unknown scheme; known: counted"},
      {"--getput_hunt=counted", "the scheme is safe; schemes that are not: "},
      {"--getput_hunt=in_module --getput_hunt_s=0", "must be more than 0"},
      {"--getput_hunt_s=3", "--getput_hunt"},
      {"--getput_hunt=in_module --benchmark_filter=x", "beside"},
  };
  for (const auto& one : refused) {
    const Outcome outcome = hunt(one.arguments);
    EXPECT_EQ(outcome.exit_code, 2) << one.arguments << outcome.err;
    EXPECT_TRUE(contains(outcome.err, one.says)) << one.arguments << outcome.err;
    EXPECT_TRUE(outcome.out.empty());
  }
}

TEST(Hunt, AChildThatCannotLoadTheModuleIsAnError) {
  const Outcome outcome = run_program("GETPUT_PLUGIN_DIR=/nonexistent " GETPUT_PLANTED_PROGRAM
                                      " --getput_hunt=in_module --getput_hunt_s=1");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_TRUE(contains(outcome.err, "no plug-in udp.so")) << outcome.err;
  EXPECT_TRUE(outcome.out.empty());
}

}  // namespace
}  // namespace getput::bench::test
