// SPDX-License-Identifier: MIT
#include "bench/workloads/removal/tally.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "bench/trial/distribution.hpp"
#include "bench/trial/summary.hpp"

namespace getput::bench::removal {
namespace {

constexpr double kSlowNs = 1e6;

std::vector<double> in_ns(const std::vector<Clock::Ticks>& ticks) {
  std::vector<double> result;
  result.reserve(ticks.size());
  for (const Clock::Ticks one : ticks) {
    result.push_back(Clock::instance().ns(one));
  }
  return result;
}

}  // namespace

Tally::Tally(unsigned callers_of_cell) : callers(callers_of_cell) {
  for (auto* samples : {&remover.stop, &remover.drained, &remover.attempt, &remover.barrier}) {
    samples->reserve(kMostSamples);
  }
}

CallerTally Tally::all_callers() const {
  CallerTally sum;
  for (const auto& padded : callers) {
    const CallerTally& one = padded.value;
    sum.calls += one.calls;
    sum.refused += one.refused;
    sum.spurious += one.spurious;
    sum.refused_live += one.refused_live;
    sum.late += one.late;
    sum.gone += one.gone;
    sum.longest = std::max(sum.longest, one.longest);
  }
  return sum;
}

Tally::Mark Tally::mark() const {
  Mark mark{remover.stop.size(),
            remover.drained.size(),
            remover.attempt.size(),
            remover.barrier.size(),
            {}};
  for (const auto& caller : callers) {
    mark.longest.push_back(caller.value.longest);
  }
  return mark;
}

void Tally::drop_since(const Mark& mark) {
  remover.stop.resize(mark.stop);
  remover.drained.resize(mark.drained);
  remover.attempt.resize(mark.attempt);
  remover.barrier.resize(mark.barrier);
  for (std::size_t rank = 0; rank < callers.size(); ++rank) {
    callers[rank].value.longest = mark.longest[rank];
  }
}

std::optional<double> Tally::drained_since(const Mark& mark) const {
  const auto begin = remover.drained.begin() + static_cast<std::ptrdiff_t>(mark.drained);
  std::vector<double> drained = in_ns({begin, remover.drained.end()});
  std::sort(drained.begin(), drained.end());
  return quantile(drained, 0.5);
}

Measurement measure(const std::vector<BurstReport>& bursts, const Tally& tally,
                    const Params& params) {
  Measurement result = combine(bursts, "ns/removal");
  if (tally.remover.gave_up) {
    result.reject_reasons.emplace_back("removal_too_slow");
  }
  const double overlap = result.metrics.value("overlap", 0.0);
  const CallerTally callers = tally.all_callers();
  std::vector<double> drained = in_ns(tally.remover.drained);
  std::sort(drained.begin(), drained.end());
  result.ops = result.thread_ops.empty() ? 0 : result.thread_ops.back();
  result.ns_per_op = quantile(drained, 0.5);

  // Not combine()'s: callers and remover do different work, their rates have no common measure.
  Json& metrics = result.metrics = Json::object();
  metrics["overlap"] = overlap;
  metrics["removals"] = drained.size();
  metrics["drained_ns_mean"] = drained.empty()
                                   ? Json(nullptr)
                                   : Json(std::accumulate(drained.begin(), drained.end(), 0.0) /
                                          static_cast<double>(drained.size()));
  add_distribution(metrics, "drained_ns", drained);
  metrics["drained_over_1ms"] =
      drained.end() - std::upper_bound(drained.begin(), drained.end(), kSlowNs);
  add_distribution(metrics, "stop_ns", in_ns(tally.remover.stop));
  add_distribution(metrics, "failed_attempt_ns", in_ns(tally.remover.attempt));
  add_distribution(metrics, "membarrier_ns", in_ns(tally.remover.barrier));
  metrics["failed_attempts"] = tally.remover.attempt.size();
  metrics["caller_pairs"] = callers.calls;
  metrics["caller_refused"] = callers.refused;
  metrics["spurious_failures"] = callers.spurious;
  metrics["stall_max_ns"] =
      params.callers == 0 ? Json(nullptr) : Json(Clock::instance().ns(callers.longest));
  return result;
}

void judge(const Tally& tally, const SchemeInfo& info, Verdict& verdict) {
  const CallerTally callers = tally.all_callers();
  const RemoverTally& remover = tally.remover;
  const auto times = [](std::uint64_t n) { return " (" + std::to_string(n) + " times)"; };
  const struct {
    std::uint64_t count;
    const char* what;
  } faults[] = {
      {callers.gone, "a caller was inside although drained() had said true"},
      {info.certain_after_stop ? callers.late + remover.late : 0,
       "a try_get that started after stop() had returned succeeded"},
      {remover.not_drained,
       "references do not balance: stopped, and not drained after the callers had left"},
      {remover.attempt_succeeded, "try_stop() succeeded with a reference held"},
      {remover.own_get_refused, "a try_get on a live object was refused"},
      {callers.refused_live, "a try_get was refused although no removal was under way"},
      {info.spurious_failure ? 0 : callers.spurious,
       "a try_get failed during a removal that then failed, which this scheme rules out"},
  };
  for (const auto& fault : faults) {
    if (fault.count != 0) {
      verdict.wrong(fault.what + times(fault.count));
    }
  }
}

}  // namespace getput::bench::removal
