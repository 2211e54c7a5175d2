// SPDX-License-Identifier: MIT
#include "bench/trial/gate.hpp"

#include <algorithm>

namespace getput::bench {
namespace {

constexpr double kOverlapAtLeast = 0.99;
constexpr double kRunWaitAtMost = 0.01;
// A worker that sleeps by itself, inside a scheme, waits this long for its CPU when it wakes up
// although nothing else runs there. That is part of what the scheme costs.
constexpr double kWakeUpNs = 1e4;

bool waited_for_cpu(const WorkerReport& worker) {
  const double waited = static_cast<double>(worker.usage.run_wait_ns.value_or(0));
  const double wake_ups = kWakeUpNs * static_cast<double>(worker.usage.voluntary_switches);
  return waited - wake_ups > kRunWaitAtMost * Clock::instance().ns(worker.usage_ticks);
}

}  // namespace

void GateFindings::add(const BurstReport& burst) {
  involuntary_switch = involuntary_switch || burst.involuntary_switches() != 0;
  run_wait = run_wait || std::any_of(burst.workers.begin(), burst.workers.end(), waited_for_cpu);
  no_overlap = no_overlap || burst.overlap() < kOverlapAtLeast;
  migrated = migrated || !burst.all_stayed();
}

std::vector<std::string> GateFindings::reasons() const {
  std::vector<std::string> names;
  if (involuntary_switch) {
    names.emplace_back("involuntary_switch");
  }
  if (run_wait) {
    names.emplace_back("run_wait");
  }
  if (no_overlap) {
    names.emplace_back("no_overlap");
  }
  if (migrated) {
    names.emplace_back("migrated");
  }
  return names;
}

void GateCounts::add(const GateFindings& findings) noexcept {
  ++bursts;
  involuntary_switch += findings.involuntary_switch ? 1U : 0U;
  run_wait += findings.run_wait ? 1U : 0U;
  no_overlap += findings.no_overlap ? 1U : 0U;
  migrated += findings.migrated ? 1U : 0U;
}

}  // namespace getput::bench
