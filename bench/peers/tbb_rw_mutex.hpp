// SPDX-License-Identifier: MIT
// tbb_rw_mutex: the shared side of tbb::spin_rw_mutex, and a live flag.
//
// What: try_get() is lock_shared() and a check of the flag, put() is unlock_shared().
// Where from: oneTBB, oneapi/tbb/spin_rw_mutex.h (Debian 12: libtbb-dev 2021.8). Of TBB's
// reader-writer locks it has the cheapest uncontended reader: queuing_rw_mutex takes twice as long.
// Cost: a load and a locked add to get, a locked subtraction to put, on one shared line, inline.
// Ordering, limits and what the flag adds: reader_lock.hpp.
#pragma once

#include <oneapi/tbb/spin_rw_mutex.h>

#include "bench/peers/reader_lock.hpp"

namespace getput {
namespace peers {

class TbbReaderLock {
 public:
  void lock_read() noexcept { mutex_.lock_shared(); }
  void unlock_read() noexcept { mutex_.unlock_shared(); }
  bool try_lock_write() noexcept { return mutex_.try_lock(); }
  void unlock_write() noexcept { mutex_.unlock(); }

 private:
  tbb::spin_rw_mutex mutex_;
};

}  // namespace peers

template <class M = machine::Native>
class TbbRwMutex : public peers::ReaderLock<M, peers::TbbReaderLock> {
  static constexpr SchemeInfo make_info() {
    SchemeInfo own = peers::reader_lock_info();
    own.name = "tbb_rw_mutex";
    own.summary = "the shared side of tbb::spin_rw_mutex, and a live flag";
    own.origin = "oneTBB 2021.8, oneapi/tbb/spin_rw_mutex.h";
    own.put_progress = Progress::wait_free;
    return own;
  }

 public:
  static constexpr SchemeInfo info = make_info();
};

}  // namespace getput
