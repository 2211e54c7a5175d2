// SPDX-License-Identifier: MIT
// The validity gate: which disturbances void a burst.
//
// It rejects on few findings, those that mean that the burst was not what it is said to be: a
// worker lost its CPU, waited for one, ran elsewhere, or ran without the others. Everything else
// that may have disturbed a burst is recorded as a covariate (covariates.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/engine/burst.hpp"

namespace getput::bench {

/// What becomes of a burst with findings.
enum class GateKind : std::uint8_t {
  reject,  ///< it is void, and is repeated
  record,  ///< it counts and its findings are counted: the disturbance is what is measured (more
           ///< callers than CPUs, holders that sleep or are preempted)
};

/// Findings in the bursts added so far; the names are those of the result schema.
struct GateFindings {
  bool involuntary_switch = false;
  bool run_wait = false;    ///< on the run queue for more than 1 % of the time
  bool no_overlap = false;  ///< less than 99 % of a window with all workers at work
  bool migrated = false;

  void add(const BurstReport& burst);
  bool none() const noexcept { return !(involuntary_switch || run_wait || no_overlap || migrated); }
  std::vector<std::string> reasons() const;
};

/// Bursts with each finding, for GateKind::record.
struct GateCounts {
  unsigned bursts = 0;
  unsigned involuntary_switch = 0;
  unsigned run_wait = 0;
  unsigned no_overlap = 0;
  unsigned migrated = 0;

  void add(const GateFindings& findings) noexcept;
};

}  // namespace getput::bench
