// SPDX-License-Identifier: MIT
// Where n threads run: placement policies, pure functions from a topology to kernel CPU numbers.
//
// All policies use allowed CPUs only and give thread i the i-th CPU of a fixed order, so that
// adding a thread never moves the others and a sweep over thread counts is nested. The orders:
//
//   compact   neighbours first, one PU a core: cores in tree order (fill an L3, then the next L3 of
//             the node, then the package's next node, then the next package). SMT siblings are used
//             only when every allowed core has a thread: first siblings of all cores, and so on
//             (OMP_PLACES=cores OMP_PROC_BIND=close; not KMP's "compact", which fills siblings
//             first: that is `smt` here). So compact never mixes the price of SMT into a result
//             while there is a free core.
//   scatter   as far apart as possible: round robin over packages, inside a package over its NUMA
//             nodes, inside a node over its L3s, inside an L3 core by core; SMT siblings last, as
//             in compact.
//   per_l3    one PU of each L3, the first of each in compact order, nearest L3s first.
//   per_numa  one PU of each NUMA node, likewise.
//   smt       siblings first: all PUs of the first core, then all of the next. Cores with a single
//             allowed PU are left out: a thread alone on its core would not measure SMT.
//   list:...  the CPUs named, in that order, as kernel numbers: list:0,2,5 or list:0-3,8.
//
// Hybrid machines: among PUs of the same SMT rank the CPU kind that hwloc ranks as computing
// fastest comes first (Intel: P cores, then E cores, then the siblings of P cores; Arm: big, then
// little). Kinds that hwloc cannot rank count as equal.
//
// Errors: RequestError for zero or too many threads, unknown policies, CPUs that are not there or
// not allowed; EnvironmentError where the machine is not of that shape.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/topology.hpp"

namespace getput::topology {

enum class PolicyKind : std::uint8_t { compact, scatter, per_l3, per_numa, smt, list };

/// A parsed policy; `list` is empty unless kind is PolicyKind::list.
struct Policy {
  PolicyKind kind = PolicyKind::compact;
  std::vector<unsigned> list;

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// For `getput list`: each policy's name as it is written and one sentence.
struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
};
std::span<const PolicyInfo> known_policies() noexcept;

/// One policy: "compact", ..., "list:0,2,5". Throws RequestError that lists the known ones.
Policy parse_policy(std::string_view text);

/// Several, separated by commas; numbers after "list:" belong to that list:
/// "compact,list:0,2,scatter" is compact, list:0,2 and scatter.
std::vector<Policy> parse_policies(std::string_view text);

/// As parse_policy() takes it; ranges are written out, so equal policies have equal names.
std::string to_string(const Policy& policy);

/// May two threads share a PU when there are more threads than PUs (the order starts again)?
enum class Oversubscribe : bool { no, yes };

/// The CPU of each of `threads` threads, kernel numbers. per_l3 and per_numa never oversubscribe:
/// a second thread in one L3 is not that policy any more. Throws as described above.
std::vector<unsigned> place(const Topology& topology, const Policy& policy, unsigned threads,
                            Oversubscribe oversubscribe = Oversubscribe::no);

/// place() as a value, for plans that show what is not possible and why.
struct Placement {
  std::vector<unsigned> pus;  ///< empty when not possible
  std::string why;            ///< one line when not possible, else empty
  int exit_code = 0;          ///< 2 bad request, 3 environment, 0 possible

  explicit operator bool() const noexcept { return exit_code == 0; }
};
Placement try_place(const Topology& topology, const Policy& policy, unsigned threads,
                    Oversubscribe oversubscribe = Oversubscribe::no);

}  // namespace getput::topology
