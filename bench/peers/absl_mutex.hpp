// SPDX-License-Identifier: MIT
// absl_mutex: the reader side of absl::Mutex, and a live flag.
//
// What: try_get() is ReaderLock() and a check of the flag, put() is ReaderUnlock().
// Where from: abseil, absl/synchronization/mutex.h (Debian 12: libabsl-dev 20220623.1).
// Cost: two calls into the library and two locked instructions on one shared line.
// Deadlock detection is switched off for the process (SetMutexDeadlockDetectionMode): Debian builds
// abseil with assertions, so it is on there, costs most of a pair, and aborts where a thread takes
// the reader side of one mutex twice, which the contract allows. Abseil's release builds have it
// off. Ordering, limits and what the flag adds: reader_lock.hpp.
#pragma once

#include <absl/synchronization/mutex.h>

#include "bench/peers/reader_lock.hpp"

namespace getput {
namespace peers {

class AbslReaderLock {
 public:
  AbslReaderLock() {
    [[maybe_unused]] static const bool off =
        (absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore), true);
  }

  void lock_read() noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderLock(); }
  void unlock_read() noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.ReaderUnlock(); }
  bool try_lock_write() noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS { return mutex_.TryLock(); }
  void unlock_write() noexcept ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

 private:
  absl::Mutex mutex_;
};

}  // namespace peers

template <class M = machine::Native>
class AbslMutex : public peers::ReaderLock<M, peers::AbslReaderLock> {
  static constexpr SchemeInfo make_info() {
    SchemeInfo own = peers::reader_lock_info();
    own.name = "absl_mutex";
    own.summary = "the reader side of absl::Mutex, and a live flag";
    own.origin = "abseil 20220623, absl/synchronization/mutex.h";
    return own;
  }

 public:
  static constexpr SchemeInfo info = make_info();
};

}  // namespace getput
