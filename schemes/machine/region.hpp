// SPDX-License-Identifier: MIT
// Memory for counters: whole pages that never move, each CPU's on its own NUMA node.
#pragma once

#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/resource.h>
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

/// The limits that can be the reason for @p error of mmap(), as a remedy.
inline std::string remedy_of_mmap(int error) {
  if (error == EAGAIN)
    return "raise the limit on locked memory (ulimit -l)";
  std::string remedy = "free memory";
  const auto name_if_set = [&remedy](int resource, const char* text) {
    rlimit limit{};
    if (getrlimit(static_cast<decltype(RLIMIT_AS)>(resource), &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY)
      remedy += text;
  };
  name_if_set(RLIMIT_AS, ", or raise the limit on address space (ulimit -v)");
  name_if_set(RLIMIT_DATA, ", or raise the limit on data (ulimit -d)");
  return remedy + ", or raise the container's or overcommit limit";
}

/// @p bytes of zero-filled memory; a page takes up memory from its first write. Throws OutOfSlots.
inline char* map_region(std::size_t bytes, const char* what) {
  void* const p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    const int error = errno;
    fail<OutOfSlots>(std::string("cannot grow ") + what + " by " + std::to_string(bytes >> 10) +
                     " KiB: " + std::strerror(error) + "; " + remedy_of_mmap(error));
  }
  return static_cast<char*>(p);
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
