// SPDX-License-Identifier: MIT
#include "tests/schemes/contract/cpus.hpp"

#include <sched.h>

#include <array>

namespace getput::contract {
namespace {

// Room for 8192 CPUs, the most that Linux can be built for.
constexpr int kMaxCpus = 8192;
using Mask = std::array<cpu_set_t, kMaxCpus / CPU_SETSIZE>;

bool set(int tid, const std::vector<int>& cpus) {
  Mask mask{};
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), sizeof(mask), mask.data());
  return sched_setaffinity(tid, sizeof(mask), mask.data()) == 0;
}

}  // namespace

const std::vector<int>& allowed_cpus() {
  static const std::vector<int> cpus = [] {
    std::vector<int> found;
    Mask mask{};
    if (sched_getaffinity(0, sizeof(mask), mask.data()) == 0)
      for (int cpu = 0; cpu < kMaxCpus; ++cpu)
        if (CPU_ISSET_S(static_cast<std::size_t>(cpu), sizeof(mask), mask.data()))
          found.push_back(cpu);
    return found;
  }();
  return cpus;
}

bool pin(int tid, int cpu) {
  allowed_cpus();
  return set(tid, {cpu});
}

void unpin(int tid) {
  set(tid, allowed_cpus());
}

bool can_migrate() {
  static const bool possible = allowed_cpus().size() > 1 && set(0, allowed_cpus());
  return possible;
}

}  // namespace getput::contract
