// SPDX-License-Identifier: MIT
#include "topology/pin.hpp"

#include <fmt/format.h>
#include <hwloc.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "topology/bitmap.hpp"

namespace getput::topology {
namespace {

void require_this_machine(const Topology& topology) {
  if (topology.origin() != Origin::machine) {
    throw RequestError(fmt::format(
        "threads cannot be pinned on the {} topology \"{}\": it describes a machine, it is not "
        "this one; run without --getput_topology",
        to_string(topology.origin()), topology.spec()));
  }
}

void require_allowed(const Topology& topology, unsigned pu) {
  if (topology.find(pu) == nullptr) {
    throw RequestError(fmt::format("cannot pin to CPU {}: it {}; allowed here: {}", pu,
                                   topology.exists(pu)
                                       ? "is outside what this process may use (cpuset, affinity)"
                                       : "does not exist or is offline",
                                   topology.allowed_cpuset()));
  }
}

void require_last_location(const Topology& topology, unsigned pu) {
  const detail::Bitmap location;
  if (hwloc_get_last_cpu_location(topology.native(), location.get(), HWLOC_CPUBIND_THREAD) != 0) {
    throw EnvironmentError(
        fmt::format("pinned to CPU {}, but where the thread runs cannot be read: {}", pu,
                    std::strerror(errno)));
  }
  if (hwloc_bitmap_isequal(location.get(), detail::Bitmap::only(pu).get()) == 0 ||
      current_pu() != pu) {
    throw EnvironmentError(
        fmt::format("pinned to CPU {}, but the thread runs on CPU {}; the kernel or a sandbox "
                    "ignores affinity, nothing measured here would be valid",
                    pu, detail::list_of(location.get())));
  }
}

}  // namespace

void verify_pinned(const Topology& topology, unsigned pu) {
  require_this_machine(topology);
  const detail::Bitmap bound;
  if (hwloc_get_cpubind(topology.native(), bound.get(), HWLOC_CPUBIND_THREAD) != 0) {
    throw EnvironmentError(fmt::format("pinned to CPU {}, but the affinity cannot be read back: {}",
                                       pu, std::strerror(errno)));
  }
  if (hwloc_bitmap_isequal(bound.get(), detail::Bitmap::only(pu).get()) == 0) {
    throw EnvironmentError(fmt::format(
        "the thread is not pinned to CPU {}: the kernel says it may run on {}; a sandbox ignores "
        "affinity, or something else changed it",
        pu, detail::list_of(bound.get())));
  }
  require_last_location(topology, pu);
}

void pin_this_thread(const Topology& topology, unsigned pu) {
  require_this_machine(topology);
  require_allowed(topology, pu);
  if (hwloc_set_cpubind(topology.native(), detail::Bitmap::only(pu).get(),
                        HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) != 0) {
    throw EnvironmentError(fmt::format(
        "cannot pin to CPU {}: {}; is it online and in the cpuset still? allowed at start: {}", pu,
        std::strerror(errno), topology.allowed_cpuset()));
  }
  verify_pinned(topology, pu);
}

void unpin_this_thread(const Topology& topology) {
  require_this_machine(topology);
  if (hwloc_set_cpubind(topology.native(), hwloc_topology_get_allowed_cpuset(topology.native()),
                        HWLOC_CPUBIND_THREAD) != 0) {
    throw EnvironmentError(fmt::format("cannot unpin to CPUs {}: {}", topology.allowed_cpuset(),
                                       std::strerror(errno)));
  }
}

unsigned current_pu() {
  const int cpu = sched_getcpu();
  if (cpu < 0) {
    throw EnvironmentError(fmt::format(
        "sched_getcpu: {}; this kernel cannot say where a thread runs", std::strerror(errno)));
  }
  return static_cast<unsigned>(cpu);
}

}  // namespace getput::topology
