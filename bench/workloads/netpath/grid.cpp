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

Steering steering_named(const std::string& text) {
  if (const auto steering = find_steering(text))
    return *steering;
  throw RequestError("unknown steering " + text + "; known: rss spray onehot");
}

std::size_t level_named(const std::string& text) {
  if (const auto index = find_level(text))
    return *index;
  std::string known;
  for (const Level& level : kLevels) known += " " + std::string(level.id);
  throw RequestError("unknown charge level " + text + "; known:" + known);
}

Variant variant_named(const std::string& era, const std::string& shape, const std::string& table) {
  if (const auto variant = find_variant(era, shape, table))
    return *variant;
  std::string known;
  for (const Variant variant : kVariants) {
    known += " era:" + std::string(name(variant.era)) +
             "/shape:" + std::string(name(variant.shape)) +
             "/table:" + std::string(name(variant.tables));
  }
  throw RequestError("unknown path era:" + era + "/shape:" + shape + "/table:" + table +
                     "; known:" + known);
}

WorkKind work_named(const std::string& text) {
  if (const auto kind = find_work(text))
    return *kind;
  throw RequestError("unknown work " + text + "; known: bare skb kernel latency");
}

/// One side condition at a time, so that each shows its own effect.
std::vector<Params> side_conditions(const Params& usual) {
  std::vector<Params> all = {usual};
  if (usual.threads > 1) {
    for (const Steering steering : {Steering::spray, Steering::onehot}) {
      all.push_back(usual);
      all.back().steering = steering;
    }
    all.push_back(usual);
    all.back().free_remote = true;
  }
  for (const WorkKind work : {WorkKind::skb, WorkKind::kernel, WorkKind::latency}) {
    all.push_back(usual);
    all.back().work = work;
  }
  all.push_back(usual);
  all.back().raw_socket = true;
  all.push_back(usual);
  all.back().policies = true;
  return all;
}

std::vector<Params> combinations(unsigned threads, const Params& input) {
  std::vector<Params> all;
  for (const Variant variant : kVariants) {
    for (std::size_t level = 0; level < kLevelCount; ++level) {
      if (kLevels[level].obtained != Obtained::measured)
        continue;
      Params usual = input;
      usual.variant = variant;
      usual.level = level;
      usual.threads = threads;
      for (const Params& params : side_conditions(usual)) all.push_back(params);
    }
  }
  return all;
}

bool is_usual(const Params& params) noexcept {
  return params.variant.tables == Tables::hlist && params.steering == Steering::rss &&
         !params.free_remote && params.work == WorkKind::bare && !params.policies &&
         !params.raw_socket;
}

/// What --quick measures is what it compiles, see register_paths.hpp. With several workers it has
/// the levels and paths of the headline alone, so that enough processes measure each cell.
Tier tier_of(const Params& params, unsigned most_threads) {
  if (!is_usual(params))
    return Tier::paper;
  const bool extreme = params.level == level("L0") || params.level == level("L7");
  const Variant scalar{Era::linux_6, Shape::scalar};
  if (params.threads == 1)
    return extreme && params.variant == Variant{} ? Tier::smoke : Tier::quick;
  const bool headline = (extreme || params.level == level("L6")) && params.variant != scalar;
  return headline && params.threads == most_threads ? Tier::quick : Tier::paper;
}

/// Do the references of this cell's packets or objects change hands between threads?
bool handed_over(const Params& params) noexcept {
  const Charge& charge = kLevels[params.level].charge;
  const bool in_packet = charge.packet == PacketRefs::each || charge.packet == PacketRefs::queue ||
                         (charge.use != UseRefs::none && params.variant.era == Era::linux_2_6);
  return in_packet && (params.steering != Steering::rss || params.free_remote);
}

}  // namespace

Json Params::to_json() const {
  return {{"era", name(variant.era)},
          {"shape", name(variant.shape)},
          {"table", name(variant.tables)},
          {"level", kLevels[level].id},
          {"threads", threads},
          {"steering", name(steering)},
          {"free", free_remote ? "remote" : "local"},
          {"work", name(work)},
          {"xfrm", policies ? 1 : 0},
          {"input", input},
          {"local", local_percent},
          {"raw", raw_socket ? 1 : 0}};
}

Params Params::from_json(const Json& json) {
  Params params;
  params.variant =
      variant_named(json.at("era").get<std::string>(), json.at("shape").get<std::string>(),
                    json.at("table").get<std::string>());
  params.level = level_named(json.at("level").get<std::string>());
  params.threads = json.at("threads").get<unsigned>();
  params.steering = steering_named(json.at("steering").get<std::string>());
  params.free_remote = json.at("free").get<std::string>() == "remote";
  params.work = work_named(json.at("work").get<std::string>());
  params.policies = json.at("xfrm").get<int>() != 0;
  params.input = json.at("input").get<std::string>();
  params.local_percent = json.at("local").get<unsigned>();
  params.raw_socket = json.at("raw").get<int>() != 0;
  return params;
}

Json levels_json() {
  Json levels = Json::array();
  for (const Level& level : kLevels) {
    levels.push_back({{"id", level.id},
                      {"name", level.name},
                      {"summary", level.summary},
                      {"precedent", level.precedent},
                      {"timed", level.obtained == Obtained::measured},
                      {"without_scheme", level.without_scheme}});
  }
  return levels;
}

std::string impossible(const SchemeInfo& info, const Params& params) {
  const Charge& charge = kLevels[params.level].charge;
  if (params.threads > 1 && !info.shared_by_threads)
    return "not possible: one thread only may use an object of this scheme";
  if ((charge.object || charge.packet == PacketRefs::recycled) && !info.hold_across_sleep)
    return "not possible: a table entry or an idle packet head would keep its reference for "
           "seconds, and a holder of this scheme delays every removal in the process";
  if (charge.object && !info.put_on_other_thread && params.threads > 1)
    return "not possible: the worker that removes a table entry is not the one that made it, and a "
           "reference must be given back by the thread that took it";
  if (handed_over(params) && !info.put_on_other_thread)
    return "not possible: one worker frees what another received, and a reference must be given "
           "back by the thread that took it";
  const bool one_core = charge.packet == PacketRefs::poll || charge.packet == PacketRefs::recycled;
  if (one_core && (params.free_remote || params.steering != Steering::rss))
    return "not possible: the reference of a poll or of an idle packet head belongs to one worker, "
           "and another one frees the packet";
  return {};
}

std::string not_compiled(const Params& params) {
  return "level " + std::string(kLevels[params.level].id) + " of " +
         std::string(name(params.variant.era)) + " " + std::string(name(params.variant.shape)) +
         " with table " + std::string(name(params.variant.tables)) +
         " is not in this binary for this scheme; the binary of --paper has it: scripts/run "
         "--paper";
}

std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request,
                                const IsCompiled& compiled) {
  std::vector<CellSpec> cells;
  if (request.threads.empty())
    return cells;
  // A bad file or text is refused before anything is planned.
  const Input read = input_for(request.pcap, request.traffic);
  Params input;
  input.input = request.pcap.empty() ? read->name() : Params::kCapture;
  input.local_percent = request.local_percent;
  const bool is_none = info.name == None<>::info.name;
  const unsigned most = request.threads.back();
  for (const std::string& policy : request.places) {
    for (const unsigned threads : request.threads) {
      for (const Params& params : combinations(threads, input)) {
        if (kLevels[params.level].without_scheme && !is_none)
          continue;
        CellSpec cell = make_cell(kName, info, params.to_json(), policy, threads, request);
        cell.tier = tier_of(params, most);
        const bool level0 = params.level == level("L0");
        cell.est_trial_ms =
            kRestMs + TrialSettings{}.slices_ms * (level0 ? times_at_level0(params.variant) : 1.0);
        refuse(cell, impossible(info, params));
        if (!level0 && !compiled(params.level, params.variant)) {
          refuse(cell, not_compiled(params));
          cell.tier = Tier::paper;
        }
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace getput::bench::netpath
