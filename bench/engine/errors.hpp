// SPDX-License-Identifier: MIT
// The two ways a run can be refused, and the exit codes every program of the suite uses.
#pragma once

#include <stdexcept>

namespace getput::bench {

inline constexpr int kExitDone = 0;
inline constexpr int kExitBadResult = 1;    ///< WRONG, or a check that failed
inline constexpr int kExitBadRequest = 2;   ///< the known names are in the message
inline constexpr int kExitEnvironment = 3;  ///< the remedy is in the message

/// The user asked for something that does not exist; the message lists what does.
struct RequestError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The machine does not allow it: pin refused, disk full, build not fit for results.
struct EnvironmentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace getput::bench
