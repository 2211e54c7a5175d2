// SPDX-License-Identifier: MIT
// machine::SpinLock in the model. Who spins answers membarriers, as a spinning thread does.
#pragma once

#include "tests/model/cell.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/watch.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

class SpinLock {
 public:
  void lock(const Where& at = Where::current()) {
    const watch::Aside not_a_count;
    uses.enters();
    while (locked_.exchange(1, std::memory_order_acquire, at) != 0) let_others_run(at);
  }
  bool try_lock(const Where& at = Where::current()) {
    const watch::Aside not_a_count;
    return locked_.exchange(1, std::memory_order_acquire, at) == 0;
  }
  void unlock(const Where& at = Where::current()) {
    const watch::Aside not_a_count;
    locked_.store(0, std::memory_order_release, at);
    compiler_barrier();  // whatever may move before this stays behind lock()
  }

 private:
  Atomic<std::uint32_t> locked_{0};
};

}  // namespace getput::model
