// SPDX-License-Identifier: MIT
// Which NUMA node memory lies on, and the proof that it does.
//
//   local       the node of the CPU that uses it
//   interleave  page by page over all allowed nodes
//   node:K      the node with the kernel's number K
//   remote      the allowed node with CPUs that is farthest from the CPU that uses it, by the
//               firmware's distances (ties: the lowest number); without distances, the next node
//
// Nothing is emulated: on one NUMA node interleave and remote are refused with the words
// "not measured: 1 NUMA node". Memory is bound strictly, touched, and then the kernel is asked
// where the pages are; an answer that differs is an error, not a warning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/topology.hpp"

namespace getput::topology {

enum class MemoryKind : std::uint8_t { local, interleave, node, remote };

/// A parsed memory policy; `node` counts only with MemoryKind::node.
struct MemoryPolicy {
  MemoryKind kind = MemoryKind::local;
  unsigned node = 0;

  friend bool operator==(const MemoryPolicy&, const MemoryPolicy&) = default;
};

/// "local", "interleave", "remote" or "node:K". Throws RequestError that lists them.
MemoryPolicy parse_memory(std::string_view text);
std::string to_string(const MemoryPolicy& policy);

/// The kernel's numbers of the nodes that the policy means for a user on CPU `pu`; pure. Throws
/// RequestError for a node or CPU that is not there, EnvironmentError where the machine has too
/// few nodes.
std::vector<unsigned> nodes_for(const Topology& topology, const MemoryPolicy& policy, unsigned pu);

/// Zeroed pages on the nodes of a policy, unmapped when the object goes.
class BoundMemory {
 public:
  /// Allocates at least `bytes` (whole pages, at least one), binds, touches and verifies. Throws
  /// as nodes_for(), and EnvironmentError where the kernel refuses or places pages elsewhere.
  /// The topology, or what it is moved to, must outlive the memory.
  BoundMemory(const Topology& topology, std::size_t bytes, const MemoryPolicy& policy, unsigned pu);

  BoundMemory(BoundMemory&& other) noexcept;
  BoundMemory(const BoundMemory&) = delete;
  BoundMemory& operator=(const BoundMemory&) = delete;
  BoundMemory& operator=(BoundMemory&&) = delete;
  ~BoundMemory();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// Where the pages are, as the kernel said after they were touched.
  [[nodiscard]] const std::vector<unsigned>& nodes() const noexcept { return nodes_; }

 private:
  hwloc_topology* handle_;  // not the Topology, which may be moved
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::vector<unsigned> nodes_;
};

/// The nodes that hold the touched pages of a range (kernel numbers, ascending); empty where the
/// kernel or a sandbox does not tell (move_pages refused). The running machine's topology only.
std::vector<unsigned> nodes_of(const Topology& topology, const void* begin, std::size_t bytes);

}  // namespace getput::topology
