// SPDX-License-Identifier: MIT
// Memory of one worker for objects that come and go on the packet path: what is removed here is
// used again here, after a grace period.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/workloads/netpath/batch.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "bench/workloads/netpath/objects/table.hpp"

namespace getput::bench::netpath {

/// Objects of type T from a depot that workers share. One worker's.
template <class T>
class RecycledMemory {
 public:
  explicit RecycledMemory(Depot<T>& depot) : depot_(depot) {
    // A batch removes at most a batch of objects, so neither list ever grows while packets flow.
    retired_.reserve(kMost + kBatch);
    free_.reserve(2 * (kMost + kBatch));
  }
  ~RecycledMemory() {
    // There are no readers left: the worker is done, and with it the burst.
    for (T* object : retired_) depot_.give(object);
    for (T* object : free_) depot_.give(object);
  }
  RecycledMemory(const RecycledMemory&) = delete;
  RecycledMemory& operator=(const RecycledMemory&) = delete;

  /// Between batches only, for it may wait for a grace period: room for a batch of new objects.
  void prepare() noexcept {
    if (free_.size() < kBatch || retired_.size() >= kMost) [[unlikely]]
      replenish();
  }
  /// Memory for an object, or null when the depot is empty as well.
  T* take() noexcept {
    if (free_.empty()) [[unlikely]]
      return nullptr;
    T* object = free_.back();
    free_.pop_back();
    return object;
  }
  /// An object that was never in the table.
  void give(T* object) noexcept { free_.push_back(object); }
  /// An object that is out of the table, but that readers may still hold.
  void retire(T* object) noexcept { retired_.push_back(object); }

 private:
  // A grace period is waited for once in so many removed objects: rarer than once in a burst, for
  // the wait would be a voluntary switch in the middle of a measurement.
  static constexpr std::size_t kMost = 4096;

  [[gnu::noinline]] void replenish() noexcept {
    if (retired_.size() >= kMost)
      reclaim();
    while (free_.size() > kMost) {  // removed here, made elsewhere
      depot_.give(free_.back());
      free_.pop_back();
    }
    while (free_.size() < kBatch) {
      if (T* object = depot_.take())
        free_.push_back(object);
      else if (!retired_.empty())
        reclaim();
      else
        return;  // packets that need an object are dropped and counted: no_table_space
    }
  }
  void reclaim() noexcept {
    QsbrThread::synchronize();
    free_.insert(free_.end(), retired_.begin(), retired_.end());
    retired_.clear();
  }

  Depot<T>& depot_;
  std::vector<T*> free_;
  std::vector<T*> retired_;
};

}  // namespace getput::bench::netpath
