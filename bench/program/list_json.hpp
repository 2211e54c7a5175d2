// SPDX-License-Identifier: MIT
// The document of --getput_list.
#pragma once

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"

namespace getput::bench {

/// --getput_list: schemes, workloads, cells. Schema getput.list/1.
Json list_document(const Registry& registry, const GridRequest& request);

/// One cell as the list has it.
Json cell_json(const CellSpec& cell);

/// Every entry of a scheme's contract.
Json scheme_info_json(const SchemeInfo& info);

}  // namespace getput::bench
