// SPDX-License-Identifier: MIT
// NetpathCell: how many steps of work make a packet as long as a kernel's.
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "bench/workloads/netpath/cell.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint64_t kPackets = 16384;
constexpr int kRepeats = 3;
constexpr unsigned kFirstSteps = 16;
constexpr int kCorrections = 3;
constexpr double kMostSteps = 1000.0;
constexpr double kLeastPerStepNs = 0.1;

}  // namespace

/// Level 0 on all workers at once; nanoseconds a packet of the first. The shortest of a few passes,
/// because a disturbance makes a pass longer.
double NetpathCell::pilot_ns(Team& team, const LoadedPath& path, Cores& cores) {
  double shortest = 0.0;
  for (int i = 0; i < kRepeats; ++i) {
    on_workers(team, path, [&](WorkerContext& worker, const PathContext& context) {
      Slice slice(kPackets);
      const auto begin = std::chrono::steady_clock::now();
      uncharged_code(params_.variant).copies[0](context, *cores[worker.rank()], slice);
      const std::chrono::duration<double, std::nano> took =
          std::chrono::steady_clock::now() - begin;
      if (worker.rank() == 0 && (i == 0 || took.count() < shortest))
        shortest = took.count();
    });
  }
  return shortest / kPackets;
}

/// Gives each core its work, and returns the steps a site. The cost is linear in the steps, so a
/// secant finds those that bring level 0 to kKernelNs.
unsigned NetpathCell::set_work(Team& team, const LoadedPath& path, Cores& cores) {
  const auto set = [&](unsigned steps) {
    for (const auto& core : cores) core->work.set(params_.work, steps);
  };
  set(0);
  if (params_.work != WorkKind::kernel && params_.work != WorkKind::latency)
    return 0;
  const double bare = pilot_ns(team, path, cores);
  unsigned steps = kFirstSteps;
  for (int i = 0; i < kCorrections; ++i) {
    set(steps);
    const double per_step = std::max(kLeastPerStepNs, (pilot_ns(team, path, cores) - bare) / steps);
    steps = static_cast<unsigned>(std::clamp((kKernelNs - bare) / per_step, 1.0, kMostSteps));
  }
  set(steps);
  for (const auto& core : cores) core->restart(core->position);
  return steps;
}

}  // namespace getput::bench::netpath
