// SPDX-License-Identifier: MIT
// The schemes of getput-bench-counted: the packet path alone, as a generated unit registers it.
#include <string>

#include "bench/catalog/registry.hpp"
#include "bench/workloads/netpath/netpath.hpp"
#include "tests/bench/workloads/netpath/counted/more.hpp"

namespace getput::bench {
namespace {

template <class S>
bool add() {
  SchemeEntry entry;
  entry.info = S::info;
  entry.folder = "control";
  entry.unavailable = [] { return std::string(); };
  entry.workloads = {netpath::workload<S>()};
  Registry::instance().add(std::move(entry));
  return true;
}

const bool registered = add<None<>>() && add<ZeroMore<>>() && add<EightMore<>>();

}  // namespace
}  // namespace getput::bench
