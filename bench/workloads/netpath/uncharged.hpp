// SPDX-License-Identifier: MIT
// The path without a scheme, compiled once: level 0, which every other level is measured against,
// and the passes that count how many references a level takes.
#pragma once

#include "bench/workloads/netpath/level_code.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::netpath {

/// The scheme that this code is compiled for. It never touches a module: the pointers are null.
using Uncharged = None<>;

/// Level 0. Its PathContext::modules is a PathModules<Uncharged>.
const LevelCode& uncharged_code(Variant variant) noexcept;

/// Gives every table entry an empty ticket; required once before a counting pass at a level that
/// charges objects.
void prepare_object_references(Network& network);

/// One untimed pass over the worker's share that counts the references of the level with index
/// @p level into the account. The same frames take the same references with every scheme, so one
/// compiled pass serves all. The thread is online in urcu-qsbr.
void count_references(std::size_t level, Variant variant, const PathContext& context, Core& core);

}  // namespace getput::bench::netpath
