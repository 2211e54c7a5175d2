// SPDX-License-Identifier: MIT
// The document of --getput_env.
#pragma once

#include "bench/catalog/cell.hpp"

namespace getput::bench {

/// How this binary was built, and the machine it runs on. Schema getput.env/1.
Json env_document();

}  // namespace getput::bench
