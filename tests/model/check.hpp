// SPDX-License-Identifier: MIT
// A check of one scheme, and how it becomes a test.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/model/engine.hpp"

namespace getput::model {

struct Check {
  std::string_view name;
  bool applies;  ///< to this scheme, as its SchemeInfo has it
  Plan plan;
  /// What a failure may say that has to be seen; empty: none may be.
  std::vector<std::string_view> admitted = {};
};

/// A claim of SchemeInfo with another value than the scheme's, and the checks that it brings.
struct Flip {
  std::string name;
  std::vector<Check> checks;
};

/// Makes a test of every check that applies. Returns how many there are.
int register_checks(std::string_view scheme, const std::vector<Check>& checks);

/// Makes one test of all flips: each is caught by one of its checks. That needs no broken scheme: a
/// wrong claim about a right scheme is one that the checks have to tell. Returns 1.
int register_flips(std::string_view scheme, const std::vector<Flip>& flips);

}  // namespace getput::model
