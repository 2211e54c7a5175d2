// SPDX-License-Identifier: MIT
// How a topology comes into being: from the running machine, a synthetic string or an XML file.
#include <fmt/format.h>
#include <hwloc.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "topology/bitmap.hpp"
#include "topology/topology.hpp"

namespace getput::topology {
namespace {

// More than machines have. hwloc builds the children of one synthetic object in
// quadratic time, so "pu:100000000" would hang instead of fail.
constexpr std::uint64_t kMaxSyntheticPus = 4096;

/// The product of all arities in a synthetic string, saturating just above the limit. Attributes
/// "(...)" and attached memory "[...]" do not multiply.
std::uint64_t synthetic_pus(const std::string& description) {
  std::string levels;
  int nested = 0;
  for (const char c : description) {
    nested += (c == '(' || c == '[') ? 1 : 0;
    levels += nested > 0 ? ' ' : c;
    nested -= (c == ')' || c == ']') ? 1 : 0;
  }
  std::uint64_t product = 1;
  std::istringstream words(levels);
  for (std::string word; words >> word;) {
    const std::size_t colon = word.find(':');
    const std::string arity = colon == std::string::npos ? word : word.substr(colon + 1);
    const std::uint64_t factor = std::strtoull(arity.c_str(), nullptr, 0);
    if (factor > kMaxSyntheticPus || product * factor > kMaxSyntheticPus) {
      return kMaxSyntheticPus + 1;
    }
    product *= factor;
  }
  return product;
}

void require_same_major_version() {
  const unsigned runtime = hwloc_get_api_version();
  if ((runtime >> 16) != (HWLOC_API_VERSION >> 16)) {
    throw EnvironmentError(fmt::format(
        "hwloc: compiled against API {:#x}, found {:#x} at run time; rebuild, or install "
        "the Debian package libhwloc15",
        HWLOC_API_VERSION, runtime));
  }
}

/// Marks as allowed only what cgroup and affinity both grant. hwloc knows the cgroup; the affinity
/// (taskset, container runtimes) must be asked for: the calling thread's, as of the whole process
/// hwloc returns the union, which helper threads of sanitizers and allocators can widen.
void narrow_to_affinity(hwloc_topology_t topology) {
  detail::Bitmap bound;
  if (hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_THREAD) != 0) {
    throw EnvironmentError(
        fmt::format("the CPU affinity of this thread cannot be read: {}", std::strerror(errno)));
  }
  hwloc_bitmap_and(bound.get(), bound.get(), hwloc_topology_get_allowed_cpuset(topology));
  if (hwloc_bitmap_iszero(bound.get()) != 0) {
    throw EnvironmentError(fmt::format(
        "no CPU is both in the cgroup's cpuset ({}) and in the affinity of this thread; widen one",
        detail::list_of(hwloc_topology_get_allowed_cpuset(topology))));
  }
  if (hwloc_topology_allow(topology, bound.get(), nullptr, HWLOC_ALLOW_FLAG_CUSTOM) != 0) {
    throw EnvironmentError(fmt::format("hwloc cannot restrict itself to CPUs {}: {}",
                                       detail::list_of(bound.get()), std::strerror(errno)));
  }
}

void require_readable_file(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw RequestError(fmt::format(
        "topology file {}: {}; make one with `lstopo file.xml` on the machine to describe",
        file.string(), error ? error.message() : "not a regular file"));
  }
  if (!std::ifstream(file)) {
    throw RequestError(fmt::format("topology file {}: {}", file.string(), std::strerror(errno)));
  }
}

}  // namespace

Topology::Handle Topology::make_handle() {
  require_same_major_version();
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) {
    throw EnvironmentError(fmt::format("hwloc_topology_init: {}", std::strerror(errno)));
  }
  Handle handle(raw);
  if (hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) != 0) {
    throw EnvironmentError(fmt::format("hwloc_topology_set_flags: {}", std::strerror(errno)));
  }
  return handle;
}

Topology Topology::of_this_machine() {
  Handle handle = make_handle();
  if (hwloc_topology_load(handle.get()) != 0) {
    throw EnvironmentError(
        fmt::format("hwloc cannot read this machine: {}; is /sys mounted?", std::strerror(errno)));
  }
  if (hwloc_topology_is_thissystem(handle.get()) == 0) {
    throw EnvironmentError(
        "an environment variable (HWLOC_XMLFILE, HWLOC_SYNTHETIC, HWLOC_FSROOT or "
        "HWLOC_COMPONENTS) "
        "makes hwloc describe another machine; unset it, measurements need this one");
  }
  narrow_to_affinity(handle.get());
  hwloc_topology_refresh(handle.get());
  return {std::move(handle), Origin::machine, {}};
}

Topology Topology::from_synthetic(const std::string& description) {
  if (synthetic_pus(description) > kMaxSyntheticPus) {
    throw RequestError(
        fmt::format("synthetic topology \"{}\": more than {} CPUs", description, kMaxSyntheticPus));
  }
  Handle handle = make_handle();
  // hwloc takes an empty string for "one of everything"; here it is a forgotten argument.
  if (description.find_first_not_of(" \t\n") == std::string::npos ||
      hwloc_topology_set_synthetic(handle.get(), description.c_str()) != 0 ||
      hwloc_topology_load(handle.get()) != 0) {
    throw RequestError(
        fmt::format("synthetic topology \"{}\": hwloc does not understand it; write for example "
                    "\"pack:2 [numa] l3:2 core:4 pu:2\", or name a file that ends in .xml",
                    description));
  }
  return {std::move(handle), Origin::synthetic, description};
}

Topology Topology::from_xml(const std::filesystem::path& file) {
  require_readable_file(file);
  Handle handle = make_handle();
  if (hwloc_topology_set_xml(handle.get(), file.c_str()) != 0 ||
      hwloc_topology_load(handle.get()) != 0) {
    throw RequestError(
        fmt::format("topology file {}: not an hwloc XML that this hwloc {} can read; make one with "
                    "`lstopo file.xml` on the machine to describe",
                    file.string(), HWLOC_VERSION));
  }
  return {std::move(handle), Origin::xml, file.string()};
}

Topology Topology::from_spec(const std::string& spec) {
  if (spec.ends_with(".xml")) {
    return from_xml(spec);
  }
  return from_synthetic(spec);
}

}  // namespace getput::topology
