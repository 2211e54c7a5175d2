// SPDX-License-Identifier: MIT
// A guard that a thread may hold several of: the first one enters, the last one leaves.
#pragma once

namespace getput::machine {

/// Owner::enter() makes the calling thread known, and may throw: then no guard is held, and the
/// next one enters again. Owner::leave() undoes it. @p Owner names both publicly.
template <class Owner>
class NestingGuard {
 public:
  [[nodiscard]] NestingGuard() {
    if (depth_ == 0)
      Owner::enter();
    ++depth_;
  }
  ~NestingGuard() {
    if (--depth_ == 0)
      Owner::leave();
  }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;

 private:
  static inline thread_local constinit unsigned depth_ = 0;
};

}  // namespace getput::machine
