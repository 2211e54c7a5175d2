// SPDX-License-Identifier: MIT
// How many CPU numbers there can be. Not how many CPUs: numbers may have gaps, and a container's
// cpuset of CPUs 6 and 7 still runs threads on number 7.
#pragma once

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <string_view>

#include "process_wide.hpp"

namespace getput::machine {

/// The highest number in a kernel CPU list such as "0-3,8-11", plus one; 0 if it holds none.
inline unsigned end_of_cpu_list(std::string_view list) noexcept {
  unsigned end = 0;
  unsigned number = 0;
  bool in_number = false;
  for (const char c : list) {
    in_number = c >= '0' && c <= '9';
    number = in_number ? number * 10 + static_cast<unsigned>(c - '0') : 0;
    if (in_number && number + 1 > end)
      end = number + 1;
  }
  return end;
}

/// Without sysfs: the size of the kernel's CPU masks, which is the bound rounded up to a word.
inline unsigned bits_of_kernel_cpu_mask() noexcept {
  std::array<unsigned long, 128> mask{};
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask.data());
  return bytes > 0 ? static_cast<unsigned>(bytes) * 8 : static_cast<unsigned>(sizeof(mask)) * 8;
}

/// The highest CPU number that this process sees now, plus one: of the CPUs it may run on, and of
/// the one that it runs on.
inline unsigned end_of_seen_cpus() noexcept {
  std::array<unsigned long, 128> mask{};
  const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask.data());
  const int here = sched_getcpu();
  unsigned end = here < 0 ? 0 : static_cast<unsigned>(here) + 1;
  constexpr unsigned kBits = 8 * sizeof(unsigned long);
  for (unsigned cpu = 0; bytes > 0 && cpu < static_cast<unsigned>(bytes) * 8; ++cpu)
    if ((mask[cpu / kBits] >> (cpu % kBits) & 1) != 0 && cpu + 1 > end)
      end = cpu + 1;
  return end;
}

/// What @p from_sysfs is good for: a container's file system may show a list of its own, which is
/// too short if this process sees higher numbers. The kernel's masks do not lie.
inline unsigned bound_of_cpus(unsigned from_sysfs, unsigned seen) noexcept {
  return from_sysfs != 0 && from_sysfs >= seen ? from_sysfs : bits_of_kernel_cpu_mask();
}

/// Found once, because memory is laid out by it.
struct PossibleCpus {
  static constexpr const char* kName = "possible CPUs";

  PossibleCpus() noexcept {
    std::ifstream file("/sys/devices/system/cpu/possible");
    std::string list;
    std::getline(file, list);
    end = bound_of_cpus(end_of_cpu_list(list), end_of_seen_cpus());
  }

  unsigned end;
};

/// Every CPU number that a thread can ever see is below this; counts CPUs that may be plugged in.
inline unsigned possible_cpus() noexcept {
  return ProcessWide<PossibleCpus>::get().end;
}

}  // namespace getput::machine
