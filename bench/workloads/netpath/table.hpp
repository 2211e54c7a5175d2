// SPDX-License-Identifier: MIT
// A hash table of objects over liburcu's cds_lfht (lock-free, split-ordered), read under urcu-qsbr,
// and the memory its objects come from. Fixed number of buckets: nothing resizes in the background
// of a measurement.
#pragma once

#include <urcu/rculfhash.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <vector>

#include "schemes/machine/annotate.hpp"

namespace getput::bench::netpath {

/// One step of the hash: multiply, and bring the well mixed high half down.
constexpr std::uint64_t hash_step(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 32U);
}

namespace detail {
cds_lfht* new_table(unsigned long buckets);  // throws std::bad_alloc
void destroy_table(cds_lfht* table) noexcept;
}  // namespace detail

/// Objects of type T, found by T::Key. T begins with `cds_lfht_node node`, has `Key key`, and
/// `hash(const Key&)` is found by argument-dependent lookup. The table does not own its objects.
template <class T>
class Table {
 public:
  using Key = typename T::Key;

  /// @p expected objects get a bucket each, roughly.
  explicit Table(std::size_t expected) : table_(detail::new_table(std::bit_ceil(expected + 1))) {
    static_assert(std::is_standard_layout_v<T>);
    static_assert(offsetof(T, node) == 0, "the node and the object have one address");
  }
  ~Table() { detail::destroy_table(table_); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The object with this key, or null. The caller is an online urcu-qsbr thread, here and below.
  T* find(const Key& key) const noexcept {
    cds_lfht_iter iter;
    cds_lfht_lookup(table_, hash(key), &match, &key, &iter);
    return seen(cds_lfht_iter_get_node(&iter));
  }
  /// Adds @p added unless its key is taken; returns the object that is in the table then.
  T* insert(T* added) noexcept {
    machine::annotate_release(&added->node);
    return object(cds_lfht_add_unique(table_, hash(added->key), &match, &added->key, &added->node));
  }
  /// True for the one caller who took it out. Its memory may be used again after a grace period.
  bool remove(T* removed) noexcept { return cds_lfht_del(table_, &removed->node) == 0; }

  template <class Visit>
  void for_each(Visit visit) const {
    cds_lfht_iter iter;
    for (cds_lfht_first(table_, &iter); cds_lfht_iter_get_node(&iter) != nullptr;
         cds_lfht_next(table_, &iter))
      visit(*object(cds_lfht_iter_get_node(&iter)));
  }

 private:
  static T* object(cds_lfht_node* node) noexcept { return reinterpret_cast<T*>(node); }
  /// An object that another thread may have filled in; the order is made inside liburcu.
  static T* seen(cds_lfht_node* node) noexcept {
    machine::annotate_acquire(node);
    return object(node);
  }
  static int match(cds_lfht_node* node, const void* key) noexcept {
    return seen(node)->key == *static_cast<const Key*>(key) ? 1 : 0;
  }

  cds_lfht* table_;
};

/// Memory for objects of one type, in chunks that live as long as the depot. Any thread.
template <class T>
class Depot {
 public:
  explicit Depot(std::size_t most) : most_(most) {}

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
  bool grow() noexcept {
    if (made_ + kChunk > most_)
      return false;
    try {
      free_.reserve(made_ + kChunk);
      chunks_.push_back(std::make_unique<T[]>(kChunk));
    } catch (const std::bad_alloc&) {
      return false;
    }
    for (std::size_t i = 0; i < kChunk; ++i) free_.push_back(&chunks_.back()[i]);
    made_ += kChunk;
    return true;
  }

  std::mutex mutex_;
  std::size_t made_ = 0;
  const std::size_t most_;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<T*> free_;
};

}  // namespace getput::bench::netpath
