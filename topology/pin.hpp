// SPDX-License-Identifier: MIT
// Pinning a thread to one CPU, and the proof that it is there.
//
// Pin each thread from within itself, and not the thread that creates the others: an affinity is
// inherited, and a team made by a pinned thread starts on one CPU. Only a topology of the running
// machine can be pinned on; hwloc itself accepts every binding on a synthetic machine and does
// nothing, which would look like success.
#pragma once

#include "topology/topology.hpp"

namespace getput::topology {

/// Pins the calling thread to one CPU (kernel number) and verifies it twice: the kernel's affinity
/// of the thread is that CPU alone, and the thread runs there. Errors name the CPU and are fatal:
/// RequestError where the topology is not this machine's, or the CPU is not there or not allowed;
/// EnvironmentError where the kernel refuses, or says yes and does otherwise (sandboxes).
void pin_this_thread(const Topology& topology, unsigned pu);

/// The second look, after a run: throws EnvironmentError unless the calling thread is still bound
/// to that CPU alone and runs on it (a cpuset that changed, a tool that re-pinned).
void verify_pinned(const Topology& topology, unsigned pu);

/// Lets the calling thread run on all allowed CPUs again. Errors as pin_this_thread().
void unpin_this_thread(const Topology& topology);

/// The CPU that the calling thread runs on now (sched_getcpu, a few ns). Throws EnvironmentError.
unsigned current_pu();

}  // namespace getput::topology
