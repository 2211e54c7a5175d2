// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/model/model.hpp"

namespace getput::model {
namespace {

// Of each search. Every mutant of mutants/*.toml is caught within half of this; the table of
// tests/mutants/run.py fails where one is not.
constexpr std::uint64_t kExecutions = 10'000;

class ModelTest : public testing::Test {
 public:
  explicit ModelTest(const Check& check) : check_(check) {}

  void TestBody() override {
    for (const Search kind : {Search::bounded, Search::random}) {
      const Outcome outcome = run(check_.plan, kind, executions_wanted(kExecutions));
      const std::string name = kind == Search::random ? "random" : "bounded";
      RecordProperty(name, std::to_string(outcome.executions) +
                               (outcome.complete ? " executions, all" : " executions"));
      if (outcome.held)
        continue;
      const bool admitted = std::any_of(check_.admitted.begin(), check_.admitted.end(),
                                        [&outcome](std::string_view sentence) {
                                          return outcome.trace.find(sentence) != std::string::npos;
                                        });
      EXPECT_TRUE(admitted) << "in execution " << outcome.executions << " of the " << name
                            << " search\n"
                            << outcome.trace;
      return;
    }
    EXPECT_TRUE(check_.admitted.empty()) << "the scheme's SchemeInfo admits it, but no execution "
                                            "shows it";
  }

 private:
  Check check_;
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

}  // namespace getput::model
