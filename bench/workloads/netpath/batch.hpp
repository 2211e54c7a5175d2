// SPDX-License-Identifier: MIT
// How many packets the path handles together.
#pragma once

#include <cstddef>

namespace getput::bench::netpath {

inline constexpr std::size_t kBatch = 64;    ///< packets of one poll (NAPI's budget)
inline constexpr std::size_t kTxBatch = 32;  ///< transmit completions freed together

}  // namespace getput::bench::netpath
