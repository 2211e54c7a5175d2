// SPDX-License-Identifier: MIT
// Errors of the machine layer. Constructors throw them; get and put never do.
#pragma once

#include <cstdio>
#include <cstdlib>
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

/// Throws E(@p what). In code compiled with -fno-exceptions: prints it and aborts. A program whose
/// units differ in that gets one or the other, because the linker keeps one copy of the callers.
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const std::string& what) {
#if defined(__cpp_exceptions)
  throw E(what);
#else
  std::fprintf(stderr, "getput: %s\n", what.c_str());
  std::abort();
#endif
}

}  // namespace getput::machine
