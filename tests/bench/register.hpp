// SPDX-License-Identifier: MIT
// Registers a test's own scheme in a benchmark binary, as a generated unit does it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/catalog/registry.hpp"

namespace getput::bench::testing {

/// Adds S, which can run everywhere, with these workloads. The value only serves to run this before
/// main().
template <class S>
bool register_scheme(const std::string& folder, std::vector<WorkloadEntry> workloads,
                     std::function<std::uint64_t(double seconds)> hunt = {}) {
  SchemeEntry entry;
  entry.info = S::info;
  entry.folder = folder;
  entry.unavailable = [] { return std::string(); };
  entry.workloads = std::move(workloads);
  entry.hunt = std::move(hunt);
  Registry::instance().add(std::move(entry));
  return true;
}

}  // namespace getput::bench::testing
