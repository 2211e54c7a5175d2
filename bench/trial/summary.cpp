// SPDX-License-Identifier: MIT
#include "bench/trial/summary.hpp"

#include <algorithm>

#include "bench/trial/fairness.hpp"

namespace getput::bench {

Measurement combine(const std::vector<BurstReport>& bursts, const std::string& unit) {
  Measurement result;
  result.unit = unit;
  if (bursts.empty()) {
    return result;
  }
  const std::size_t threads = bursts.front().workers.size();
  result.thread_ops.resize(threads);
  std::vector<double> thread_ns(threads);
  double overlap = 1.0;
  double wall_ns = 0.0;
  for (const BurstReport& burst : bursts) {
    for (const WorkerReport& worker : burst.workers) {
      result.thread_ops[worker.rank] += worker.ops;
      thread_ns[worker.rank] += Clock::instance().ns(worker.end - worker.begin);
    }
    result.ops += burst.ops();
    wall_ns += burst.wall_ns();
    overlap = std::min(overlap, burst.overlap());
  }
  result.wall_ns = static_cast<std::uint64_t>(wall_ns);
  double sum = 0.0;
  unsigned counted = 0;
  for (std::size_t rank = 0; rank < threads; ++rank) {
    if (result.thread_ops[rank] != 0) {
      sum += thread_ns[rank] / static_cast<double>(result.thread_ops[rank]);
      ++counted;
    }
  }
  if (counted != 0) {
    result.ns_per_op = sum / counted;
  }
  result.metrics["ops_per_s"] = wall_ns > 0.0 ? static_cast<double>(result.ops) * 1e9 / wall_ns : 0;
  result.metrics["min_over_max"] = min_over_max(result.thread_ops);
  result.metrics["jain"] = jain_index(result.thread_ops);
  result.metrics["overlap"] = overlap;
  return result;
}

}  // namespace getput::bench
