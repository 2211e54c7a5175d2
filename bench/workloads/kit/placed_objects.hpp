// SPDX-License-Identifier: MIT
// Objects of a scheme at a place drawn at random, made for one trial.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "bench/engine/arena.hpp"
#include "bench/engine/line.hpp"

namespace getput::bench {

/// `count` objects one after the other, each on lines of its own as modules are.
template <class S>
class PlacedObjects {
 public:
  PlacedObjects(std::size_t count, Random& random)
      : span_(Arena::instance().draw(count * sizeof(Slot), random)), count_(count) {}
  PlacedObjects(PlacedObjects&& other) noexcept
      : span_(std::move(other.span_)), count_(other.count_), made_(std::exchange(other.made_, 0)) {}
  PlacedObjects& operator=(PlacedObjects&&) = delete;
  ~PlacedObjects() {
    while (made_ != 0) {
      slot(--made_)->~Slot();
    }
  }

  /// Constructs the objects. The pages then lie on the node of the calling thread.
  void make() {
    span_.touch();
    for (; made_ < count_; ++made_) {
      new (slot(made_)) Slot();
    }
  }
  /// How many are constructed.
  std::size_t made() const noexcept { return made_; }
  S* at(std::size_t index) noexcept { return &slot(index)->object; }

 private:
  struct alignas(kLine) Slot {
    S object;
  };
  static_assert(alignof(Slot) == kLine, "the place is aligned to kLine");

  Slot* slot(std::size_t index) noexcept { return reinterpret_cast<Slot*>(span_.data()) + index; }

  Arena::Span span_;
  std::size_t count_;
  std::size_t made_ = 0;
};

}  // namespace getput::bench
