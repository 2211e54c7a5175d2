// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "bench/program/list_json.hpp"

namespace getput::bench {
namespace {

const char* name_of(Progress value) {
  switch (value) {
    case Progress::wait_free:
      return "wait_free";
    case Progress::lock_free:
      return "lock_free";
    case Progress::blocking:
      return "blocking";
  }
  return "unknown";
}

const char* name_of(CountExactness value) {
  switch (value) {
    case CountExactness::exact:
      return "exact";
    case CountExactness::never_too_low:
      return "never_too_low";
    case CountExactness::approximate:
      return "approximate";
    case CountExactness::not_possible:
      return "not_possible";
  }
  return "unknown";
}

const char* name_of(ZeroDetection value) {
  switch (value) {
    case ZeroDetection::last_put:
      return "last_put";
    case ZeroDetection::remover_sum:
      return "remover_sum";
    case ZeroDetection::after_switch:
      return "after_switch";
    case ZeroDetection::grace_period:
      return "grace_period";
    case ZeroDetection::never:
      return "never";
  }
  return "unknown";
}

const char* name_of(Overflow value) {
  switch (value) {
    case Overflow::wraps:
      return "wraps";
    case Overflow::sum_wraps:
      return "sum_wraps";
    case Overflow::saturates:
      return "saturates";
    case Overflow::no_counter:
      return "no_counter";
  }
  return "unknown";
}

/// Adds the parameter values of a cell to what the workload has shown so far.
void collect_params(Json& params, const CellSpec& cell) {
  for (const auto& [key, value] : cell.params.items()) {
    auto known = std::find_if(params.begin(), params.end(),
                              [&key = key](const Json& entry) { return entry["key"] == key; });
    if (known == params.end()) {
      params.push_back({{"key", key}, {"values", Json::array()}});
      known = std::prev(params.end());
    }
    Json& values = (*known)["values"];
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      values.push_back(value);
    }
  }
}

Json workloads_json(const Registry& registry, const std::vector<CellSpec>& cells) {
  Json workloads = Json::array();
  for (const std::string& name : registry.workload_names()) {
    Json params = Json::array();
    for (const CellSpec& cell : cells) {
      if (cell.workload == name) {
        collect_params(params, cell);
      }
    }
    std::string summary;
    Json details;
    for (const SchemeEntry& scheme : registry.schemes()) {
      for (const WorkloadEntry& workload : scheme.workloads) {
        if (workload.name == name) {
          summary = workload.summary;
          details = workload.details;
        }
      }
    }
    workloads.push_back({{"name", name}, {"summary", summary}, {"params", std::move(params)}});
    workloads.back().update(details);
  }
  return workloads;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

Json scheme_info_json(const SchemeInfo& info) {
  return {{"name", info.name},
          {"summary", info.summary},
          {"origin", info.origin},
          {"generation", text_or_null(std::string(info.generation))},
          {"control", info.control},
          {"safe", info.safe},
          {"shared_by_threads", info.shared_by_threads},
          {"put_on_other_thread", info.put_on_other_thread},
          {"put_on_other_cpu", info.put_on_other_cpu},
          {"hold_across_sleep", info.hold_across_sleep},
          {"removal", info.removal},
          {"try_stop", info.try_stop},
          {"spurious_failure", info.spurious_failure},
          {"certain_after_stop", info.certain_after_stop},
          {"get_while_going", info.get_while_going},
          {"fork_any_moment", info.fork_any_moment},
          {"get_allocates", info.get_allocates},
          {"destroy_when_drained", info.destroy_when_drained},
          {"count", name_of(info.count)},
          {"zero", name_of(info.zero)},
          {"overflow", name_of(info.overflow)},
          {"get_progress", name_of(info.get_progress)},
          {"put_progress", name_of(info.put_progress)},
          {"stop_progress", name_of(info.stop_progress)},
          {"bytes_per_object", info.bytes_per_object},
          {"bytes_per_cpu", info.bytes_per_cpu},
          {"bytes_allocated", info.bytes_allocated},
          {"bytes_per_thread", info.bytes_per_thread},
          {"shared_bytes", info.shared_bytes},
          {"shared_bytes_per_cpu", info.shared_bytes_per_cpu},
          {"locked_in_get", info.locked_in_get < 0 ? Json(nullptr) : Json(info.locked_in_get)},
          {"locked_in_put", info.locked_in_put < 0 ? Json(nullptr) : Json(info.locked_in_put)},
          {"needs_rseq", info.needs_rseq},
          {"needs_membarrier", info.needs_membarrier},
          {"needs_stop_machine", info.needs_stop_machine},
          {"needs_registration", info.needs_registration}};
}

Json cell_json(const CellSpec& cell) {
  return {{"name", cell.name},
          {"workload", cell.workload},
          {"scheme", cell.scheme},
          {"params", cell.params},
          {"placement", {{"policy", cell.placement.policy}, {"pus", cell.placement.pus}}},
          {"tier", static_cast<int>(cell.tier)},
          {"possible", cell.possible},
          {"why", text_or_null(cell.why)},
          {"est_trial_ms", cell.est_trial_ms}};
}

Json list_document(const Registry& registry, const GridRequest& request) {
  Json schemes = Json::array();
  for (const SchemeEntry& scheme : registry.schemes()) {
    const std::string why = scheme.unavailable();
    Json entry = scheme_info_json(scheme.info);
    entry["folder"] = scheme.folder;
    entry["session"] = scheme.session;
    entry["available"] = why.empty();
    entry["why"] = text_or_null(why);
    schemes.push_back(std::move(entry));
  }
  const std::vector<CellSpec> cells = registry.cells(request);
  Json cell_list = Json::array();
  for (const CellSpec& cell : cells) {
    cell_list.push_back(cell_json(cell));
  }
  Json document;
  document["schema"] = "getput.list/1";
  document["schemes"] = std::move(schemes);
  document["workloads"] = workloads_json(registry, cells);
  document["cells"] = std::move(cell_list);
  return document;
}

}  // namespace getput::bench
