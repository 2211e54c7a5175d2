// SPDX-License-Identifier: MIT
// How evenly the threads of a burst were served.
#pragma once

#include <cstdint>
#include <vector>

namespace getput::bench {

/// The slowest thread's operations over the fastest one's: 1 is even, 0 is starved.
double min_over_max(const std::vector<std::uint64_t>& ops);

/// Jain's index, (sum x)^2 / (n sum x^2): 1 is even, 1/n is one thread alone. 0 when nobody did
/// any.
double jain_index(const std::vector<std::uint64_t>& ops);

}  // namespace getput::bench
