// SPDX-License-Identifier: MIT
// Burst reports made by hand.
#pragma once

#include "bench/engine/burst.hpp"

namespace getput::bench::test {

inline BurstReport burst_of(WorkerReport a, WorkerReport b) {
  BurstReport report;
  report.workers = {a, b};
  return report;
}

inline WorkerReport window(Clock::Ticks active_begin, Clock::Ticks begin, Clock::Ticks end,
                           Clock::Ticks active_end) {
  WorkerReport worker;
  worker.active_begin = active_begin;
  worker.begin = begin;
  worker.end = end;
  worker.active_end = active_end;
  worker.usage_ticks = active_end - active_begin;
  worker.ops = 1;
  return worker;
}

inline WorkerReport good_window() {
  return window(0, 100, 1100, 1300);
}

inline WorkerReport preempted_window() {
  WorkerReport worker = good_window();
  worker.usage.involuntary_switches = 1;
  return worker;
}

}  // namespace getput::bench::test
