// SPDX-License-Identifier: MIT
#include "bench/program/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <set>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "bench/program/build_gate.hpp"
#include "bench/program/writer.hpp"
#include "topology/errors.hpp"

namespace getput::bench {
namespace {

constexpr std::size_t kCellsShown = 12;

/// The value of "/key:value" in a cell name, up to the next '/' or, for the last key, the end.
std::string value_in(const std::string& name, const std::string& key) {
  const std::string mark = "/" + key + ":";
  const std::size_t at = name.find(mark);
  if (at == std::string::npos) {
    return {};
  }
  const std::size_t begin = at + mark.size();
  return name.substr(begin, name.find('/', begin) - begin);
}

[[noreturn]] void unknown_cell(const std::vector<CellSpec>& cells, const Registry& registry,
                               const std::string& name) {
  const std::size_t slash = name.find('/');
  const std::string workload = name.substr(0, slash);
  const std::string scheme = slash == std::string::npos
                                 ? std::string()
                                 : name.substr(slash + 1, name.find('/', slash + 1) - slash - 1);
  const auto has = [](const std::vector<std::string>& names, const std::string& one) {
    return std::find(names.begin(), names.end(), one) != names.end();
  };
  if (!has(registry.workload_names(), workload)) {
    throw RequestError(fmt::format("cell \"{}\": unknown workload \"{}\"; known: {}", name,
                                   workload, fmt::join(registry.workload_names(), ", ")));
  }
  if (!has(registry.scheme_names(), scheme)) {
    throw RequestError(fmt::format("cell \"{}\": unknown scheme \"{}\"; known: {}", name, scheme,
                                   fmt::join(registry.scheme_names(), ", ")));
  }
  std::vector<std::string> near;
  std::size_t others = 0;
  for (const CellSpec& cell : cells) {
    if (cell.workload == workload && cell.scheme == scheme) {
      near.size() < kCellsShown ? near.push_back(cell.name) : static_cast<void>(++others);
    }
  }
  throw RequestError(fmt::format("unknown cell \"{}\"; known for this scheme and workload: {}{}",
                                 name, fmt::join(near, ", "),
                                 others == 0 ? "" : fmt::format(" and {} more", others)));
}

Json read_json(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) {
    throw RequestError("plan " + file + ": cannot be opened");
  }
  try {
    return Json::parse(stream);
  } catch (const Json::parse_error& error) {
    throw RequestError("plan " + file + ": not JSON: " + error.what());
  }
}

void check_settings(const std::string& file, const TrialSettings& settings) {
  if (!(settings.burst_ms >= 0.2 && settings.burst_ms <= 10'000.0)) {
    throw RequestError(
        fmt::format("plan {}: burst_ms is {}, must be 0.2 to 10000", file, settings.burst_ms));
  }
  if (!(settings.slices_ms >= 5.0 && settings.slices_ms <= 60'000.0)) {
    throw RequestError(
        fmt::format("plan {}: slices_ms is {}, must be 5 to 60000", file, settings.slices_ms));
  }
  if (!(settings.planted_ns >= 0.0 && settings.planted_ns <= 1000.0)) {
    throw RequestError(
        fmt::format("plan {}: planted_ns is {}, must be 0 to 1000", file, settings.planted_ns));
  }
  if (settings.max_attempts == 0) {
    throw RequestError("plan " + file + ": max_attempts is 0, must be at least 1");
  }
}

}  // namespace

Plan Plan::read(const std::string& file) {
  const Json json = read_json(file);
  if (!json.is_object() || json.value("schema", "") != "getput.plan/1") {
    throw RequestError("plan " + file + ": its schema is not getput.plan/1");
  }
  Plan plan;
  try {
    plan.settings.seed = json.at("seed").get<std::uint64_t>();
    plan.settings.max_attempts = json.value("max_attempts", plan.settings.max_attempts);
    plan.settings.burst_ms = json.value("burst_ms", plan.settings.burst_ms);
    plan.settings.slices_ms = json.value("slices_ms", plan.settings.slices_ms);
    plan.settings.planted_ns = json.value("planted_ns", plan.settings.planted_ns);
    for (const Json& trial : json.at("trials")) {
      plan.trials.push_back(
          {trial.at("cell").get<std::string>(), trial.at("trial").get<std::uint64_t>()});
    }
  } catch (const Json::exception& error) {
    throw RequestError("plan " + file + ": " + error.what());
  }
  check_settings(file, plan.settings);
  return plan;
}

GridRequest Plan::grid() const {
  const auto most = static_cast<unsigned>(allowed_pus().size());
  std::set<unsigned> threads;
  std::set<std::string> places;
  for (const PlannedTrial& trial : trials) {
    if (const std::string count = value_in(trial.cell, "threads"); !count.empty()) {
      try {
        threads.merge(std::set<unsigned>{parse_threads(count, most).front()});
      } catch (const RequestError& error) {
        throw RequestError("cell \"" + trial.cell + "\": " + error.what());
      }
    }
    if (const std::string policy = value_in(trial.cell, "place"); !policy.empty()) {
      try {
        places.insert(parse_places(policy).front());
      } catch (const topology::Error& error) {
        throw RequestError("cell \"" + trial.cell + "\": " + error.what());
      }
    }
  }
  if (threads.empty()) {
    threads.insert(1);
  }
  GridRequest request;
  request.threads.assign(threads.begin(), threads.end());
  request.places.assign(places.begin(), places.end());
  return request;
}

const CellSpec& find_cell(const std::vector<CellSpec>& cells, const Registry& registry,
                          const std::string& name) {
  const auto found = std::find_if(cells.begin(), cells.end(),
                                  [&](const CellSpec& cell) { return cell.name == name; });
  if (found == cells.end()) {
    unknown_cell(cells, registry, name);
  }
  if (!found->possible) {
    throw RequestError("cell " + name + ": " + found->why);
  }
  return *found;
}

int run_plan(const Registry& registry, const Options& options) {
  const Plan plan = Plan::read(options.plan);
  require_fit_for_results();
  const GridRequest request = options.with_input(plan.grid());
  const std::vector<CellSpec> cells = registry.cells(request);
  // All names first: a bad plan must not run for an hour before it says so.
  std::vector<const CellSpec*> specs;
  for (const PlannedTrial& trial : plan.trials) {
    specs.push_back(&find_cell(cells, registry, trial.cell));
  }
  ResultWriter writer(options.out);
  TrialRunner runner(registry, request, plan.settings);
  bool wrong = false;
  for (std::size_t i = 0; i < plan.trials.size(); ++i) {
    try {
      runner.run(*specs[i], plan.trials[i].trial, [&](const Attempt& attempt) {
        writer.append(attempt.to_json());
        wrong = wrong || !attempt.measurement.oracle_ok;
        fmt::print(stderr, "getput: trial {}/{} {}\n", i + 1, plan.trials.size(), specs[i]->name);
      });
    } catch (const RequestError&) {
      throw;
    } catch (const EnvironmentError&) {
      throw;
    } catch (const std::exception& error) {
      throw EnvironmentError("cell " + specs[i]->name + ": " + error.what());
    }
  }
  return wrong ? kExitBadResult : kExitDone;
}

}  // namespace getput::bench
