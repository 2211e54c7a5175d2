// SPDX-License-Identifier: MIT
// The interface of Table over liburcu's lock-free hash table, cds_lfht, with its urcu-qsbr flavour:
// shows how much of a measurement is the table's.
//
// What: a fixed number of buckets, the same as Table's, so that nothing resizes in the background.
// All objects form one list in the order of their reversed hashes (O. Shalev, N. Shavit,
// "Split-ordered lists", JACM 2006); a bucket is a node of this list. A lookup costs two calls into
// a library and one call back for each object with the same hash.
//
// Progress: readers never wait. Writers are lock-free.
//
// Ordering: liburcu's. insert() publishes the object, and find() sees its key. An object that was
// removed may be used again after a grace period of urcu-qsbr. ThreadSanitizer does not see into
// the library; annotations tell it the first edge.
#pragma once

#include <urcu/rculfhash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "bench/workloads/netpath/objects/table.hpp"
#include "bench/workloads/netpath/objects/table_link.hpp"
#include "schemes/machine/annotate.hpp"

namespace getput::bench::netpath {

/// A table with so many buckets, a power of two, that never resizes. Throws std::bad_alloc.
cds_lfht* make_lfht(std::size_t buckets);

/// Objects of type T, found by T::Key. T has `TableLink<T> link` as its first member and `Key key`
/// in its first cache line, and `hash(const Key&)` is found by argument-dependent lookup. The table
/// does not own its objects.
template <class T>
class LfhtTable {
 public:
  using Key = typename T::Key;

  /// Throws std::bad_alloc.
  explicit LfhtTable(std::size_t expected) : table_(make_lfht(table_buckets(expected))) {
    static_assert(std::is_standard_layout_v<T> && offsetof(T, link) == 0);
  }
  /// Requires that no thread uses the table any more.
  ~LfhtTable() {
    for_each([this](T& object) { remove(&object); });
    cds_lfht_destroy(table_, nullptr);  // refuses a table that is not empty
  }
  LfhtTable(const LfhtTable&) = delete;
  LfhtTable& operator=(const LfhtTable&) = delete;

  /// The object with this key, or null. The caller is an online urcu-qsbr thread, here and below.
  T* find(const Key& key) const noexcept { return find(key, hash(key)); }
  /// The same for a caller that has hash(key) already.
  T* find(const Key& key, std::uint64_t hashed) const noexcept {
    cds_lfht_iter found;
    cds_lfht_lookup(table_, hashed, match, &key, &found);
    return object_of(cds_lfht_iter_get_node(&found));
  }

  /// Adds @p added unless its key is taken; returns the object that is in the table then.
  T* insert(T* added) noexcept {
    cds_lfht_node* const node = std::construct_at(&added->link.node);
    machine::annotate_release(node);
    return object_of(cds_lfht_add_unique(table_, hash(added->key), match, &added->key, node));
  }

  /// True for the one caller who took it out; it was in the table. Its memory may be used again
  /// after a grace period.
  bool remove(T* removed) noexcept { return cds_lfht_del(table_, &removed->link.node) == 0; }

  /// Visits each object that is in the table from beginning to end; one that comes or goes
  /// meanwhile may be visited. @p visit may remove the object it is given.
  template <class Visit>
  void for_each(Visit visit) const {
    cds_lfht_iter at;
    for (cds_lfht_first(table_, &at); T* object = object_of(cds_lfht_iter_get_node(&at));
         cds_lfht_next(table_, &at))
      visit(*object);
  }

  // cds_lfht has no interface that tells where a lookup begins.
  void prefetch_bucket(std::uint64_t /*hashed*/) const noexcept {}
  void prefetch_object(std::uint64_t /*hashed*/, std::size_t /*bytes*/ = 0) const noexcept {}

 private:
  static T* object_of(cds_lfht_node* node) noexcept {
    if (node != nullptr)
      machine::annotate_acquire(node);
    return reinterpret_cast<T*>(node);  // the link is the first member
  }
  static int match(cds_lfht_node* node, const void* key) noexcept {
    return object_of(node)->key == *static_cast<const Key*>(key) ? 1 : 0;
  }

  cds_lfht* const table_;
};

}  // namespace getput::bench::netpath
