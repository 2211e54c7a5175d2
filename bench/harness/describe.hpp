// SPDX-License-Identifier: MIT
// The two documents the binary prints about itself, as docs/architecture.md has them.
#pragma once

#include "bench/harness/cell.hpp"
#include "bench/harness/registry.hpp"

namespace getput::bench {

/// --getput_list: schemes, workloads, cells. Schema getput.list/1.
Json list_document(const Registry& registry, const GridRequest& request);

/// One cell as the list has it.
Json cell_json(const CellSpec& cell);

/// Every entry of a scheme's contract.
Json scheme_info_json(const SchemeInfo& info);

/// --getput_env: how this was built, where it runs. Schema getput.env/1.
Json env_document();

}  // namespace getput::bench
