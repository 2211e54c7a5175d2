// SPDX-License-Identifier: MIT
#include "bench/workloads/removal/grid.hpp"

#include <utility>

#include "bench/catalog/grid.hpp"

namespace getput::bench::removal {
namespace {

constexpr unsigned kHoldTimes[] = {0, 100, 1000};
constexpr double kEstimateMs = 9.0;  // bursts of 3 ms, controls of 1.5 ms, start

}  // namespace

Json Params::to_json() const {
  return {{"threads", threads}, {"callers", callers}, {"hold_ns", hold_ns}};
}

Params Params::from_json(const Json& json) {
  return {json.at("threads").get<unsigned>(), json.at("callers").get<unsigned>(),
          json.at("hold_ns").get<unsigned>()};
}

std::string impossible(const SchemeInfo& info, const Params& params) {
  if (!info.removal) {
    return "not possible: a floor to compare with, it has no removal side";
  }
  if (params.threads > 1 && !info.shared_by_threads) {
    return "not possible: one thread only may use an object of this scheme";
  }
  return {};
}

std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request) {
  std::vector<CellSpec> cells;
  for (const std::string& policy : request.places) {
    for (const unsigned threads : request.threads) {
      for (const unsigned hold_ns : kHoldTimes) {
        const Params params{threads, threads - 1, hold_ns};
        if (params.callers == 0 && hold_ns != 0) {
          continue;  // nobody holds
        }
        CellSpec cell = make_cell(kName, info, params.to_json(), policy, threads, request);
        const bool edge = threads == 1 || threads == request.threads.back();
        cell.tier = hold_ns == 0 ? (edge ? Tier::smoke : Tier::quick)
                                 : (hold_ns <= 100 ? Tier::quick : Tier::paper);
        cell.est_trial_ms = cell.possible ? kEstimateMs : 0.0;
        refuse(cell, impossible(info, params));
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace getput::bench::removal
