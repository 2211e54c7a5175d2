// SPDX-License-Identifier: MIT
#include "tests/schemes/contract/effort.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace getput::contract {

#if defined(GETPUT_DEFAULT_SCALE)
static constexpr double kDefaultScale = GETPUT_DEFAULT_SCALE;
#else
static constexpr double kDefaultScale = 1.0;
#endif

double scale() {
  static const double value = [] {
    const char* text = std::getenv("GETPUT_TEST_SCALE");
    if (text == nullptr || *text == '\0')
      return kDefaultScale;
    char* end = nullptr;
    const double parsed = std::strtod(text, &end);
    if (*end != '\0' || !(parsed > 0) || parsed > 1e6) {
      std::fprintf(stderr, "GETPUT_TEST_SCALE=%s: give a number above 0, for example 0.1\n", text);
      std::exit(2);
    }
    return parsed;
  }();
  return value;
}

long times(long n) {
  const double wanted = static_cast<double>(n) * scale() / (kSanitized ? 10 : 1);
  return std::max(1L, static_cast<long>(wanted));
}

milliseconds burst() {
  return milliseconds(std::max(20L, static_cast<long>(60 * scale())));
}

milliseconds hunt() {
  return milliseconds(static_cast<long>(60000 * std::max(1.0, scale())));
}

namespace {
milliseconds patience_limit{kSanitized ? 60000 : 30000};
}

milliseconds patience() {
  return patience_limit;
}

void set_patience(milliseconds limit) {
  patience_limit = limit;
}

}  // namespace getput::contract
