// SPDX-License-Identifier: MIT
// The machine as this process may use it, from hwloc.
//
// What it is: an immutable description of the CPUs (hwloc's processing units, PUs) that may be
// used, with the core, L3, NUMA node and package of each. It is taken once, from the running
// machine, or from a description (hwloc's synthetic string or XML file) for tests and planning.
//
// What "allowed" means: the whole machine is loaded (HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), then
// allowed = cgroup cpuset and the affinity of the calling thread at that moment (hwloc knows the
// first only; taskset and most container runtimes set the second). Load before anything is pinned:
// a thread that has pinned itself to one CPU would see a machine of one CPU. A CPU that exists but
// is not allowed stays in the picture and in the XML, and is never placed on.
//
// Indexes: `os` is the kernel's number, what sched_setaffinity and every message use; it has gaps
// (offline CPUs, containers) and says nothing about neighbourhood. `core`, `l3`, `node` and
// `package` are hwloc's logical indexes, counted over the whole machine in tree order, because the
// kernel's core and package numbers repeat between packages. NUMA nodes have both.
//
// Where a machine tells nothing: no package counts as one package, a PU without a core as a core
// of its own (some virtual machines); a missing L3 is reported as missing.
//
// Threads: all const functions may be called by any number of threads at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "topology/errors.hpp"

struct hwloc_topology;

namespace getput::topology {

/// One allowed CPU.
struct Pu {
  unsigned os = 0;             ///< the kernel's CPU number
  unsigned logical = 0;        ///< hwloc's logical index: neighbours have neighbouring numbers
  unsigned core = 0;           ///< logical index, unique on the machine
  std::optional<unsigned> l3;  ///< logical index; empty: the machine reports no L3 above this PU
  unsigned node = 0;           ///< logical index of the (first) local NUMA node
  unsigned node_os = 0;        ///< the kernel's number of that node
  unsigned package = 0;        ///< logical index
  unsigned smt_rank = 0;       ///< 0 for the first allowed PU of its core, 1 for the next, ...
  int efficiency = -1;         ///< hwloc CPU kind: higher computes faster; -1: not ranked
};

/// How many of each; nodes counts NUMA nodes that have CPUs.
struct Counts {
  unsigned packages = 0;
  unsigned nodes = 0;
  unsigned l3s = 0;
  unsigned cores = 0;
  unsigned pus = 0;
};

/// A NUMA node whose memory may be used.
struct MemoryNode {
  unsigned os = 0;          ///< the kernel's number
  std::uint64_t bytes = 0;  ///< local memory; 0: not reported
  bool has_cpus = false;    ///< false for memory-only nodes (CXL, HBM pools)
};

/// The firmware's relative latencies between NUMA nodes (SLIT: 10 is local), row by row.
struct NodeDistances {
  std::vector<unsigned> nodes;        ///< the kernel's node numbers, in row order
  std::vector<std::uint64_t> values;  ///< nodes.size() squared entries

  /// Distance between two nodes by the kernel's numbers; empty when one of them is not listed.
  [[nodiscard]] std::optional<std::uint64_t> between(unsigned from, unsigned to) const;
};

/// Where a Topology came from; only `machine` can be pinned on.
enum class Origin : std::uint8_t { machine, synthetic, xml };

class Topology {
 public:
  /// The running machine, restricted as described above.
  /// Throws EnvironmentError when hwloc cannot load it, when HWLOC_XMLFILE and the like make hwloc
  /// describe another machine, or when the libhwloc found at run time is another major version.
  static Topology of_this_machine();

  /// A machine described by a synthetic string such as "pack:2 [numa] l3:2 core:4 pu:2".
  /// Throws RequestError when hwloc does not understand it or it has more than 4096 CPUs.
  static Topology from_synthetic(const std::string& description);

  /// A machine saved by to_xml() or `lstopo file.xml`. Throws RequestError when it cannot be read.
  static Topology from_xml(const std::filesystem::path& file);

  /// What --getput_topology= takes: a name ending in ".xml" is a file, else a synthetic string.
  static Topology from_spec(const std::string& spec);

  [[nodiscard]] Origin origin() const noexcept { return origin_; }
  /// The synthetic string or the file name; empty for the running machine.
  [[nodiscard]] const std::string& spec() const noexcept { return spec_; }

  /// The allowed CPUs in tree order (ascending `logical`); never empty.
  [[nodiscard]] std::span<const Pu> pus() const noexcept { return pus_; }
  /// An allowed CPU by its kernel number, or nullptr.
  [[nodiscard]] const Pu* find(unsigned os) const noexcept;
  /// Is there such a CPU, allowed or not?
  [[nodiscard]] bool exists(unsigned os) const;

  /// What the allowed CPUs span, and what the whole machine has.
  [[nodiscard]] const Counts& allowed() const noexcept { return allowed_; }
  [[nodiscard]] const Counts& machine() const noexcept { return machine_; }
  /// The most allowed PUs on one core; 1: no SMT to be had.
  [[nodiscard]] unsigned smt_width() const noexcept { return smt_width_; }

  /// NUMA nodes whose memory the process may use, ascending kernel number.
  [[nodiscard]] std::span<const MemoryNode> memory_nodes() const noexcept { return memory_; }
  /// Empty when the machine reports none, which is usual with one node.
  [[nodiscard]] const std::optional<NodeDistances>& distances() const noexcept {
    return distances_;
  }

  /// Kernel numbers as people write them, "0-3,8".
  [[nodiscard]] std::string allowed_cpuset() const;
  [[nodiscard]] std::string machine_cpuset() const;

  /// hwloc's XML of the whole machine with the allowed CPUs marked; from_xml() and lstopo read it.
  [[nodiscard]] std::string to_xml() const;
  /// Summary for the environment record, schema "getput.topology/1" (see summary.cpp).
  [[nodiscard]] nlohmann::ordered_json to_json() const;

  /// hwloc's own handle, valid as long as this object, for what is not wrapped here.
  [[nodiscard]] hwloc_topology* native() const noexcept { return handle_.get(); }

 private:
  struct Deleter {
    void operator()(hwloc_topology* handle) const noexcept;
  };
  using Handle = std::unique_ptr<hwloc_topology, Deleter>;

  static Handle make_handle();
  Topology(Handle handle, Origin origin, std::string spec);
  void read_pus();
  void read_memory();
  void read_distances();

  Handle handle_;
  Origin origin_;
  std::string spec_;
  std::vector<Pu> pus_;
  std::vector<MemoryNode> memory_;
  std::optional<NodeDistances> distances_;
  Counts allowed_;
  Counts machine_;
  unsigned smt_width_ = 1;
};

/// "machine", "synthetic" or "xml".
std::string_view to_string(Origin origin) noexcept;

}  // namespace getput::topology
