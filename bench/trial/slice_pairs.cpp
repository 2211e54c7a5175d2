// SPDX-License-Identifier: MIT
#include "bench/trial/slice_pairs.hpp"

#include <iterator>
#include <numeric>
#include <random>

#include "bench/trial/estimate.hpp"
#include "bench/trial/seed.hpp"

namespace getput::bench {
namespace {

// A batch that takes so much longer than the usual one was interrupted by something.
constexpr double kGapFactor = 8.0;
constexpr double kGapLeastNs = 5e3;

bool complete(const SliceRecord& record) {
  return !record.switched && record.batches >= kBatchesLeast && record.ops != 0;
}

/// Mean over the workers of what an operation took in this step, in nanoseconds.
template <class TicksPerOp>
double mean_ns(const std::vector<std::vector<SliceRecord>>& records, std::size_t step,
               const TicksPerOp& ticks_per_op) {
  double sum = 0.0;
  for (const auto& worker : records) {
    sum += ticks_per_op(worker[step]);
  }
  return sum * Clock::instance().ns(1) / static_cast<double>(records.size());
}

double cost_ns(const std::vector<std::vector<SliceRecord>>& records, std::size_t step) {
  return mean_ns(records, step, [](const SliceRecord& record) { return record.ticks_per_op; });
}

double untrimmed_ns(const std::vector<std::vector<SliceRecord>>& records, std::size_t step) {
  return mean_ns(records, step, [](const SliceRecord& record) {
    return static_cast<double>(record.ticks) / static_cast<double>(record.ops);
  });
}

/// The lowest rate of any worker at the beginning of both slices and at the end of the second one,
/// which is the beginning of the next.
double lowest_issue_rate(const std::vector<std::vector<SliceRecord>>& records, std::size_t step) {
  double lowest = records.front()[step].issue_rate;
  for (const auto& worker : records) {
    const std::size_t end = std::min(step + 3, worker.size());
    for (std::size_t i = step; i < end; ++i) {
      lowest = std::min(lowest, worker[i].issue_rate);
    }
  }
  return lowest;
}

bool all_complete(const std::vector<std::vector<SliceRecord>>& records, std::size_t step) {
  return std::all_of(records.begin(), records.end(),
                     [step](const auto& worker) { return complete(worker[step]); });
}

std::vector<double> rates_of(const std::vector<SlicePair>& pairs) {
  std::vector<double> rates;
  rates.reserve(pairs.size());
  for (const SlicePair& pair : pairs) {
    rates.push_back(pair.issue_rate);
  }
  return rates;
}

}  // namespace

std::vector<SlicePair> pairs_alone(const std::vector<SlicePair>& pairs, double best_rate) {
  std::vector<SlicePair> alone;
  std::copy_if(
      pairs.begin(), pairs.end(), std::back_inserter(alone),
      [best_rate](const SlicePair& pair) { return pair.issue_rate >= kAloneShare * best_rate; });
  return alone;
}

double high_issue_rate(const std::vector<SlicePair>& pairs) {
  if (pairs.empty()) {
    return 0.0;
  }
  std::vector<double> rates = rates_of(pairs);
  const auto place = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() * 19 / 20);
  std::nth_element(rates.begin(), place, rates.end());
  return *place;
}

std::optional<double> cycles_per_addition(const std::vector<SlicePair>& pairs) {
  std::vector<double> cycles;
  for (const double rate : rates_of(pairs)) {
    if (rate <= 0.0) {
      return std::nullopt;
    }
    cycles.push_back(1.0 / rate);
  }
  return cycles.empty() ? std::nullopt : std::optional(trimmed_mean(cycles));
}

std::vector<SliceStep> slice_order(std::size_t pairs, unsigned copies, std::uint64_t seed) {
  std::mt19937_64 random(mix(seed));
  std::vector<std::uint8_t> order[2];
  for (auto& one : order) {
    one.resize(copies);
    std::iota(one.begin(), one.end(), std::uint8_t{0});
  }
  std::vector<SliceStep> steps;
  steps.reserve(2 * pairs);
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    if (pair % copies == 0) {
      std::shuffle(order[kSubject].begin(), order[kSubject].end(), random);
      std::shuffle(order[kBaseline].begin(), order[kBaseline].end(), random);
    }
    const auto first = static_cast<std::uint8_t>(random() & 1U);
    for (const std::uint8_t arm : {first, static_cast<std::uint8_t>(1U - first)}) {
      steps.push_back({arm, order[arm][pair % copies]});
    }
  }
  return steps;
}

SlicedPairs pair_slices(const std::vector<SliceStep>& steps,
                        const std::vector<std::vector<SliceRecord>>& records) {
  SlicedPairs result;
  for (std::size_t step = 0; step + 1 < steps.size(); step += 2) {
    if (!all_complete(records, step) || !all_complete(records, step + 1)) {
      ++result.voided;
      continue;
    }
    const std::size_t subject = steps[step].arm == kSubject ? step : step + 1;
    const std::size_t baseline = subject == step ? step + 1 : step;
    result.valid.push_back({cost_ns(records, subject), cost_ns(records, baseline),
                            lowest_issue_rate(records, step),
                            untrimmed_ns(records, subject) - untrimmed_ns(records, baseline),
                            steps[subject].copy, steps[baseline].copy});
  }
  const Clock& clock = Clock::instance();
  std::vector<double> batches;
  std::vector<double> usual[2];
  for (const auto& worker : records) {
    for (std::size_t step = 0; step < steps.size(); ++step) {
      batches.push_back(worker[step].batches);
      usual[steps[step].arm].push_back(batch_ticks(worker[step]));
    }
  }
  result.batches_per_slice = median(batches);
  const double medians[2] = {clock.ns(1) * median(usual[kSubject]),
                             clock.ns(1) * median(usual[kBaseline])};
  for (const auto& worker : records) {
    for (std::size_t step = 0; step < steps.size(); ++step) {
      const double longest = clock.ns(worker[step].longest);
      if (longest > kGapLeastNs + kGapFactor * medians[steps[step].arm]) {
        ++result.gaps;
        result.longest_gap_ns = std::max(result.longest_gap_ns, longest);
      }
    }
  }
  return result;
}

}  // namespace getput::bench
