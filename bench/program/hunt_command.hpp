// SPDX-License-Identifier: MIT
// --getput_hunt: hunts a scheme that is not safe in a child process.
#pragma once

#include "bench/catalog/registry.hpp"
#include "bench/program/options.hpp"

namespace getput::bench {

/// The document of --getput_hunt, schema getput.hunt/1: {"scheme", "caught", "how", "rounds",
/// "seconds"}. Throws RequestError for an unknown or a safe scheme, EnvironmentError when the child
/// did not end as a hunt does.
Json hunt_document(const Registry& registry, const Options& options);

/// The child's side: prints one line and returns, or ends in the signal handler of oracle/hunt.hpp.
int run_hunt_child(const Registry& registry, const Options& options);

}  // namespace getput::bench
