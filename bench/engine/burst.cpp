// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>

#include "bench/engine/burst.hpp"

namespace getput::bench {

double WorkerReport::ns_per_op() const {
  return ops == 0 ? 0.0 : Clock::instance().ns(end - begin) / static_cast<double>(ops);
}

double BurstReport::mean_ns_per_op() const {
  double sum = 0.0;
  unsigned counted = 0;
  for (const WorkerReport& worker : workers) {
    if (worker.ops != 0) {
      sum += worker.ns_per_op();
      ++counted;
    }
  }
  return counted == 0 ? 0.0 : sum / counted;
}

std::uint64_t BurstReport::ops() const {
  std::uint64_t sum = 0;
  for (const WorkerReport& worker : workers) {
    sum += worker.ops;
  }
  return sum;
}

double BurstReport::wall_ns() const {
  Clock::Ticks longest = 0;
  for (const WorkerReport& worker : workers) {
    longest = std::max(longest, worker.end - worker.begin);
  }
  return Clock::instance().ns(longest);
}

double BurstReport::overlap() const {
  Clock::Ticks all_from = 0;
  Clock::Ticks all_until = std::numeric_limits<Clock::Ticks>::max();
  for (const WorkerReport& worker : workers) {
    all_from = std::max(all_from, worker.active_begin);
    all_until = std::min(all_until, worker.active_end);
  }
  double smallest = 1.0;
  for (const WorkerReport& worker : workers) {
    const Clock::Ticks from = std::max(all_from, worker.begin);
    const Clock::Ticks until = std::min(all_until, worker.end);
    const double together = until > from ? static_cast<double>(until - from) : 0.0;
    const double window = static_cast<double>(worker.end - worker.begin);
    smallest = std::min(smallest, window > 0.0 ? together / window : 0.0);
  }
  return smallest;
}

long BurstReport::involuntary_switches() const {
  long sum = 0;
  for (const WorkerReport& worker : workers) {
    sum += worker.usage.involuntary_switches;
  }
  return sum;
}

bool BurstReport::all_stayed() const {
  return std::all_of(workers.begin(), workers.end(),
                     [](const WorkerReport& worker) { return worker.stayed; });
}

}  // namespace getput::bench
