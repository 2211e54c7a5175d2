// SPDX-License-Identifier: MIT
// The schemes of getput-bench-planted: as a generated unit does it, for pairs and removal.
#include <string>

#include "bench/catalog/registry.hpp"
#include "bench/oracle/hunt.hpp"
#include "bench/workloads/pairs/pairs.hpp"
#include "bench/workloads/removal/removal.hpp"
#include "schemes/lock/in_module.hpp"
#include "tests/bench/planted/counted.hpp"

namespace getput::bench {
namespace {

template <class S>
bool add() {
  SchemeEntry entry;
  entry.info = S::info;
  entry.folder = "planted";
  entry.unavailable = [] { return std::string(); };
  entry.hunt = &oracle::hunt<S>;
  entry.workloads = {pairs::workload<S>(), removal::workload<S>()};
  Registry::instance().add(std::move(entry));
  return true;
}

const bool registered =
    add<Counted<>>() && add<LostPut<>>() && add<LateGet<>>() && add<InModule<>>();

}  // namespace
}  // namespace getput::bench
