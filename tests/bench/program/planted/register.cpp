// SPDX-License-Identifier: MIT
// The schemes of getput-bench-planted: as a generated unit does it, for pairs and removal.
#include "tests/bench/register.hpp"
#include "bench/oracle/hunt.hpp"
#include "bench/workloads/pairs/pairs.hpp"
#include "bench/workloads/removal/removal.hpp"
#include "schemes/lock/in_module.hpp"
#include "tests/bench/planted/counted.hpp"

namespace getput::bench {
namespace {

template <class S>
bool add() {
  return testing::register_scheme<S>("planted", {pairs::workload<S>(), removal::workload<S>()},
                                     &oracle::hunt<S>);
}

const bool registered =
    add<Counted<>>() && add<LostPut<>>() && add<LateGet<>>() && add<InModule<>>();

}  // namespace
}  // namespace getput::bench
