// SPDX-License-Identifier: MIT
// The machines that the tests plan for, none of which need be at hand.
#pragma once

#include <gtest/gtest.h>
#include <hwloc.h>
#include <hwloc/cpukinds.h>
#include <hwloc/distances.h>
#include <hwloc/export.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "topology/topology.hpp"

namespace getput::topology::test {

/// A file that goes away with the object.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& suffix, const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("getput-topology-" + std::to_string(getpid()) + "-" + std::to_string(next()) +
               suffix)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static int next() {
    static int count = 0;
    return count++;
  }
  std::filesystem::path path_;
};

/// A synthetic machine, changed by hwloc's own calls, saved as XML and loaded again: the way to
/// what a synthetic string cannot say (CPU kinds, distances, disallowed CPUs).
inline Topology changed(const std::string& synthetic,
                        const std::function<void(hwloc_topology_t)>& change) {
  hwloc_topology_t topology = nullptr;
  EXPECT_EQ(hwloc_topology_init(&topology), 0);
  EXPECT_EQ(hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
  EXPECT_EQ(hwloc_topology_set_synthetic(topology, synthetic.c_str()), 0);
  EXPECT_EQ(hwloc_topology_load(topology), 0);
  change(topology);
  char* text = nullptr;
  int length = 0;
  EXPECT_EQ(hwloc_topology_export_xmlbuffer(topology, &text, &length, 0), 0);
  const TemporaryFile file(".xml", text);
  hwloc_free_xmlbuffer(topology, text);
  hwloc_topology_destroy(topology);
  return Topology::from_xml(file.path());
}

/// A bitmap from "0-3,8", freed by the caller's scope.
class Cpus {
 public:
  explicit Cpus(const char* list) : bitmap_(hwloc_bitmap_alloc()) {
    hwloc_bitmap_list_sscanf(bitmap_, list);
  }
  ~Cpus() { hwloc_bitmap_free(bitmap_); }
  Cpus(const Cpus&) = delete;
  Cpus& operator=(const Cpus&) = delete;
  [[nodiscard]] hwloc_bitmap_t get() const { return bitmap_; }

 private:
  hwloc_bitmap_t bitmap_;
};

/// Marks all but these CPUs as not allowed, as a cgroup does.
inline Topology allowing(const std::string& synthetic, const char* cpus) {
  return changed(synthetic, [cpus](hwloc_topology_t topology) {
    EXPECT_EQ(hwloc_topology_allow(topology, Cpus(cpus).get(), nullptr, HWLOC_ALLOW_FLAG_CUSTOM),
              0);
  });
}

inline Topology one_socket() {
  return Topology::from_synthetic("pack:1 l3:1 core:4 pu:1");
}

/// 2 packages x 64 cores x 2 siblings, 8 cores an L3, numbered as Linux does on such machines:
/// CPU c and CPU c+128 are siblings, so kernel numbers are not logical indexes.
inline Topology two_sockets_smt() {
  return Topology::from_synthetic("pack:2 [numa] l3:8 core:8 pu:2(indexes=2*128:128*1)");
}

/// 2 packages with 4 nodes each (SNC-4 or NPS4), 1 L3 a node, 4 cores.
inline Topology eight_nodes() {
  return Topology::from_synthetic("pack:2 l3:4 [numa] core:4 pu:1");
}

inline Topology four_nodes_without_smt() {
  return Topology::from_synthetic("pack:4 [numa] l3:1 core:6 pu:1");
}

/// As an Intel hybrid: CPUs 0-7 are 4 cores with 2 siblings (fast), CPUs 8-15 single (slow).
/// `forced` is what is registered as efficiency of the fast ones; -1: left unranked.
inline Topology hybrid(int slow = 0, int fast = 1) {
  return changed("pack:1 [numa] l3:1 core:12 pu:2", [=](hwloc_topology_t topology) {
    EXPECT_EQ(hwloc_topology_restrict(topology, Cpus("0-7,8,10,12,14,16,18,20,22").get(), 0), 0);
    EXPECT_EQ(hwloc_cpukinds_register(topology, Cpus("0-7").get(), fast, 0, nullptr, 0), 0);
    EXPECT_EQ(hwloc_cpukinds_register(topology, Cpus("8,10,12,14,16,18,20,22").get(), slow, 0,
                                      nullptr, 0),
              0);
  });
}

/// 4 nodes in a ring with the firmware's distances: 0 and 2 are farthest apart, as are 1 and 3.
inline Topology ring_of_nodes() {
  return changed("pack:4 [numa] core:2 pu:1", [](hwloc_topology_t topology) {
    std::vector<hwloc_obj_t> nodes;
    std::vector<hwloc_uint64_t> values;
    for (unsigned from = 0; from < 4; ++from) {
      nodes.push_back(hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, from));
      for (unsigned to = 0; to < 4; ++to) {
        values.push_back(from == to ? 10 : ((from + to) % 2 == 0 ? 30 : 20));
      }
    }
    auto* const handle = hwloc_distances_add_create(
        topology, "NUMALatency", HWLOC_DISTANCES_KIND_FROM_OS | HWLOC_DISTANCES_KIND_MEANS_LATENCY,
        0);
    ASSERT_NE(handle, nullptr);
    ASSERT_EQ(hwloc_distances_add_values(topology, handle, 4, nodes.data(), values.data(), 0), 0);
    ASSERT_EQ(hwloc_distances_add_commit(topology, handle, 0), 0);
  });
}

/// Runs the statement, returns what the error said; empty when it threw none of that type.
template <class ErrorType, class Statement>
std::string message_of(Statement&& statement) {
  try {
    statement();
  } catch (const ErrorType& error) {
    return error.what();
  }
  return {};
}

}  // namespace getput::topology::test
