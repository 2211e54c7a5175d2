// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/grid.hpp"

#include <array>
#include <utility>

#include "bench/catalog/grid.hpp"
#include "bench/engine/errors.hpp"
#include "bench/trial/runner.hpp"
#include "bench/workloads/netpath/input/frames.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::netpath {
namespace {

// What a trial takes besides its slices: the pilot and the controls, modules loaded and unloaded.
constexpr double kRestMs = 40.0;

// Level 3 takes 0.007 references a packet: what they cost is computed, not timed.
constexpr std::array kTimedLevels = {Level::l0, Level::l5, Level::l6, Level::l7};

const char* steering_name(Steering steering) noexcept {
  return steering == Steering::rss ? "rss" : "spray";
}

Level level_named(const std::string& text) {
  for (const Level level : kLevels) {
    if (name(level) == text)
      return level;
  }
  throw RequestError("unknown charge level " + text + "; known: L0 L5 L6 L7");
}

/// With one worker all frames are its own, however they are steered.
std::vector<Params> combinations(unsigned threads, bool capture) {
  std::vector<Params> all;
  for (const Level level : kTimedLevels) {
    for (const Steering steering : {Steering::rss, Steering::spray}) {
      if (steering == Steering::spray && threads == 1)
        continue;
      for (const bool raw : {false, true}) {
        if (raw && steering == Steering::spray)
          continue;
        all.push_back({level, threads, steering, capture, raw});
      }
    }
  }
  return all;
}

Tier tier_of(const Params& params, unsigned most_threads) {
  if (params.raw_socket)
    return Tier::paper;
  if (params.steering == Steering::spray)
    return Tier::paper;
  if (params.level == Level::l5)
    return Tier::paper;
  const bool extreme = params.level == Level::l0 || params.level == Level::l7;
  if (params.threads == 1)
    return extreme ? Tier::smoke : Tier::quick;
  return params.threads == most_threads ? Tier::quick : Tier::paper;
}

}  // namespace

Json Params::to_json() const {
  return {{"level", name(level)},
          {"threads", threads},
          {"steering", steering_name(steering)},
          {"input", capture ? "pcap" : "imix"},
          {"raw", raw_socket ? 1 : 0}};
}

Params Params::from_json(const Json& json) {
  Params params;
  params.level = level_named(json.at("level").get<std::string>());
  params.threads = json.at("threads").get<unsigned>();
  params.steering =
      json.at("steering").get<std::string>() == "spray" ? Steering::spray : Steering::rss;
  params.capture = json.at("input").get<std::string>() == "pcap";
  params.raw_socket = json.at("raw").get<int>() != 0;
  return params;
}

std::string impossible(const SchemeInfo& info, const Params& params) {
  if (params.threads > 1 && !info.shared_by_threads)
    return "not possible: one thread only may use an object of this scheme";
  if (charges_objects(params.level) && !info.hold_across_sleep)
    return "not possible: a table entry would keep its reference for seconds, and a holder of this "
           "scheme holds up everybody's removal";
  if (charges_objects(params.level) && !info.put_on_other_thread && params.threads > 1)
    return "not possible: the worker that removes a table entry is not the one that made it, and a "
           "reference must be given back by the thread that took it";
  if (charges_packets(params.level) && !info.put_on_other_thread &&
      params.steering == Steering::spray)
    return "not possible: with spray steering one worker frees what another received, and a "
           "reference must be given back by the thread that took it";
  return {};
}

std::string not_compiled(Level level) {
  return "level " + std::string(name(level)) +
         " is not in this binary; the binary of --paper has it: scripts/run --paper";
}

std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request,
                                const std::function<bool(Level)>& compiled) {
  std::vector<CellSpec> cells;
  if (request.threads.empty())
    return cells;
  const bool capture = !request.pcap.empty();
  if (capture)
    input_for(request.pcap);  // a bad file is refused before anything is planned
  const unsigned most = request.threads.back();
  for (const std::string& policy : request.places) {
    for (const unsigned threads : request.threads) {
      for (const Params& params : combinations(threads, capture)) {
        if (params.level == Level::l0 && info.name != None<>::info.name)
          continue;
        CellSpec cell = make_cell(kName, info, params.to_json(), policy, threads, request);
        cell.tier = tier_of(params, most);
        cell.est_trial_ms = kRestMs + TrialSettings{}.slices_ms *
                                          (params.level == Level::l0 ? kTimesAtLevel0 : 1.0);
        refuse(cell, impossible(info, params));
        if (!compiled(params.level))
          refuse(cell, not_compiled(params.level));
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace getput::bench::netpath
