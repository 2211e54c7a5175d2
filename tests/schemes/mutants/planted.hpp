// SPDX-License-Identifier: MIT
// Bugs planted in schemes, each of which one contract check has to catch. A file
// <something>_mutants_test.cpp of this folder lists some:
//
//   [[maybe_unused]] const int planted = plant({
//       GETPUT_PLANTED("no_wake", last_put_wakes_remover, AtomicBase<NoWake>),
//   });
//
// The tests are named Planted/atomic_base.no_wake; tests/mutants/run.py reads them from there.
#pragma once

#include <initializer_list>

#include "schemes/machine/native.hpp"
#include "schemes/scheme.hpp"
#include "tests/schemes/contract/verdict.hpp"
#include "tests/schemes/mutants/machines.hpp"

namespace getput::mutants {

struct Mutant {
  const SchemeInfo* scheme;
  const char* bug;
  const char* check;
  contract::Verdict (*run)();
  const char* repeats;  ///< the historical bug, or ""
};

/// Makes a test of each. Returns how many.
int plant(std::initializer_list<Mutant> mutants);

}  // namespace getput::mutants

/// GETPUT_PLANTED(bug, check, Scheme<BrokenMachine> or Broken<Scheme>)
#define GETPUT_PLANTED(bug, check, ...)                      \
  ::getput::mutants::Mutant {                                \
    &__VA_ARGS__::info, bug, #check, &check<__VA_ARGS__>, "" \
  }
/// ... with the historical bug that it repeats, which begins with the commit where there is one.
#define GETPUT_PLANTED_AGAIN(repeats, bug, check, ...)            \
  ::getput::mutants::Mutant {                                     \
    &__VA_ARGS__::info, bug, #check, &check<__VA_ARGS__>, repeats \
  }
