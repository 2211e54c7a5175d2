// SPDX-License-Identifier: MIT
// The controls: three floors measured in every trial, on the same threads, between the bursts of
// the scheme. Absolute nanoseconds drift with the machine; the ratio to a control of the same trial
// holds.
//
//   plain      a non-atomic add and sub on a private line of each thread, through a pointer, in the
//              same loop as the schemes. Cheap cores forward the store, so it can take under 1 ns.
//   fetch_add  ONE relaxed fetch_add by all threads of the trial on one shared line; the value it
//              fetches is used, or compilers make a cheaper add of it
//   chain      the plain pair as a dependent chain: each access takes its address from the value
//              loaded before, and the pairs go round 16 words of the private line. (On one word the
//              cores of today predict the forwarding and skip the address: no chain at all.)
//
// The gate looks at each burst by itself. A burst that fails it is void and is repeated a few
// times; the attempt is rejected only if that does not help. Short bursts, each begun by threads
// that have just slept, get through on a machine whose neighbours are awake. Repeats are counted
// and written.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/engine/team.hpp"

namespace getput::bench {

/// Why an attempt does not count; names as in the result schema.
struct GateFindings {
  bool involuntary_switch = false;
  bool no_overlap = false;
  bool migrated = false;

  void add(const BurstReport& burst);
  std::vector<std::string> reasons() const;
};

/// Means in nanoseconds, over the rounds of one trial; negative: not measured yet.
struct ControlResult {
  double plain_ns = -1.0;
  double fetch_add_ns = -1.0;
  double chain_ns = -1.0;
};

/// Runs the controls of one trial and keeps what the validity gate finds in all its bursts.
class ControlSet {
 public:
  /// How the scheme's time is cut: so many rounds, each with every control.
  static constexpr unsigned kRounds = 2;
  static constexpr unsigned kParts = 4;  // the scheme and three controls

  /// `control_ms`: length of one control burst in one round.
  ControlSet(Team& team, std::uint64_t seed, double control_ms);
  ~ControlSet();
  ControlSet(const ControlSet&) = delete;
  ControlSet& operator=(const ControlSet&) = delete;

  /// kRounds rounds of {scheme_burst(round), plain, fetch_add, chain} in an order that rotates with
  /// the seed and the round. Returns the scheme's bursts that count, one a round. `scheme_burst` is
  /// called again with the same round when its burst was void: what it wrote down about the burst
  /// before must then be dropped (what the oracle found must not).
  [[nodiscard]] std::vector<BurstReport> interleave(
      const std::function<BurstReport(unsigned round)>& scheme_burst);

  /// For a workload that times itself in another way: passes its burst through the gate.
  void check(const BurstReport& burst) { gate_.add(burst); }

  ControlResult result() const;
  const GateFindings& gate() const noexcept { return gate_; }
  /// Bursts, of scheme and controls, that were void and were run again.
  unsigned repeated() const noexcept { return repeated_; }

 private:
  struct Lines;
  BurstReport run_plain();
  BurstReport run_fetch_add();
  BurstReport run_chain();
  /// Repeats `burst` until it passes the gate, kTries times at most.
  BurstReport passing(const std::function<BurstReport()>& burst);

  static constexpr unsigned kTries = 5;

  Team& team_;
  std::uint64_t seed_;
  double control_ms_;
  std::unique_ptr<Lines> lines_;
  GateFindings gate_;
  unsigned repeated_ = 0;
  std::array<double, 3> sums_{};
  std::array<unsigned, 3> counts_{};
};

}  // namespace getput::bench
