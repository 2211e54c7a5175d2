// SPDX-License-Identifier: MIT
// The schemes of getput-bench-counted: the packet path alone, as a generated unit registers it.
#include "tests/bench/register.hpp"
#include "bench/workloads/netpath/netpath.hpp"
#include "tests/bench/workloads/netpath/counted/more.hpp"

namespace getput::bench {
namespace {

template <class S>
bool add() {
  return testing::register_scheme<S>("control", {netpath::workload<S>()});
}

const bool registered = add<None<>>() && add<ZeroMore<>>() && add<EightMore<>>();

}  // namespace
}  // namespace getput::bench
