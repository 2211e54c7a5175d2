// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/model/check.hpp"

namespace getput::model {
namespace {

// Of each search. Every mutant of mutants/*.toml is caught within half of this; the table of
// tests/mutants/run.py fails where one is not.
constexpr std::uint64_t kExecutions = 10'000;
// More than all executions of any scenario that is conducted.
constexpr std::uint64_t kConducted = 200'000;

/// What is wrong with the claim that @p check checks; empty if nothing is.
std::string problem_with(const Check& check, const Outcome& outcome, const std::string& search) {
  if (outcome.held) {
    if (!check.plan.conducted || outcome.complete)
      return {};
    return "the search has not ended after " + std::to_string(outcome.executions) + " executions";
  }
  if (std::any_of(check.admitted.begin(), check.admitted.end(), [&](std::string_view sentence) {
        return outcome.trace.find(sentence) != std::string::npos;
      }))
    return {};
  return "in execution " + std::to_string(outcome.executions) + " of the " + search + " search\n" +
         outcome.trace;
}

constexpr const char* kNotSeen = "the scheme's SchemeInfo admits it, but no execution shows it";

/// A conducted execution leaves nothing to chance: all are tried, and each scenario once.
const Outcome& conducted(const Plan& plan) {
  static std::map<Scenario* (*)(), Outcome> known;
  const auto [at, is_new] = known.try_emplace(plan.make);
  if (is_new)
    at->second = run(plan, Search::bounded, kConducted, 0);
  return at->second;
}

std::string problem_with_conducted(const Check& check) {
  const Outcome& outcome = conducted(check.plan);
  if (std::string problem = problem_with(check, outcome, "whole"); !problem.empty())
    return problem;
  return outcome.held && !check.admitted.empty() ? kNotSeen : "";
}

class ModelTest : public testing::Test {
 public:
  explicit ModelTest(const Check& check) : check_(check) {}

  void TestBody() override {
    if (check_.plan.conducted) {
      const std::string problem = problem_with_conducted(check_);
      EXPECT_TRUE(problem.empty()) << problem;
      RecordProperty("executions", std::to_string(conducted(check_.plan).executions));
      return;
    }
    for (const Search kind : {Search::bounded, Search::random}) {
      const Outcome outcome = run(check_.plan, kind, executions_wanted(kExecutions));
      const std::string name = kind == Search::random ? "random" : "bounded";
      RecordProperty(name, std::to_string(outcome.executions) +
                               (outcome.complete ? " executions, all" : " executions"));
      if (outcome.held)
        continue;
      const std::string problem = problem_with(check_, outcome, name);
      EXPECT_TRUE(problem.empty()) << problem;
      return;
    }
    EXPECT_TRUE(check_.admitted.empty()) << kNotSeen;
  }

 private:
  Check check_;
};

class FlipTest : public testing::Test {
 public:
  explicit FlipTest(const std::vector<Flip>& flips) : flips_(flips) {}

  void TestBody() override {
    for (const Flip& flip : flips_)
      EXPECT_TRUE(std::any_of(flip.checks.begin(), flip.checks.end(),
                              [](const Check& check) {
                                return check.applies && !problem_with_conducted(check).empty();
                              }))
          << "no check notices the claim " << flip.name;
    RecordProperty("flips", std::to_string(flips_.size()));
  }

 private:
  std::vector<Flip> flips_;
};

}  // namespace

int register_checks(std::string_view scheme, const std::vector<Check>& checks) {
  const std::string suite = "Model/" + std::string(scheme);
  int registered = 0;
  for (const Check& check : checks) {
    if (!check.applies)
      continue;
    testing::RegisterTest(suite.c_str(), std::string(check.name).c_str(), nullptr, nullptr,
                          __FILE__, __LINE__,
                          [check]() -> testing::Test* { return new ModelTest(check); });
    ++registered;
  }
  return registered;
}

int register_flips(std::string_view scheme, const std::vector<Flip>& flips) {
  testing::RegisterTest(("Model/" + std::string(scheme)).c_str(), "WrongClaimsAreNoticed", nullptr,
                        nullptr, __FILE__, __LINE__,
                        [flips]() -> testing::Test* { return new FlipTest(flips); });
  return 1;
}

}  // namespace getput::model
