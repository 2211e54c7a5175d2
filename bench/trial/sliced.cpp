// SPDX-License-Identifier: MIT
#include "bench/trial/sliced.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "bench/trial/estimate.hpp"
#include "bench/trial/fairness.hpp"

namespace getput::bench {
namespace {

// A slice shall hold so many batches of the slower arm, those that do not count included.
constexpr double kBatchesWanted = 20.0;
constexpr double kShortestNs = 2.5e4;
constexpr double kPilotNs = 5e5;
constexpr double kPilotLongestNs = 6.4e7;
constexpr std::size_t kPilotPairs = 3;
constexpr std::size_t kPairsLeast = 12;
constexpr double kLongestTotal = 4.0;  ///< of the time asked for, when slices have to be long
constexpr std::size_t kValidLeast = 6;
constexpr double kValidShare = 0.2;
constexpr std::size_t kBootstrapBlock = 8;

/// Ticks of a usual batch of the slowest worker and arm, or 0 if the pilot's slices were too short
/// to tell. The first slice of an arm is cold, so its fastest slice is the usual one.
double slowest_batch(const std::vector<SliceStep>& steps,
                     const std::vector<std::vector<SliceRecord>>& records) {
  double slowest = 0.0;
  for (const auto& worker : records) {
    std::optional<double> fastest[2];
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const SliceRecord& record = worker[step];
      if (record.batches >= kBatchesLeast && !record.switched) {
        std::optional<double>& best = fastest[steps[step].arm];
        best = std::min(best.value_or(batch_ticks(record)), batch_ticks(record));
      }
    }
    if (!fastest[kSubject] || !fastest[kBaseline]) {
      return 0.0;
    }
    slowest = std::max({slowest, *fastest[kSubject], *fastest[kBaseline]});
  }
  return slowest;
}

/// Chooses the length of a slice.
Clock::Ticks pilot(Team& team, const SlicedArms& arms, const SliceSettings& settings) {
  const Clock& clock = Clock::instance();
  double slowest = 0.0;
  for (double ns = kPilotNs; slowest == 0.0 && ns <= kPilotLongestNs; ns *= 4.0) {
    const SlicePlan plan{slice_order(kPilotPairs, arms.copies, settings.seed), clock.ticks(ns),
                         kSubject, settings.planted_ns};
    slowest = slowest_batch(plan.steps, run_slices(team, plan, arms.work));
  }
  const double total_ns = settings.total_ms * 1e6;
  const double longest = kLongestTotal * total_ns / (2.0 * static_cast<double>(kPairsLeast));
  const double wanted = slowest == 0.0 ? longest : kBatchesWanted * slowest * clock.ns(1);
  return clock.ticks(std::clamp(wanted, std::min(kShortestNs, longest), longest));
}

std::size_t pairs_in(double total_ms, Clock::Ticks length) {
  const double pair_ms = 2.0 * Clock::instance().ns(length) * 1e-6;
  return std::max(kPairsLeast, static_cast<std::size_t>(total_ms / pair_ms));
}

/// The mean difference of every copy of one arm from the mean over all, in nanoseconds.
std::vector<double> copy_effects(const std::vector<SlicePair>& pairs, unsigned copies,
                                 bool of_subject) {
  std::vector<std::vector<double>> by_copy(copies);
  for (const SlicePair& pair : pairs) {
    by_copy[of_subject ? pair.subject_copy : pair.baseline_copy].push_back(pair.subject -
                                                                           pair.baseline);
  }
  std::vector<double> effects;
  for (const auto& values : by_copy) {
    effects.push_back(trimmed_mean(values));
  }
  const double centre = mean(effects);
  for (double& effect : effects) {
    effect = of_subject ? effect - centre : centre - effect;
  }
  return effects;
}

double hundredth(double value) {
  return std::round(value * 100.0) / 100.0;
}

Json slices_json(const std::vector<SlicePair>& pairs) {
  Json subject = Json::array();
  Json baseline = Json::array();
  Json subject_copy = Json::array();
  Json baseline_copy = Json::array();
  Json issue_rate = Json::array();
  for (const SlicePair& pair : pairs) {
    subject.push_back(hundredth(pair.subject));
    baseline.push_back(hundredth(pair.baseline));
    subject_copy.push_back(pair.subject_copy);
    baseline_copy.push_back(pair.baseline_copy);
    issue_rate.push_back(hundredth(pair.issue_rate));
  }
  return {{"subject", std::move(subject)},
          {"baseline", std::move(baseline)},
          {"subject_copy", std::move(subject_copy)},
          {"baseline_copy", std::move(baseline_copy)},
          {"issue_rate", std::move(issue_rate)}};
}

struct Columns {
  std::vector<double> subject;
  std::vector<double> baseline;
  std::vector<double> difference;
  std::vector<double> untrimmed;
};

Columns columns_of(const std::vector<SlicePair>& pairs) {
  Columns columns;
  for (const SlicePair& pair : pairs) {
    columns.subject.push_back(pair.subject);
    columns.baseline.push_back(pair.baseline);
    columns.difference.push_back(pair.subject - pair.baseline);
    columns.untrimmed.push_back(pair.untrimmed);
  }
  return columns;
}

/// The highest issue rate that this process has seen on these PUs. Trials of one process share it,
/// so that one that never has its cores to itself is still recognised.
double best_rate_on(const std::vector<unsigned>& pus, const std::vector<SlicePair>& pairs) {
  static std::map<std::vector<unsigned>, double> best;
  double& known = best[pus];
  known = std::max(known, high_issue_rate(pairs));
  return known;
}

Json alone_json(const SlicedPairs& pairs, const SliceSettings& settings, double best_rate) {
  const std::vector<SlicePair> alone = pairs_alone(pairs.valid, best_rate);
  const Columns columns = columns_of(alone);
  const std::optional<double> error =
      block_bootstrap_error(columns.difference, kBootstrapBlock, settings.seed);
  const auto number = [&alone](double value) {
    return alone.size() < kPairsLeast ? Json(nullptr) : Json(value);
  };
  return {{"best_issue_rate", hundredth(best_rate)},
          {"pairs", alone.size()},
          {"ns", number(trimmed_mean(columns.difference))},
          {"se_ns", error ? number(*error) : Json(nullptr)},
          {"subject_ns", number(trimmed_mean(columns.subject))},
          {"baseline_ns", number(trimmed_mean(columns.baseline))}};
}

Json difference_json(const SlicedPairs& pairs, const Columns& columns, const SlicedArms& arms,
                     const SliceSettings& settings, Clock::Ticks length, double best_rate) {
  const std::vector<double> subject_copies = copy_effects(pairs.valid, arms.copies, true);
  const std::vector<double> baseline_copies = copy_effects(pairs.valid, arms.copies, false);
  std::vector<double> all_copies = subject_copies;
  all_copies.insert(all_copies.end(), baseline_copies.begin(), baseline_copies.end());
  const std::optional<double> error =
      block_bootstrap_error(columns.difference, kBootstrapBlock, settings.seed);
  return {{"baseline", arms.baseline},
          {"baseline_ns", trimmed_mean(columns.baseline)},
          {"ns", trimmed_mean(columns.difference)},
          {"median_ns", median(columns.difference)},
          {"mean_ns", mean(columns.untrimmed)},
          {"se_ns", error ? Json(*error) : Json(nullptr)},
          {"alone", alone_json(pairs, settings, best_rate)},
          {"pairs", pairs.valid.size()},
          {"pairs_void", pairs.voided},
          {"slice_us", Clock::instance().ns(length) * 1e-3},
          {"batches_per_slice", pairs.batches_per_slice},
          {"copies", {{"subject", subject_copies}, {"baseline", baseline_copies}}},
          {"copy_sd_ns", standard_deviation(all_copies)},
          {"planted_ns", settings.planted_ns}};
}

/// Operations and time of the subject's slices.
void add_up(const std::vector<SliceStep>& steps,
            const std::vector<std::vector<SliceRecord>>& records, Measurement& result) {
  Clock::Ticks longest = 0;
  for (const auto& worker : records) {
    std::uint64_t ops = 0;
    Clock::Ticks ticks = 0;
    for (std::size_t step = 0; step < steps.size(); ++step) {
      if (steps[step].arm == kSubject) {
        ops += worker[step].ops;
        ticks += worker[step].ticks;
      }
    }
    result.thread_ops.push_back(ops);
    result.ops += ops;
    longest = std::max(longest, ticks);
  }
  result.wall_ns = static_cast<std::uint64_t>(Clock::instance().ns(longest));
  result.metrics["min_over_max"] = min_over_max(result.thread_ops);
  result.metrics["jain"] = jain_index(result.thread_ops);
}

}  // namespace

Measurement measure_slices(Team& team, const SlicedArms& arms, const SliceSettings& settings,
                           const std::string& unit) {
  SlicePlan plan;
  plan.length = pilot(team, arms, settings);
  plan.steps = slice_order(pairs_in(settings.total_ms, plan.length), arms.copies, settings.seed);
  plan.planted_arm = kSubject;
  plan.planted_ns = settings.planted_ns;
  const auto records = run_slices(team, plan, arms.work);

  const SlicedPairs pairs = pair_slices(plan.steps, records);
  const Columns columns = columns_of(pairs.valid);
  Measurement result;
  result.unit = unit;
  add_up(plan.steps, records, result);
  result.covariates["clock_gaps"] = pairs.gaps;
  result.covariates["clock_gap_max_ns"] = pairs.longest_gap_ns;
  if (const std::optional<double> cycles = cycles_per_addition(pairs.valid)) {
    result.covariates["cycles_per_addition"] = *cycles;
  }
  const auto planned = static_cast<double>(plan.steps.size() / 2);
  if (pairs.valid.size() < kValidLeast ||
      static_cast<double>(pairs.valid.size()) < kValidShare * planned) {
    result.reject_reasons.emplace_back("too_few_slices");
    return result;
  }
  result.ns_per_op = trimmed_mean(columns.subject);
  result.difference = difference_json(pairs, columns, arms, settings, plan.length,
                                      best_rate_on(team.pus(), pairs.valid));
  result.slices = slices_json(pairs.valid);
  return result;
}

}  // namespace getput::bench
