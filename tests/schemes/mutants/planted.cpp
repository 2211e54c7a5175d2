// SPDX-License-Identifier: MIT
#include "tests/schemes/mutants/planted.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/schemes/contract/effort.hpp"

namespace getput::mutants {
namespace {

using contract::Clock;
using contract::Verdict;

class PlantedTest : public testing::Test {
 public:
  explicit PlantedTest(const Mutant& mutant) : mutant_(mutant) {}

  void TestBody() override {
    RecordProperty("scheme", std::string(mutant_.scheme->name));
    RecordProperty("check", mutant_.check);
    RecordProperty("repeats", mutant_.repeats);
    if (const std::string why = machine::Native::unavailable(*mutant_.scheme); !why.empty())
      GTEST_SKIP() << why;
    contract::set_patience(std::chrono::seconds(2));
    const Clock::time_point begin = Clock::now();
    int runs = 0;
    Verdict verdict;
    while (!verdict.is_broken() && Clock::now() < begin + contract::hunt()) {
      verdict = mutant_.run();
      ++runs;
      if (verdict.kind == Verdict::Kind::untestable)
        GTEST_SKIP() << verdict.detail;
    }
    RecordProperty("runs", runs);
    RecordProperty("seen", verdict.detail);
    EXPECT_TRUE(verdict.is_broken()) << "a planted bug survived " << runs << " runs of its check";
  }

 private:
  Mutant mutant_;
};

}  // namespace

int plant(std::initializer_list<Mutant> mutants) {
  for (const Mutant& mutant : mutants) {
    const std::string suite = "Planted/" + std::string(mutant.scheme->name);
    testing::RegisterTest(suite.c_str(), mutant.bug, nullptr, nullptr, __FILE__, __LINE__,
                          [mutant]() -> testing::Test* { return new PlantedTest(mutant); });
  }
  return static_cast<int>(mutants.size());
}

}  // namespace getput::mutants
