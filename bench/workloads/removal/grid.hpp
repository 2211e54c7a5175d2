// SPDX-License-Identifier: MIT
// The cells of the question "what does taking the module away cost?".
#pragma once

#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::removal {

/// The parameters of a cell. The last rank removes, the ranks before it call.
struct Params {
  unsigned threads = 1;  ///< pinned threads: `callers` and one remover
  unsigned callers = 0;
  unsigned hold_ns = 0;  ///< how long a caller stays inside

  Json to_json() const;
  static Params from_json(const Json& json);
};

inline constexpr const char* kName = "removal";
inline constexpr const char* kSummary =
    "what taking the module away costs: stop to refusing, stop to drained, a failed attempt, the "
    "stall of the callers, under 0..n callers x hold time";

/// Empty, or why a scheme with this contract cannot do it.
std::string impossible(const SchemeInfo& info, const Params& params);

/// All cells of one scheme.
std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request);

}  // namespace getput::bench::removal
