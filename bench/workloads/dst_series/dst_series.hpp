// SPDX-License-Identifier: MIT
// dst_series: what each step of a published series of commits took off a frame, measured as the
// difference of the path before and after it. No scheme takes part; the control `none` has the
// cells.
//
//   dst_series/none/step:fib_info/threads:2/place:compact
//
// The subject is the path before the commit, the baseline the path after it.
#pragma once

#include "bench/catalog/registry.hpp"

namespace getput::bench::dst_series {

inline constexpr const char* kName = "dst_series";
inline constexpr const char* kSummary =
    "what one shared reference costs a frame on the transmit path of 2010, commit by commit "
    "(Eric Dumazet's series)";

WorkloadEntry workload();

}  // namespace getput::bench::dst_series
