// SPDX-License-Identifier: MIT
// Releases percpu_refs whose end no thread knows: managed mode.
//
// What: a managed reference is never killed. A thread of the program calls scan() now and then; it
// releases each object that no reference but the initial one is left of. Gets and puts stay per-CPU
// between scans, so that an object which is still in use after its creator has let go costs no
// atomic counter.
//
// Where from: "Managed Percpu Refcount" for AppArmor's labels, Neeraj Upadhyay, RFC of September
// 2024 (PERCPU_REF_REL_MANAGED, percpu_ref_switch_to_managed()). There a kernel worker scans at
// most 100 references every 5 seconds; here the program decides when and on which thread.
//
// Cost: one membarrier per reference and scan; while it lasts, its gets and puts are atomic. An
// object is released up to one round of scans after its last put.
//
// Limits: a managed reference must not be killed. An object that other threads look up and try_get
// must be freed by RCU or the like, as with any reference count: the release function runs while
// they may be about to try.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>

#include "../machine/native.hpp"
#include "percpu_ref.hpp"

namespace getput {

template <class M = machine::Native>
class PercpuRefManager {
 public:
  using Ref = PercpuRef<M>;
  static constexpr std::size_t kMostPerScan = 100;

  /// percpu_ref_switch_to_managed: by any thread, in a release function too. @p ref is alive.
  void add(Ref& ref) {
    const std::lock_guard lock(lock_);
    managed_.push_back(&ref);
  }

  /// percpu_ref_switch_to_unmanaged: from then on @p ref may be killed. Not during a scan.
  void remove(Ref& ref) {
    const std::lock_guard lock(lock_);
    std::erase(managed_, &ref);
  }

  /// Scans the next @p most references, by one thread at a time. Returns how many were released.
  std::size_t scan(std::size_t most = kMostPerScan) {
    std::size_t released = 0;
    for (std::size_t left = std::min(most, size()); left != 0; --left) {
      Ref& ref = next();
      if (ref.release_if_unused())
        ++released;
      else
        add(ref);
    }
    return released;
  }

  std::size_t size() const {
    const std::lock_guard lock(lock_);
    return managed_.size();
  }

 private:
  Ref& next() {
    const std::lock_guard lock(lock_);
    Ref* const ref = managed_.front();
    managed_.pop_front();
    return *ref;
  }

  mutable typename M::SpinLock lock_;
  std::deque<Ref*> managed_;
};

}  // namespace getput
