// SPDX-License-Identifier: MIT
#include "bench/engine/slices.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "bench/engine/core_probe.hpp"
#include "bench/engine/line.hpp"
#include "schemes/machine/native.hpp"

namespace getput::bench {
namespace {

// From the last gate to the first slice: longer than the workers need to leave the gate.
constexpr double kLeadNs = 2e4;

long involuntary_switches() noexcept {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

double mean_of_middle_half(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  const auto cut = static_cast<std::ptrdiff_t>(values.size() / 4);
  const auto first = values.begin() + cut;
  const auto last = values.end() - cut;
  return values.empty() ? 0.0
                        : std::accumulate(first, last, 0.0) / static_cast<double>(last - first);
}

void run_worker(WorkerContext& worker, const SlicePlan& plan, const SlicedWork& work,
                Clock::Ticks origin, double planted_loops, std::vector<SliceRecord>& records) {
  const Clock& clock = Clock::instance();
  long switches = involuntary_switches();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Clock::Ticks begin = origin + i * plan.length;
    const double rate = issue_rate();
    while (clock.now() < begin) {
      machine::Native::cpu_relax();
    }
    const SliceStep step = plan.steps[i];
    Slice slice(clock, begin + plan.length, step.arm == plan.planted_arm ? planted_loops : 0.0);
    work.run(worker, step, slice);
    const long now = involuntary_switches();
    records[i] = slice.record();
    records[i].issue_rate = rate;
    records[i].switched = now != switches;
    switches = now;
  }
}

}  // namespace

bool Slice::more_special(std::uint64_t ops) noexcept {
  if (counted_) {
    ops_left_ -= std::min(ops_left_, ops);
    return ops_left_ != 0;
  }
  hold(static_cast<std::uint64_t>(planted_loops_ * static_cast<double>(ops)));
  return more_timed(ops);
}

SliceRecord Slice::record() const {
  std::vector<double> costs;
  for (std::size_t i = 0; i < kept_; ++i) {
    if (costs_[i].ops != 0) {
      costs.push_back(static_cast<double>(costs_[i].ticks) / static_cast<double>(costs_[i].ops));
    }
  }
  SliceRecord result = record_;
  result.ticks_per_op = mean_of_middle_half(costs);
  return result;
}

std::vector<std::vector<SliceRecord>> run_slices(Team& team, const SlicePlan& plan,
                                                 const SlicedWork& work) {
  std::vector<std::vector<SliceRecord>> records(team.size());
  const double planted_loops = plan.planted_ns > 0.0 ? HoldLoops::per_ns() * plan.planted_ns : 0.0;
  Padded<std::atomic<Clock::Ticks>> origin;
  team.run_task([&](WorkerContext& worker) {
    std::vector<SliceRecord>& mine = records[worker.rank()];
    mine.resize(plan.steps.size());  // by its own thread: its pages lie on its node
    work.around(worker, [&] {
      worker.gate();
      if (worker.rank() == 0) {
        const Clock& clock = Clock::instance();
        origin.value.store(clock.now() + clock.ticks(kLeadNs), std::memory_order_relaxed);
      }
      worker.gate();
      run_worker(worker, plan, work, origin.value.load(std::memory_order_relaxed), planted_loops,
                 mine);
    });
  });
  return records;
}

}  // namespace getput::bench
