// SPDX-License-Identifier: MIT
#include "bench/catalog/registry.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bench/engine/errors.hpp"

namespace getput::bench {

Registry& Registry::instance() {
  static Registry registry;
  return registry;
}

void Registry::add(SchemeEntry entry) {
  const auto key = [](const SchemeEntry& scheme) {
    return std::tuple(std::string_view(scheme.folder), scheme.info.name);
  };
  const auto at = std::find_if(schemes_.begin(), schemes_.end(),
                               [&](const SchemeEntry& other) { return key(entry) < key(other); });
  schemes_.insert(at, std::move(entry));
}

std::vector<CellSpec> Registry::cells(const GridRequest& request) const {
  std::vector<CellSpec> all;
  for (const SchemeEntry& scheme : schemes_) {
    GridRequest own = request;
    own.unavailable = scheme.unavailable();
    for (const WorkloadEntry& workload : scheme.workloads) {
      std::vector<CellSpec> cells = workload.enumerate(own);
      all.insert(all.end(), std::make_move_iterator(cells.begin()),
                 std::make_move_iterator(cells.end()));
    }
  }
  return all;
}

std::unique_ptr<Cell> Registry::make(const CellSpec& spec, const GridRequest& request) const {
  if (!spec.possible) {
    throw RequestError("cell " + spec.name + ": " + spec.why);
  }
  for (const SchemeEntry& scheme : schemes_) {
    for (const WorkloadEntry& workload : scheme.workloads) {
      if (scheme.info.name == spec.scheme && workload.name == spec.workload) {
        return workload.make(spec, request);
      }
    }
  }
  throw RequestError("cell " + spec.name + ": no such scheme or workload in this binary");
}

std::vector<std::string> Registry::scheme_names() const {
  std::vector<std::string> names;
  for (const SchemeEntry& scheme : schemes_) {
    names.emplace_back(scheme.info.name);
  }
  return names;
}

std::vector<std::string> Registry::workload_names() const {
  std::vector<std::string> names;
  for (const SchemeEntry& scheme : schemes_) {
    for (const WorkloadEntry& workload : scheme.workloads) {
      if (std::find(names.begin(), names.end(), workload.name) == names.end()) {
        names.push_back(workload.name);
      }
    }
  }
  return names;
}

}  // namespace getput::bench
