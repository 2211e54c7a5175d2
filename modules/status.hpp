// SPDX-License-Identifier: MIT
// Outcome of a loader operation: the kernel's error number and one line for a person.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

namespace getput::modules {

/// Result of loading or removing a module. `code` is 0 or a negative errno, as the kernel's
/// init_module(2) and delete_module(2) return it; `message` names the module and the remedy.
struct [[nodiscard]] Status {
  int code = 0;
  std::string message;

  [[nodiscard]] bool ok() const noexcept { return code == 0; }
};

/// A Status for errno value `error` (positive, for example EBUSY).
inline Status failure(int error, std::string message) {
  return {-error, std::move(message)};
}

}  // namespace getput::modules
