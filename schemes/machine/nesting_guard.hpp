// SPDX-License-Identifier: MIT
// A guard that a thread may hold several of: the first one enters, the last one leaves. It counts
// by thread, not by image: a program and its shared library may both hold one.
#pragma once

#include "thread_wide.hpp"

namespace getput::machine {

/// Owner::enter() makes the calling thread known, and may throw: then no guard is held, and the
/// next one enters again. Owner::leave() undoes it. @p Owner names both publicly, and itself by
/// Owner::kGuardName.
template <class Owner>
class NestingGuard {
  struct Depth {
    static constexpr const char* kName = Owner::kGuardName;
    // A thread that ended with a guard has not left.
    bool may_pass_on() const noexcept { return guards == 0; }
    unsigned guards = 0;
  };

 public:
  [[nodiscard]] NestingGuard() {
    unsigned& guards = ThreadWide<Depth>::mine().guards;
    if (guards == 0)
      Owner::enter();
    ++guards;
  }
  ~NestingGuard() {
    if (--ThreadWide<Depth>::mine().guards == 0)
      Owner::leave();
  }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;
};

}  // namespace getput::machine
