// SPDX-License-Identifier: MIT
// Errors of the machine layer. Constructors throw them; get and put never do.
#pragma once

#include <stdexcept>
#include <string>

namespace getput::machine {

/// The kernel, libc or container lacks a primitive that the scheme needs. what() says which.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Per-CPU or per-thread counter memory cannot grow. what() names the limit and the remedy.
struct OutOfSlots : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace getput::machine
