// SPDX-License-Identifier: MIT
// What can go wrong between a request ("four threads, one per NUMA node") and a machine.
//
// Two kinds, because a caller answers them differently: a RequestError is wrong on any machine or
// names something that is not there, so the known names are listed; an EnvironmentError is a fair
// request that this machine, or what the process may use of it, cannot serve. what() is one line
// that names the thing and the remedy, fit to be printed as it is.
#pragma once

#include <stdexcept>
#include <string>

namespace getput::topology {

/// Base of both; exit_code() is what a program ends with when nobody can do better.
class Error : public std::runtime_error {
 public:
  Error(const std::string& what, int exit_code) : std::runtime_error(what), exit_code_(exit_code) {}

  /// 2 bad request, 3 the environment does not allow it (docs/architecture.md).
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

/// The request itself is bad: unknown policy, CPU that is not there, more threads than CPUs.
class RequestError : public Error {
 public:
  explicit RequestError(const std::string& what) : Error(what, 2) {}
};

/// The machine or what we may use of it cannot do it: pin refused, one NUMA node, no SMT.
class EnvironmentError : public Error {
 public:
  explicit EnvironmentError(const std::string& what) : Error(what, 3) {}
};

}  // namespace getput::topology
