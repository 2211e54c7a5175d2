// SPDX-License-Identifier: MIT
// std_shared_mutex: the shared side of std::shared_mutex, and a live flag.
//
// What: try_get() is lock_shared() and a check of the flag, put() is unlock_shared().
// Where from: the C++ standard library; libstdc++ 12 calls glibc's pthread_rwlock_t.
// Cost: two calls into glibc and two locked instructions on one shared line.
// Ordering, limits and what the flag adds: reader_lock.hpp. The remover's try_lock() may run on a
// thread that holds the shared side. The standard leaves that undefined; glibc returns EBUSY.
#pragma once

#include <shared_mutex>
#include "bench/peers/reader_lock.hpp"

namespace getput {
namespace peers {

class StdReaderLock {
 public:
  void lock_read() noexcept { mutex_.lock_shared(); }
  void unlock_read() noexcept { mutex_.unlock_shared(); }
  bool try_lock_write() noexcept { return mutex_.try_lock(); }
  void unlock_write() noexcept { mutex_.unlock(); }

 private:
  std::shared_mutex mutex_;
};

}  // namespace peers

template <class M = machine::Native>
class StdSharedMutex : public peers::ReaderLock<M, peers::StdReaderLock> {
  static constexpr SchemeInfo make_info() {
    SchemeInfo own = peers::reader_lock_info();
    own.name = "std_shared_mutex";
    own.summary = "the shared side of std::shared_mutex, and a live flag";
    own.origin = "C++ standard library (libstdc++ 12, glibc 2.36 pthread_rwlock_t)";
    return own;
  }

 public:
  static constexpr SchemeInfo info = make_info();
};

}  // namespace getput
