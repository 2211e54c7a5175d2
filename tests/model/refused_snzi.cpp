// SPDX-License-Identifier: MIT
// SNZI while it is being closed: two callers have found the root open and are on their way to the
// same leaf when the remover closes it. So both are refused there, help each other out or, once it
// is open again, in: few executions of the other scenarios get that far.
#include <array>
#include <cstddef>
#include <vector>

#include "schemes/distributed/snzi.hpp"

#include "tests/model/model.hpp"

namespace getput {
namespace {

constexpr int kCallers = 2;

/// Where a caller's first try_get waits between the root and the leaf.
struct Gate {
  std::array<model::Flag, kCallers> looked;
  model::Flag closed;
};
Gate* gate = nullptr;  // of the scheme made last

template <class M>
struct OneCpuWithGate : M {
  static unsigned possible_cpus() noexcept { return 1; }
  /// try_get() asks for its CPU when it has seen the root.
  static unsigned current_cpu() noexcept {
    if (const auto caller = static_cast<std::size_t>(model::self()); caller < kCallers) {
      gate->looked.at(caller).raise();
      gate->closed.wait();
    }
    return 0;
  }
};

}  // namespace

template <class M>
class RefusedSnzi : public Snzi<OneCpuWithGate<M>> {
 public:
  RefusedSnzi() { gate = &gate_; }
  void stop() {
    for (const auto& flag : gate_.looked) flag.wait();
    Snzi<OneCpuWithGate<M>>::stop();
    gate_.closed.raise();
  }

 private:
  Gate gate_;
};

namespace model {
namespace {

using Scheme = RefusedSnzi<RelacyMachine>;

[[maybe_unused]] const int tests = register_checks(
    "RefusedSnzi", {{"HeldInSecondLife", true, plan<HeldInSecondLife, Scheme, kCallers + 1>()},
                    {"LoadedAgain", true, plan<LoadedAgain, Scheme, kCallers + 1>()}});

}  // namespace
}  // namespace model
}  // namespace getput
