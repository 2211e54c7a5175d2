// SPDX-License-Identifier: MIT
// What is read from a loaded topology: allowed CPUs, counts, memory nodes, distances.
#include "topology/topology.hpp"

#include <fmt/format.h>
#include <hwloc.h>
#include <hwloc/cpukinds.h>
#include <hwloc/distances.h>
#include <hwloc/export.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "topology/bitmap.hpp"

namespace getput::topology {
namespace {

/// Logical index of the object of that type above the PU, if there is one.
std::optional<unsigned> above(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t pu) {
  const hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(topology, type, pu);
  if (object == nullptr) {
    return std::nullopt;
  }
  return object->logical_index;
}

/// hwloc's efficiency of the CPU kind that holds the PU, -1 when kinds are unknown or unranked.
int efficiency_of(hwloc_topology_t topology, hwloc_obj_t pu) {
  const int kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
  int efficiency = -1;
  if (kind < 0 || hwloc_cpukinds_get_info(topology, static_cast<unsigned>(kind), nullptr,
                                          &efficiency, nullptr, nullptr, 0) != 0) {
    return -1;
  }
  return efficiency;
}

/// The counts that a list of PUs spans.
Counts span_of(std::span<const Pu> pus) {
  std::set<unsigned> packages;
  std::set<unsigned> nodes;
  std::set<unsigned> l3s;
  std::set<unsigned> cores;
  for (const Pu& pu : pus) {
    packages.insert(pu.package);
    nodes.insert(pu.node);
    cores.insert(pu.core);
    if (pu.l3) {
      l3s.insert(*pu.l3);
    }
  }
  const auto size = [](const auto& set) { return static_cast<unsigned>(set.size()); };
  return {size(packages), size(nodes), size(l3s), size(cores), static_cast<unsigned>(pus.size())};
}

Pu describe(hwloc_topology_t topology, hwloc_obj_t object) {
  Pu pu;
  pu.os = object->os_index;
  pu.logical = object->logical_index;
  // A PU without a core is its own core; numbered behind the real ones so that none coincide.
  const int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
  pu.core = above(topology, HWLOC_OBJ_CORE, object)
                .value_or(static_cast<unsigned>(std::max(cores, 0)) + object->logical_index);
  pu.l3 = above(topology, HWLOC_OBJ_L3CACHE, object);
  pu.package = above(topology, HWLOC_OBJ_PACKAGE, object).value_or(0);
  // Several nodes can be local (DRAM and HBM): the lowest number is the ordinary memory.
  const int node = object->nodeset == nullptr ? -1 : hwloc_bitmap_first(object->nodeset);
  if (node >= 0) {
    pu.node_os = static_cast<unsigned>(node);
    const hwloc_obj_t numa = hwloc_get_numanode_obj_by_os_index(topology, pu.node_os);
    pu.node = numa == nullptr ? 0 : numa->logical_index;
  }
  pu.efficiency = efficiency_of(topology, object);
  return pu;
}

}  // namespace

std::optional<std::uint64_t> NodeDistances::between(unsigned from, unsigned to) const {
  const auto row = std::find(nodes.begin(), nodes.end(), from);
  const auto column = std::find(nodes.begin(), nodes.end(), to);
  if (row == nodes.end() || column == nodes.end()) {
    return std::nullopt;
  }
  const auto index = [this](auto position) {
    return static_cast<std::size_t>(position - nodes.begin());
  };
  return values.at(index(row) * nodes.size() + index(column));
}

void Topology::Deleter::operator()(hwloc_topology* handle) const noexcept {
  hwloc_topology_destroy(handle);
}

Topology::Topology(Handle handle, Origin origin, std::string spec)
    : handle_(std::move(handle)), origin_(origin), spec_(std::move(spec)) {
  read_pus();
  read_memory();
  read_distances();
}

void Topology::read_pus() {
  std::vector<Pu> all;
  std::map<unsigned, unsigned> used_of_core;
  const auto* const allowed = hwloc_topology_get_allowed_cpuset(native());
  for (hwloc_obj_t pu = hwloc_get_next_obj_by_type(native(), HWLOC_OBJ_PU, nullptr); pu != nullptr;
       pu = hwloc_get_next_obj_by_type(native(), HWLOC_OBJ_PU, pu)) {
    all.push_back(describe(native(), pu));
    if (hwloc_bitmap_isset(allowed, pu->os_index) != 0) {
      pus_.push_back(all.back());
      pus_.back().smt_rank = used_of_core[pus_.back().core]++;
      smt_width_ = std::max(smt_width_, used_of_core[pus_.back().core]);
    }
  }
  if (pus_.empty()) {
    throw RequestError(fmt::format("topology {} allows no CPU", spec_));
  }
  machine_ = span_of(all);
  allowed_ = span_of(pus_);
}

void Topology::read_memory() {
  const auto* const allowed = hwloc_topology_get_allowed_nodeset(native());
  for (hwloc_obj_t node = hwloc_get_next_obj_by_type(native(), HWLOC_OBJ_NUMANODE, nullptr);
       node != nullptr; node = hwloc_get_next_obj_by_type(native(), HWLOC_OBJ_NUMANODE, node)) {
    if (hwloc_bitmap_isset(allowed, node->os_index) != 0) {
      memory_.push_back({node->os_index, node->attr->numanode.local_memory,
                         hwloc_bitmap_iszero(node->cpuset) == 0});
    }
  }
  std::sort(memory_.begin(), memory_.end(),
            [](const MemoryNode& a, const MemoryNode& b) { return a.os < b.os; });
}

void Topology::read_distances() {
  // Linux and hwloc's XML both carry the firmware's matrix under this name.
  unsigned found = 1;
  hwloc_distances_s* matrix = nullptr;
  if (hwloc_distances_get_by_name(native(), "NUMALatency", &found, &matrix, 0) != 0 || found == 0) {
    return;
  }
  NodeDistances distances;
  for (unsigned i = 0; i < matrix->nbobjs; ++i) {
    distances.nodes.push_back(matrix->objs[i]->os_index);
  }
  distances.values.assign(matrix->values,
                          matrix->values + std::size_t{matrix->nbobjs} * matrix->nbobjs);
  hwloc_distances_release(native(), matrix);
  distances_ = std::move(distances);
}

const Pu* Topology::find(unsigned os) const noexcept {
  const auto found =
      std::find_if(pus_.begin(), pus_.end(), [os](const Pu& pu) { return pu.os == os; });
  return found == pus_.end() ? nullptr : &*found;
}

bool Topology::exists(unsigned os) const {
  return hwloc_get_pu_obj_by_os_index(native(), os) != nullptr;
}

std::string Topology::allowed_cpuset() const {
  return detail::list_of(hwloc_topology_get_allowed_cpuset(native()));
}

std::string Topology::machine_cpuset() const {
  return detail::list_of(hwloc_topology_get_topology_cpuset(native()));
}

std::string Topology::to_xml() const {
  char* text = nullptr;
  int length = 0;
  if (hwloc_topology_export_xmlbuffer(native(), &text, &length, 0) != 0) {
    throw EnvironmentError("hwloc cannot export the topology as XML");
  }
  // The length counts the terminating zero.
  std::string xml(text);
  hwloc_free_xmlbuffer(native(), text);
  return xml;
}

std::string_view to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::machine:
      return "machine";
    case Origin::synthetic:
      return "synthetic";
    case Origin::xml:
      return "xml";
  }
  return "unknown";
}

}  // namespace getput::topology
