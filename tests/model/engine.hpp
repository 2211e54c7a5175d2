// SPDX-License-Identifier: MIT
// Running a scenario under the checker: many executions, each with another interleaving and other
// values for loads that may be stale, until one fails or the search ends.
#pragma once

#include <cstdint>
#include <string>

namespace getput::model {

/// What the threads of one execution do. Made anew for each execution.
class Scenario {
 public:
  Scenario() = default;
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  virtual void setup() {}  ///< before the threads start; what it did is known to all
  virtual void thread(int index) = 0;
  virtual void teardown() {}  ///< after all have finished; knows all that they did
};

struct Plan {
  int threads = 3;          ///< 2 to 4
  bool background = false;  ///< one more thread, which runs RCU callbacks
  bool membarrier = true;   ///< the kernel has it
  Scenario* (*make)() = nullptr;
  bool conducted = false;  ///< by the scenario (turns.hpp): the search tries what it draws
};

enum class Search {
  random,   ///< interleavings drawn at random from a fixed seed
  bounded,  ///< all executions with at most `switches` preemptions, loads one store old at most
};

struct Outcome {
  bool held = false;
  bool complete = false;  ///< a bounded search that ended
  std::uint64_t executions = 0;
  std::string trace;  ///< the failing execution, step by step; empty if it held
};

/// Runs @p plan. @p executions is the number of random executions, or the most that a bounded
/// search may take.
Outcome run(const Plan& plan, Search search, std::uint64_t executions, unsigned switches = 2);

/// GETPUT_MODEL_ITERATIONS from the environment, else @p otherwise.
std::uint64_t executions_wanted(std::uint64_t otherwise);

}  // namespace getput::model
