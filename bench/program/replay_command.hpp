// SPDX-License-Identifier: MIT
// --getput_replay: executes the timed code of one cell a fixed number of times, without a clock,
// for a tool that counts instructions. Only the tool knows the counts; this says what was executed.
#pragma once

#include "bench/catalog/registry.hpp"
#include "bench/program/options.hpp"

namespace getput::bench {

/// The document of --getput_replay, schema getput.replay/1: {"schema", "cell", "baseline",
/// "windows", "gets_per_packet", "oracle"}. A window {"arm", "packets"} is one call of the exported
/// function getput_replay_window(), in the order of the calls; arm is "subject" or "baseline".
/// Throws RequestError for an unknown cell and for one that cannot be replayed, EnvironmentError
/// for a build that measures nothing.
Json replay_document(const Registry& registry, const Options& options);

}  // namespace getput::bench
