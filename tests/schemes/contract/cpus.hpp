// SPDX-License-Identifier: MIT
// Moving threads between CPUs, for the migration attacks.
#pragma once

#include <vector>

namespace getput::contract {

/// The CPUs this process may use, found once, before anything is pinned.
const std::vector<int>& allowed_cpus();

/// Pins thread @p tid (0: the caller) to @p cpu. False if the system refuses.
bool pin(int tid, int cpu);

/// Gives thread @p tid all of allowed_cpus() again.
void unpin(int tid);

/// True if threads can be moved here: more than one CPU, and sched_setaffinity works.
bool can_migrate();

/// Why the migration attacks are not possible here, for a skip.
inline constexpr const char* kNoMigration =
    "threads cannot be moved here: one CPU only, or sched_setaffinity is refused";

}  // namespace getput::contract
