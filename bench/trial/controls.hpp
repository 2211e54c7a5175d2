// SPDX-License-Identifier: MIT
// The controls: floors measured in every trial, on the same threads, between the bursts of the
// subject. Absolute nanoseconds drift with the machine; the ratio to a control of the same trial
// does not.
//
//   plain          a non-atomic add and sub on a private line of each thread, through a pointer, in
//                  the same loop as the schemes. Many cores forward the store or rename the memory,
//                  so it can take under 1 ns.
//   chain          the plain pair as a dependent chain: each access takes its address from what
//                  was loaded before, and the pairs go round 16 words of the private line. (On one
//                  word current cores predict the forwarding and skip the address: no chain.)
//   lock_xadd      one locked add by each thread on a line of its own
//   fetch_add      one relaxed fetch_add by all threads on one line, which is drawn at random for
//                  the trial; the fetched value is used, or compilers make a cheaper add of it
//   line_transfer  two threads hand a line to and fro: the time until the other one has it.
//                  Mean over at least 16 lines drawn at random; not measured with one thread
#pragma once

#include <memory>
#include <vector>

#include "bench/engine/arena.hpp"
#include "bench/engine/team.hpp"

namespace getput::bench {

/// The lines of one trial and the bursts on them.
class Controls {
 public:
  Controls(Team& team, Random& random);
  ~Controls();
  Controls(const Controls&) = delete;
  Controls& operator=(const Controls&) = delete;

  using Burst = BurstReport (Controls::*)(double burst_ms);
  struct Named {
    const char* name;
    Burst burst;
  };
  /// Those that this team can run.
  std::vector<Named> all() const;

  BurstReport plain(double burst_ms);
  BurstReport chain(double burst_ms);
  BurstReport lock_xadd(double burst_ms);
  BurstReport fetch_add(double burst_ms);
  BurstReport line_transfer(double burst_ms);

 private:
  struct Lines;

  Team& team_;
  Random& random_;
  std::unique_ptr<Lines> lines_;
};

}  // namespace getput::bench
