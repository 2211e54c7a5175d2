// SPDX-License-Identifier: MIT
#include "topology/memory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hwloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "topology/bitmap.hpp"

namespace getput::topology {
namespace {

constexpr std::array<std::pair<std::string_view, MemoryKind>, 3> kNames{{
    {"local", MemoryKind::local},
    {"interleave", MemoryKind::interleave},
    {"remote", MemoryKind::remote},
}};
constexpr std::string_view kNodePrefix = "node:";

std::vector<unsigned> all_nodes(const Topology& topology) {
  std::vector<unsigned> nodes;
  for (const MemoryNode& node : topology.memory_nodes()) {
    nodes.push_back(node.os);
  }
  return nodes;
}

unsigned node_of(const Topology& topology, unsigned pu) {
  const Pu* found = topology.find(pu);
  if (found == nullptr) {
    throw RequestError(fmt::format("memory for CPU {}: it is not among the allowed CPUs {}", pu,
                                   topology.allowed_cpuset()));
  }
  return found->node_os;
}

void require_node(const Topology& topology, unsigned node, std::string_view what) {
  const std::vector<unsigned> nodes = all_nodes(topology);
  if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) {
    throw RequestError(
        fmt::format("memory {}: NUMA node {} is not there or not allowed; allowed: {}", what, node,
                    fmt::join(nodes, ",")));
  }
}

[[noreturn]] void not_measured(std::size_t nodes) {
  throw EnvironmentError(fmt::format("not measured: {} NUMA node{}", nodes, nodes == 1 ? "" : "s"));
}

unsigned farthest_node(const Topology& topology, unsigned from) {
  std::vector<unsigned> others;
  for (const MemoryNode& node : topology.memory_nodes()) {
    if (node.has_cpus && node.os != from) {
      others.push_back(node.os);
    }
  }
  if (others.empty()) {
    not_measured(1);
  }
  if (!topology.distances()) {
    const auto next = std::upper_bound(others.begin(), others.end(), from);
    return next == others.end() ? others.front() : *next;
  }
  return *std::max_element(others.begin(), others.end(), [&](unsigned a, unsigned b) {
    return topology.distances()->between(from, a).value_or(0) <
           topology.distances()->between(from, b).value_or(0);
  });
}

std::size_t page_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t whole_pages(std::size_t bytes) {
  const std::size_t page = page_bytes();
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) {
    throw RequestError(fmt::format("memory: {} bytes cannot be allocated", bytes));
  }
  return std::max<std::size_t>((bytes + page - 1) / page, 1) * page;
}

detail::Bitmap bitmap_of(const std::vector<unsigned>& nodes) {
  detail::Bitmap bitmap;
  for (const unsigned node : nodes) {
    hwloc_bitmap_set(bitmap.get(), node);
  }
  return bitmap;
}

/// Binds untouched pages. Where there is one node only, a refusal (containers forbid mbind) does
/// not matter: no page can be anywhere else.
void bind(const Topology& topology, void* data, std::size_t bytes,
          const std::vector<unsigned>& nodes, MemoryKind kind) {
  const bool interleave = kind == MemoryKind::interleave;
  if (interleave) {
    // Huge pages would interleave by 2 MiB; refused only by kernels without huge pages.
    madvise(data, bytes, MADV_NOHUGEPAGE);
  }
  const detail::Bitmap set = bitmap_of(nodes);
  if (hwloc_set_area_membind(topology.native(), data, bytes, set.get(),
                             interleave ? HWLOC_MEMBIND_INTERLEAVE : HWLOC_MEMBIND_BIND,
                             HWLOC_MEMBIND_STRICT | HWLOC_MEMBIND_BYNODESET) != 0 &&
      topology.memory_nodes().size() > 1) {
    throw EnvironmentError(
        fmt::format("memory cannot be bound to NUMA node {}: {}; in a container allow mbind "
                    "(--cap-add SYS_NICE)",
                    fmt::join(nodes, ","), std::strerror(errno)));
  }
}

/// Throws unless the pages are on the nodes wanted: on no other, and interleaved ones on all.
void verify(const std::vector<unsigned>& wanted, const std::vector<unsigned>& found,
            std::size_t pages) {
  const bool inside = std::includes(wanted.begin(), wanted.end(), found.begin(), found.end());
  if (!inside || found.size() != std::min(wanted.size(), pages)) {
    throw EnvironmentError(fmt::format(
        "memory bound to NUMA node {} lies on node {}; is that node out of memory?",
        fmt::join(wanted, ","),
        found.empty() ? "(the kernel does not tell)" : fmt::format("{}", fmt::join(found, ","))));
  }
}

}  // namespace

MemoryPolicy parse_memory(std::string_view text) {
  for (const auto& [name, kind] : kNames) {
    if (name == text) {
      return {kind, 0};
    }
  }
  if (text.starts_with(kNodePrefix)) {
    const std::string_view digits = text.substr(kNodePrefix.size());
    const char* const end = digits.data() + digits.size();
    MemoryPolicy policy{MemoryKind::node, 0};
    const auto [stop, error] = std::from_chars(digits.data(), end, policy.node);
    if (!digits.empty() && error == std::errc{} && stop == end) {
      return policy;
    }
  }
  throw RequestError(fmt::format(
      "unknown memory policy \"{}\"; known: local, interleave, remote, node:K (for example node:0)",
      text));
}

std::string to_string(const MemoryPolicy& policy) {
  for (const auto& [name, kind] : kNames) {
    if (kind == policy.kind) {
      return std::string(name);
    }
  }
  return fmt::format("{}{}", kNodePrefix, policy.node);
}

std::vector<unsigned> nodes_for(const Topology& topology, const MemoryPolicy& policy, unsigned pu) {
  const unsigned home = node_of(topology, pu);
  switch (policy.kind) {
    case MemoryKind::local:
      require_node(topology, home, "local");
      return {home};
    case MemoryKind::interleave:
      if (topology.memory_nodes().size() < 2) {
        not_measured(topology.memory_nodes().size());
      }
      return all_nodes(topology);
    case MemoryKind::node:
      require_node(topology, policy.node, to_string(policy));
      return {policy.node};
    case MemoryKind::remote:
      return {farthest_node(topology, home)};
  }
  throw RequestError("memory policy out of range");
}

std::vector<unsigned> nodes_of(const Topology& topology, const void* begin, std::size_t bytes) {
  const detail::Bitmap found;
  std::vector<unsigned> nodes;
  if (topology.origin() != Origin::machine ||
      hwloc_get_area_memlocation(topology.native(), begin, bytes, found.get(),
                                 HWLOC_MEMBIND_BYNODESET) != 0) {
    return nodes;
  }
  for (int node = hwloc_bitmap_first(found.get()); node >= 0;
       node = hwloc_bitmap_next(found.get(), node)) {
    nodes.push_back(static_cast<unsigned>(node));
  }
  return nodes;
}

BoundMemory::BoundMemory(const Topology& topology, std::size_t bytes, const MemoryPolicy& policy,
                         unsigned pu)
    : handle_(topology.native()), size_(whole_pages(bytes)) {
  if (topology.origin() != Origin::machine) {
    throw RequestError(fmt::format("memory cannot be bound on the {} topology \"{}\"",
                                   topology::to_string(topology.origin()), topology.spec()));
  }
  const std::vector<unsigned> wanted = nodes_for(topology, policy, pu);
  void* const data = hwloc_alloc(topology.native(), size_);
  if (data == nullptr) {
    throw EnvironmentError(
        fmt::format("memory: {} bytes cannot be allocated: {}", size_, std::strerror(errno)));
  }
  try {
    bind(topology, data, size_, wanted, policy.kind);
    std::memset(data, 0, size_);
    nodes_ = nodes_of(topology, data, size_);
    if (nodes_.empty() && topology.memory_nodes().size() == 1) {
      nodes_ = wanted;  // not told, but there is no other node
    }
    verify(wanted, nodes_, size_ / page_bytes());
  } catch (...) {
    hwloc_free(topology.native(), data, size_);
    throw;
  }
  data_ = static_cast<std::byte*>(data);
}

BoundMemory::BoundMemory(BoundMemory&& other) noexcept
    : handle_(other.handle_),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      nodes_(std::move(other.nodes_)) {
}

BoundMemory::~BoundMemory() {
  if (data_ != nullptr) {
    hwloc_free(handle_, data_, size_);
  }
}

}  // namespace getput::topology
