// SPDX-License-Identifier: MIT
#include "bench/workloads/pairs/grid.hpp"

#include <algorithm>

#include "bench/catalog/grid.hpp"

namespace getput::bench::pairs {
namespace {

constexpr unsigned kManyObjects = 64;
constexpr const char* kInside = "inside";
constexpr const char* kChain = "chain";
constexpr const char* kStates[] = {"live", "held", "going"};
constexpr unsigned kHoldTimes[] = {0, 100, 1000};
constexpr double kEstimateMs = 20.0;  // bursts of 3 ms, controls of 1.5 ms, start, oracle (mean)
constexpr double kInsideEstimateMs = 30.0;  // slices of 9 ms and a pilot instead of the burst

Tier tier_of(const Params& params, unsigned most_threads) {
  if (params.inside_chain) {
    return params.threads == 1 ? Tier::quick : Tier::paper;
  }
  const bool basic = params.objects == 1 && params.hold_ns == 0 && !params.put_by_other &&
                     params.state == State::live;
  if (basic && !params.own_objects && (params.threads == 1 || params.threads == most_threads)) {
    return Tier::smoke;
  }
  const int unusual = (params.own_objects ? 1 : 0) + (params.objects != 1 ? 1 : 0) +
                      (params.hold_ns != 0 ? 1 : 0) + (params.put_by_other ? 1 : 0) +
                      (params.state != State::live ? 1 : 0);
  return unusual <= 1 && params.hold_ns <= 100 ? Tier::quick : Tier::paper;
}

/// What is worth asking of so many threads; with one, "own" is "shared" and there is no other.
std::vector<Params> combinations(unsigned threads) {
  std::vector<Params> all;
  for (const bool own : {false, true}) {
    for (const unsigned objects : {1U, kManyObjects}) {
      for (const unsigned hold_ns : kHoldTimes) {
        for (const bool other : {false, true}) {
          const bool needs_two = own || other;
          const bool many = objects != 1;
          if ((needs_two && threads < 2) || (many && (hold_ns != 0 || other))) {
            continue;
          }
          all.push_back({threads, own, objects, hold_ns, other});
        }
      }
    }
  }
  for (const State state : {State::held, State::going}) {
    all.push_back({threads, false, 1, 0, false, state});
  }
  for (const bool own : {false, true}) {
    if (!own || threads > 1) {
      all.push_back({threads, own, 1, 0, false, State::live, true});
    }
  }
  return all;
}

State state_of(const std::string& name) {
  for (const State state : {State::held, State::going}) {
    if (name == kStates[static_cast<unsigned>(state)]) {
      return state;
    }
  }
  return State::live;
}

}  // namespace

Json Params::to_json() const {
  Json json = {{"threads", threads},
               {"object", own_objects ? "own" : "shared"},
               {"objects", objects},
               {"hold_ns", hold_ns},
               {"put", put_by_other ? "other" : "same"},
               {"state", kStates[static_cast<unsigned>(state)]}};
  if (inside_chain) {
    json[kInside] = kChain;
  }
  return json;
}

Params Params::from_json(const Json& json) {
  Params params;
  params.threads = json.at("threads").get<unsigned>();
  params.own_objects = json.at("object").get<std::string>() == "own";
  params.objects = json.at("objects").get<unsigned>();
  params.hold_ns = json.at("hold_ns").get<unsigned>();
  params.put_by_other = json.at("put").get<std::string>() == "other";
  params.state = state_of(json.at("state").get<std::string>());
  params.inside_chain = json.contains(kInside);
  return params;
}

std::string impossible(const SchemeInfo& info, const Params& params) {
  const bool several_threads = params.put_by_other || (params.threads > 1 && !params.own_objects);
  if (several_threads && !info.shared_by_threads) {
    return "not possible: one thread only may use an object of this scheme";
  }
  if (params.put_by_other && !info.put_on_other_thread) {
    return "not possible: a reference must be given back by the thread that took it";
  }
  if (params.put_by_other && !info.put_on_other_cpu) {
    return "not possible: a reference must be given back on the CPU that took it";
  }
  if (params.state != State::live && !info.hold_across_sleep) {
    return "not possible: a reference cannot be held from burst to burst";
  }
  if (params.state == State::going && !info.removal) {
    return "not possible: a floor to compare with, it has no removal side";
  }
  if (params.state == State::going && !info.get_while_going) {
    return "not possible: a holder may not take more while the remover waits";
  }
  return {};
}

std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request) {
  std::vector<CellSpec> cells;
  if (request.threads.empty()) {
    return cells;
  }
  const unsigned most = request.threads.back();
  for (const std::string& policy : request.places) {
    for (const unsigned threads : request.threads) {
      for (const Params& params : combinations(threads)) {
        CellSpec cell = make_cell(kName, info, params.to_json(), policy, threads, request);
        cell.tier = tier_of(params, most);
        const double estimate = params.inside_chain ? kInsideEstimateMs : kEstimateMs;
        cell.est_trial_ms = cell.possible ? estimate : 0.0;
        refuse(cell, impossible(info, params));
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace getput::bench::pairs
