// SPDX-License-Identifier: MIT
// How many CPU numbers there can be. Not how many CPUs: numbers may have gaps, and a container's
// cpuset of CPUs 6 and 7 still runs threads on number 7.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <string_view>

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

/// Every CPU number that a thread can ever see is below this; counts CPUs that may be plugged in.
inline unsigned possible_cpus() noexcept {
  static const unsigned end = [] {
    std::ifstream file("/sys/devices/system/cpu/possible");
    std::string list;
    std::getline(file, list);
    const unsigned from_sysfs = end_of_cpu_list(list);
    return from_sysfs != 0 ? from_sysfs : bits_of_kernel_cpu_mask();
  }();
  return end;
}

}  // namespace getput::machine
