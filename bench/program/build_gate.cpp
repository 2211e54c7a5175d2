// SPDX-License-Identifier: MIT
#include "bench/program/build_gate.hpp"

#include "bench/engine/errors.hpp"
#include "build_info.hpp"

namespace getput::bench {
namespace {

// Asked of the compiler as well as of the build system: flags come in by many ways.
constexpr bool sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#elif defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||
         __has_feature(memory_sanitizer);
#else
  return false;
#endif
}

constexpr bool optimised() {
#if defined(__OPTIMIZE__) && defined(NDEBUG)
  return true;
#else
  return false;
#endif
}

}  // namespace

std::string unfit_for_results() {
  if (!build_info::sanitizer.empty()) {
    return "built with -fsanitize=" + std::string(build_info::sanitizer);
  }
  if (sanitized()) {
    return "built with a sanitizer";
  }
  if (!optimised()) {
    return "built as " +
           (build_info::build_type.empty() ? "an unnamed build type"
                                           : std::string(build_info::build_type)) +
           ", without optimisation or with assertions";
  }
  return {};
}

void require_fit_for_results() {
  if (const std::string why = unfit_for_results(); !why.empty()) {
    throw EnvironmentError("this binary writes no results: it was " + why +
                           "; build with the preset release");
  }
}

}  // namespace getput::bench
