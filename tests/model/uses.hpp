// SPDX-License-Identifier: MIT
// What a scheme uses of its machine, noted while it runs: SchemeInfo says what it needs of the
// kernel, and the constructor has to ask for it.
#pragma once

#include "schemes/scheme.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

struct Uses {
  bool asked = false;            ///< M::require(), before anything else
  bool sections = false;         ///< rseq
  bool counted_per_cpu = false;  ///< a section was not refused
  bool thread_words = false;
  unsigned entered = 0;   ///< a bit for each thread that took a lock or began a read-side section
  bool barriers = false;  ///< membarrier, by the scheme itself
  bool light_barriers = false;  ///< the side of the asymmetric barrier that is none
  bool sleeps = false;          ///< M::wait(): its membarrier, for puts without a fence
  bool stops_machine = false;
  bool warning_expected = false;  ///< the scenario breaks the contract on purpose
  bool warned = false;            ///< M::warn_once()

  void enters() {
    if (in_execution())
      entered |= 1U << self();
  }

  bool rseq() const { return sections; }
  bool membarrier() const {
    return barriers || light_barriers || ((sections || thread_words) && sleeps);
  }
};

/// Of the execution under way.
inline Uses uses;

}  // namespace getput::model
