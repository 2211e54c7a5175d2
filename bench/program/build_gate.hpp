// SPDX-License-Identifier: MIT
// May this build write results?
#pragma once

#include <string>

namespace getput::bench {

/// Empty for an optimised build without sanitizers, else what is wrong with it. Such a build lists
/// cells and runs the tests, but a number from it would mean nothing.
std::string unfit_for_results();

/// Throws EnvironmentError with unfit_for_results() and the remedy.
void require_fit_for_results();

}  // namespace getput::bench
