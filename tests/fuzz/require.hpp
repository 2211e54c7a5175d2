// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <cstdlib>

namespace getput::fuzz {

/// Ends the process, as libFuzzer expects it of a finding, where a property does not hold.
inline void require(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace getput::fuzz
