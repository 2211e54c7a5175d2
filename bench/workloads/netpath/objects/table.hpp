// SPDX-License-Identifier: MIT
// A hash table of objects, read under urcu-qsbr, and the memory its objects come from.
//
// What: a fixed power of two of buckets, at least two for each expected object. A bucket is one
// pointer to a singly linked chain. find() is inline and compares keys in the first cache line of
// an object, so a lookup costs two cache misses at most times: bucket and object. Nothing resizes
// in the background of a measurement.
//
// Progress: readers never wait. Writers take the spin lock of a stripe of buckets;
// they wait for nothing while they hold it, so an online thread may write, too.
//
// Ordering:
//   (1) insert() fills in key and `next`, then stores the pointer to the object with release;
//       find() loads it with acquire. Who finds an object sees its key and its successor.
//   (2) remove() stores the successor's pointer over the removed one's, with release. A reader that
//       loads it with acquire sees the successor as (1) does: the remover has it from under the
//       stripe's lock, after its inserter.
//   (3) All writers of a chain hold the same lock, so they may read the chain with relaxed loads.
//   (4) remove() leaves `next` of the removed object alone: a reader that is on it comes back into
//       the chain. The caller uses the object again after a grace period of urcu-qsbr only, when
//       every reader has been quiescent: no reader sees a key change or follows a recycled `next`.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <vector>

#include "bench/workloads/netpath/objects/huge_memory.hpp"
#include "bench/workloads/netpath/objects/table_link.hpp"
#include "schemes/machine/spin_lock.hpp"

namespace getput::bench::netpath {

/// One step of the hash: multiply, and bring the well mixed high half down.
constexpr std::uint64_t hash_step(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32U);
}

/// Buckets of a table for so many objects, the same for both kinds of table: a power of two, at
/// least two for each object.
constexpr std::size_t table_buckets(std::size_t expected) noexcept {
  constexpr std::size_t kFewest = 64;
  return std::bit_ceil(std::max(2 * expected, kFewest));
}

/// Objects of type T, found by T::Key. T has `TableLink<T> link` and `Key key`, both in its first
/// cache line, and `hash(const Key&)` is found by argument-dependent lookup. The table does not own
/// its objects.
template <class T>
class Table {
 public:
  using Key = typename T::Key;
  using Bucket = std::atomic<T*>;

  /// Throws std::bad_alloc.
  explicit Table(std::size_t expected)
      : buckets_(table_buckets(expected)), memory_(buckets_ * sizeof(Bucket)) {
    static_assert(table_buckets(0) >= kStripes, "objects of one chain have one stripe");
    static_assert(offsetof(T, link) + sizeof(T::link) <= kLine);
    static_assert(offsetof(T, key) + sizeof(T::key) <= kLine);
    std::uninitialized_value_construct_n(first(), buckets_);
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The object with this key, or null. The caller is an online urcu-qsbr thread, here and below.
  T* find(const Key& key) const noexcept { return find(key, hash(key)); }
  /// The same for a caller that has hash(key) already.
  T* find(const Key& key, std::uint64_t hashed) const noexcept {
    T* at = bucket(hashed).load(std::memory_order_acquire);  // (1) (2)
    while (at != nullptr && !(at->key == key)) at = at->link.next.load(std::memory_order_acquire);
    return at;
  }

  /// Adds @p added unless its key is taken; returns the object that is in the table then.
  T* insert(T* added) noexcept {
    const std::uint64_t hashed = hash(added->key);
    Bucket& head = bucket(hashed);
    const std::lock_guard lock(stripe(hashed));
    T* const first = head.load(std::memory_order_relaxed);  // (3)
    for (T* at = first; at != nullptr; at = at->link.next.load(std::memory_order_relaxed)) {
      if (at->key == added->key)
        return at;
    }
    added->link.next.store(first, std::memory_order_relaxed);
    head.store(added, std::memory_order_release);  // (1)
    return added;
  }

  /// True for the one caller who took it out. Its memory may be used again after a grace period.
  bool remove(T* removed) noexcept {
    const std::uint64_t hashed = hash(removed->key);
    const std::lock_guard lock(stripe(hashed));
    Bucket* link = &bucket(hashed);
    T* at = link->load(std::memory_order_relaxed);  // (3)
    while (at != nullptr && at != removed) {
      link = &at->link.next;
      at = link->load(std::memory_order_relaxed);
    }
    if (at == nullptr)
      return false;
    link->store(removed->link.next.load(std::memory_order_relaxed),
                std::memory_order_release);  // (2)
    return true;
  }

  /// Visits each object that is in the table from beginning to end; one that comes or goes
  /// meanwhile may be visited. @p visit may remove the object it is given.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < buckets_; ++i) {
      for (T* at = first()[i].load(std::memory_order_acquire); at != nullptr;
           at = at->link.next.load(std::memory_order_acquire))
        visit(*at);
    }
  }

  /// Fetches where find() begins for this hash.
  void prefetch_bucket(std::uint64_t hashed) const noexcept { __builtin_prefetch(&bucket(hashed)); }
  /// Fetches the first @p bytes of the object that find() looks at first, when the bucket is here.
  void prefetch_object(std::uint64_t hashed, std::size_t bytes = kLine) const noexcept {
    const T* const object = bucket(hashed).load(std::memory_order_relaxed);
    if (object == nullptr)
      return;
    // The object may be gone by now: a prefetch faults on no address.
    for (std::size_t at = 0; at < bytes; at += kLine)
      __builtin_prefetch(reinterpret_cast<const std::byte*>(object) + at);
  }

  /// Where the chain of a hash begins.
  const Bucket& bucket(std::uint64_t hashed) const noexcept {
    return first()[hashed & (buckets_ - 1)];
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kStripes = 64;
  struct alignas(kLine) Stripe {
    machine::SpinLock lock;
  };

  Bucket* first() const noexcept { return reinterpret_cast<Bucket*>(memory_.data()); }
  Bucket& bucket(std::uint64_t hashed) noexcept { return first()[hashed & (buckets_ - 1)]; }
  machine::SpinLock& stripe(std::uint64_t hashed) noexcept {
    return stripes_[hashed % kStripes].lock;
  }

  const std::size_t buckets_;
  const HugeMemory memory_;
  std::array<Stripe, kStripes> stripes_;
};

/// Memory for objects of one type, in chunks that live as long as the depot. Any thread.
template <class T>
class Depot {
 public:
  explicit Depot(std::size_t most) : most_(most) {
    static_assert(std::is_trivially_destructible_v<T>, "the chunks go without a destructor call");
  }

  /// An object to be filled in, or null when the limit is reached.
  T* take() noexcept {
    const std::lock_guard lock(mutex_);
    if (free_.empty() && !grow())
      return nullptr;
    T* object = free_.back();
    free_.pop_back();
    return object;
  }
  /// An object that no reader can hold any more.
  void give(T* object) noexcept {
    const std::lock_guard lock(mutex_);
    free_.push_back(object);  // never allocates: grow() reserved room for every object
  }

 private:
  static constexpr std::size_t kChunk = 256;
  static_assert(kChunk * sizeof(T) <= kHugePage);

  bool grow() noexcept {
    if (made_ + kChunk > most_)
      return false;
    try {
      free_.reserve(made_ + kChunk);
      if (pages_.empty() || used_ + kChunk * sizeof(T) > kHugePage) {
        pages_.emplace_back(kHugePage);
        used_ = 0;
      }
    } catch (const std::bad_alloc&) {
      return false;
    }
    T* const chunk = reinterpret_cast<T*>(pages_.back().data() + used_);
    std::uninitialized_value_construct_n(chunk, kChunk);
    used_ += kChunk * sizeof(T);
    for (std::size_t i = 0; i < kChunk; ++i) free_.push_back(chunk + i);
    made_ += kChunk;
    return true;
  }

  std::mutex mutex_;
  std::size_t made_ = 0;
  const std::size_t most_;
  std::vector<HugeMemory> pages_;
  std::size_t used_ = 0;  ///< bytes of the last of pages_
  std::vector<T*> free_;
};

}  // namespace getput::bench::netpath
