// SPDX-License-Identifier: MIT
// std_atomic_shared_ptr: a module behind a std::atomic<std::shared_ptr>.
//
// What: try_get() is load(), put() is the end of the copy.
// Where from: C++20, [util.smartptr.atomic.shared]; libstdc++ 12 locks the pointer by a bit of the
// word and spins, then yields.
// Cost: a locked instruction to take the bit, one to count, one to release the bit, and one to put,
// on two shared lines. One allocation per object. Ordering, invariants, limits: atomic_pointer.hpp.
#pragma once

#include <atomic>
#include <memory>

#include "bench/peers/atomic_pointer.hpp"

namespace getput {
namespace peers {

struct StdPointers {
  template <class T>
  using Pointer = std::shared_ptr<T>;
  template <class T>
  using Weak = std::weak_ptr<T>;
  template <class T>
  using Cell = std::atomic<std::shared_ptr<T>>;

  template <class T, class Argument>
  static Pointer<T> make(Argument argument) {
    return std::make_shared<T>(argument);
  }
};

}  // namespace peers

template <class M = machine::Native>
class StdAtomicSharedPtr : public peers::AtomicPointer<M, peers::StdPointers> {
  static constexpr SchemeInfo make_info() {
    SchemeInfo own = peers::atomic_pointer_info();
    own.name = "std_atomic_shared_ptr";
    own.summary = "a load of std::atomic<std::shared_ptr>, and the end of the copy";
    own.origin = "C++20 standard library (libstdc++ 12)";
    own.bytes_per_object = 48;
    own.bytes_allocated = 32;
    return own;
  }

 public:
  static constexpr SchemeInfo info = make_info();
};

}  // namespace getput
