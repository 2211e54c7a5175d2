// SPDX-License-Identifier: MIT
// What an object needs to be in a hash table of either kind.
#pragma once

#include <urcu/rculfhash.h>

#include <atomic>

namespace getput::bench::netpath {

/// The first member of an object that Table or LfhtTable can hold. One layout for both, so that the
/// tables can be compared with the same objects: the node of liburcu's table takes 8 bytes more
/// than the pointer of a chain, which the first cache line of every object has to spare. As a
/// member that only one kind of object has, it would double the types, or be in another line and
/// cost a lookup one more miss. An object is in tables of one kind all its life.
template <class T>
union TableLink {
  constexpr TableLink() noexcept : next(nullptr) {}
  std::atomic<T*> next;  ///< Table: the successor in the chain of the bucket
  cds_lfht_node node;    ///< LfhtTable
};

}  // namespace getput::bench::netpath
