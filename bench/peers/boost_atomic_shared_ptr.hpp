// SPDX-License-Identifier: MIT
// boost_atomic_shared_ptr: a module behind a boost::atomic_shared_ptr.
//
// What: try_get() is load(), put() is the end of the copy.
// Where from: Boost.SmartPtr, boost/smart_ptr/atomic_shared_ptr.hpp (Debian 12: libboost1.74-dev).
// A load copies the pointer under a spin lock of the cell. Cost: two locked instructions to get,
// one and a plain store to unlock; one to put. One allocation per object. Ordering, invariants,
// limits: atomic_pointer.hpp. The spin lock favours the thread that had it last, so two threads
// seldom contend in a loop that does nothing else.
#pragma once

#include <boost/smart_ptr/atomic_shared_ptr.hpp>
#include <boost/smart_ptr/make_shared.hpp>
#include <boost/smart_ptr/weak_ptr.hpp>

#include "bench/peers/atomic_pointer.hpp"

namespace getput {
namespace peers {

struct BoostPointers {
  template <class T>
  using Pointer = boost::shared_ptr<T>;
  template <class T>
  using Weak = boost::weak_ptr<T>;
  template <class T>
  using Cell = boost::atomic_shared_ptr<T>;

  template <class T, class Argument>
  static Pointer<T> make(Argument argument) {
    return boost::make_shared<T>(argument);
  }
};

}  // namespace peers

template <class M = machine::Native>
class BoostAtomicSharedPtr : public peers::AtomicPointer<M, peers::BoostPointers> {
  static constexpr SchemeInfo make_info() {
    SchemeInfo own = peers::atomic_pointer_info();
    own.name = "boost_atomic_shared_ptr";
    own.summary = "a load of boost::atomic_shared_ptr, and the end of the copy";
    own.origin = "Boost.SmartPtr 1.74, atomic_shared_ptr.hpp";
    own.bytes_per_object = 56;
    own.bytes_allocated = 48;
    return own;
  }

 public:
  static constexpr SchemeInfo info = make_info();
};

}  // namespace getput
