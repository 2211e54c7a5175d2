// SPDX-License-Identifier: MIT
// Address space that is reserved at once and becomes memory piece by piece: per-CPU and per-thread
// regions never move, so a counter's address never changes, and unused objects cost no memory.
#pragma once

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "errors.hpp"

namespace getput::machine {

/// Reserves @p bytes of address space, no memory. Throws OutOfSlots.
inline char* reserve_region(std::size_t bytes, const char* what) {
  void* p = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    fail<OutOfSlots>(std::string("cannot reserve ") + std::to_string(bytes >> 20) +
                     " MiB of address space for " + what + ": " + std::strerror(errno) +
                     "; raise the limit (ulimit -v)");
  return static_cast<char*>(p);
}

/// Makes [begin, begin + bytes) usable zero-filled memory. Throws OutOfSlots.
inline void commit_region(char* begin, std::size_t bytes, const char* what) {
  if (mprotect(begin, bytes, PROT_READ | PROT_WRITE) != 0)
    fail<OutOfSlots>(std::string("cannot grow ") + what + " by " + std::to_string(bytes >> 10) +
                     " KiB: " + std::strerror(errno) +
                     "; free memory, or raise the container's or overcommit limit");
}

/// The NUMA node of @p cpu as sysfs tells it, -1 where there is only one node or no sysfs.
inline int node_of_cpu(unsigned cpu) {
  std::error_code ignored;
  const std::filesystem::path dir = "/sys/devices/system/cpu/cpu" + std::to_string(cpu);
  for (std::filesystem::directory_iterator it(dir, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const std::string name = it->path().filename().string();
    if (name.size() > 4 && name.starts_with("node") && name[4] >= '0' && name[4] <= '9')
      return std::stoi(name.substr(4));
  }
  return -1;
}

/// Asks for the pages of [begin, begin + bytes) on @p node; no effect for node < 0. A refusal is
/// not an error: the kernel's first-touch policy then places the page where it is first written,
/// which for a per-CPU word is its own CPU.
inline void prefer_node(char* begin, std::size_t bytes, int node) noexcept {
  if (node < 0 || node >= 1024)
    return;
  unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {};
  constexpr std::size_t kBits = 8 * sizeof(unsigned long);
  mask[static_cast<std::size_t>(node) / kBits] = 1UL << (static_cast<std::size_t>(node) % kBits);
  (void)syscall(SYS_mbind, begin, bytes, MPOL_PREFERRED, mask, 1024UL, 0U);
}

}  // namespace getput::machine
