// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/schemes/contract.hpp"

namespace getput::contract {
namespace {

class ContractTest : public testing::Test {
 public:
  ContractTest(const Check& check, std::string (*why)()) : check_(check), why_(why) {}

  void TestBody() override {
    if (const std::string why = why_(); !why.empty())
      GTEST_SKIP() << why;
    if (kTsan && check_.races)
      return expect_data_race();
    const Verdict verdict = check_.run();
    if (verdict.kind == Verdict::Kind::untestable)
      GTEST_SKIP() << verdict.detail;
    EXPECT_EQ(verdict.kind, Verdict::Kind::kept) << verdict.detail;
  }

 private:
  // In a process of its own, which the report ends.
  void expect_data_race() {
    constexpr int kReported = 66;
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
          check_.run();
          std::exit(EXIT_SUCCESS);
        },
        testing::ExitedWithCode(kReported), "data race");
  }

  Check check_;
  std::string (*why_)();
};

class FlipTest : public testing::Test {
 public:
  FlipTest(const std::vector<Flip>& flips, std::string (*why)()) : flips_(flips), why_(why) {}

  void TestBody() override {
    if (const std::string why = why_(); !why.empty())
      GTEST_SKIP() << why;
    for (const Flip& flip : flips_) expect_noticed(flip);
    RecordProperty("flips", std::to_string(flips_.size()));
  }

 private:
  static void expect_noticed(const Flip& flip) {
    for (const Check& check : flip.checks) {
      if (!check.applies)
        continue;
      if (check.run().kind != Verdict::Kind::kept)
        return;  // noticed, or not to be tried here
    }
    ADD_FAILURE() << "no check notices the claim " << flip.name;
  }

  std::vector<Flip> flips_;
  std::string (*why_)();
};

}  // namespace

int register_checks(std::string_view scheme, const std::vector<Check>& checks,
                    std::string (*why)()) {
  const std::string suite = "Contract/" + std::string(scheme);
  int registered = 0;
  for (const Check& check : checks) {
    if (!check.applies)
      continue;
    testing::RegisterTest(
        suite.c_str(), std::string(check.name).c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [check, why]() -> testing::Test* { return new ContractTest(check, why); });
    ++registered;
  }
  return registered;
}

int register_flips(std::string_view scheme, const std::vector<Flip>& flips, std::string (*why)()) {
  testing::RegisterTest(("Contract/" + std::string(scheme)).c_str(), "WrongClaimsAreNoticed",
                        nullptr, nullptr, __FILE__, __LINE__,
                        [flips, why]() -> testing::Test* { return new FlipTest(flips, why); });
  return 1;
}

}  // namespace getput::contract
