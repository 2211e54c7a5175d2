// SPDX-License-Identifier: MIT
// The harness's view of the topology: which PUs may be used, which ones a policy chooses, and
// pinning. Everything is done by getput::topology on the running machine; its errors
// (topology::Error, with an exit code) pass through.
#pragma once

#include <string>
#include <vector>

namespace getput::topology {
class Topology;
}

namespace getput::bench {

/// Where the threads of a cell run: one PU (the operating system's CPU number) for each rank.
struct Placement {
  std::string policy;
  std::vector<unsigned> pus;
};

/// The PUs (operating system numbers) this process may use, ascending. The first call must come
/// before any thread is pinned.
const std::vector<unsigned>& allowed_pus();

/// "compact,list:0,2" as names, each written in one way; unknown names throw (the known are
/// listed).
std::vector<std::string> parse_places(const std::string& text);

/// The PUs a policy gives to `threads` threads; throws when it cannot.
Placement place(const std::string& policy, unsigned threads);

/// Empty, or in plain words why place() would throw (one NUMA node, no SMT, too few CPUs).
std::string place_impossible(const std::string& policy, unsigned threads);

/// Pins the calling thread and verifies it; throws an error naming the PU.
void pin_this_thread(unsigned pu);

/// Lets the calling thread run on every allowed PU again.
void unpin_this_thread();

/// Is the calling thread on `pu`, and allowed nowhere else?
bool pinned_to(unsigned pu) noexcept;

/// The machine as found. Looked at once, at the first call.
const topology::Topology& this_machine();

}  // namespace getput::bench
