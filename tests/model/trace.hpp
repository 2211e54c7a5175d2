// SPDX-License-Identifier: MIT
// A failing execution as a person reads it.
#pragma once

#include <string>

namespace getput::model {

/// The verdict and the steps of Relacy's report, one a line: thread, what, source line. Addresses
/// become short names; the construction of the scenario is left out.
std::string readable(const std::string& report);

}  // namespace getput::model
