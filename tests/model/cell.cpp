// SPDX-License-Identifier: MIT
#include "tests/model/cell.hpp"

#include <algorithm>
#include <new>

#include "tests/model/checker.hpp"
#include "tests/model/globals.hpp"
#include "tests/model/turns.hpp"
#include "tests/model/watch.hpp"

namespace getput::model {
namespace {

constexpr std::uint32_t kAlive = 0xa11fe11a;

rl::memory_order checked(std::memory_order order) {
  switch (order) {
    case std::memory_order::relaxed:
      return rl::mo_relaxed;
    case std::memory_order::consume:
      return rl::mo_consume;
    case std::memory_order::acquire:
      return rl::mo_acquire;
    case std::memory_order::release:
      return rl::mo_release;
    case std::memory_order::acq_rel:
      return rl::mo_acq_rel;
    case std::memory_order::seq_cst:
      return rl::mo_seq_cst;
  }
  return rl::mo_seq_cst;
}

}  // namespace

// One access: a step, then the operation as one piece.
template <class T>
struct Cell<T>::Access {
  explicit Access(const Cell& cell) : cell_(cell), as_one_(after_a_step()) {
    require(cell.alive_ == kAlive, kGone);
  }
  ~Access() {
    cell_.touched_[static_cast<std::size_t>(self())] = rl::ctx().threadx_->own_acq_rel_order_;
  }
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

 private:
  static Uninterrupted after_a_step() {
    step();
    return Uninterrupted();
  }
  const Cell& cell_;
  Uninterrupted as_one_;
};

namespace {
template <class T>
rl::atomic<T>& word(const std::byte* storage) {
  return *std::launder(reinterpret_cast<rl::atomic<T>*>(const_cast<std::byte*>(storage)));
}
}  // namespace

template <class T>
Cell<T>::Cell(T initial) : initial_(initial), global_(!rl::is_ctx()), alive_(kAlive) {
  static_assert(sizeof(rl::atomic<T>) <= kBytes);
  if (global_)
    globals::add(this);
  else
    ::new (storage_) rl::atomic<T>(initial);
}

template <class T>
Cell<T>::~Cell() {
  alive_ = 0;
  if (global_) {
    globals::remove(this);
    return;
  }
  for (int i = 0; threads_run() && i < thread_count(); ++i)
    require(rl::ctx().threadx_->acq_rel_order_[i] >= touched_[static_cast<std::size_t>(i)],
            kNotOver);
  word<T>(storage_).~atomic();
}

template <class T>
void Cell<T>::begin_execution() {
  ::new (storage_) rl::atomic<T>(initial_);
  seq_cst_writes_ = {};
}

template <class T>
void Cell<T>::end_execution() {
  word<T>(storage_).~atomic();
}

// Relacy orders a seq_cst load after seq_cst stores to the same variable, and fences after fences.
// C++ also orders a load behind a seq_cst fence after a seq_cst store that came before the fence
// ([atomics.order]/4.3). Such a load is made seq_cst here; it then sees, a little too early, a
// seq_cst store that came after the fence, too. Three writes back nothing can be read anyway.
template <class T>
bool Cell<T>::must_see_seq_cst_write() const {
  const std::uint64_t fence = globals::last_fence_of_self();
  return std::any_of(seq_cst_writes_.begin(), seq_cst_writes_.end(),
                     [fence](std::uint64_t when) { return when != 0 && when < fence; });
}

template <class T>
void Cell<T>::note_write(std::memory_order order) {
  seq_cst_writes_[1] = seq_cst_writes_[0];
  seq_cst_writes_[0] = order == std::memory_order::seq_cst ? globals::tick() : 0;
}

template <class T>
T Cell<T>::load(std::memory_order order, const Where& at) const {
  if (!rl::is_ctx())
    return initial_;
  loads(this);
  watch::loads(this);
  const Access one(*this);
  const bool behind = order == std::memory_order::acquire && must_see_seq_cst_write();
  return word<T>(storage_).load(behind ? rl::mo_seq_cst : checked(order), place(at));
}

template <class T>
void Cell<T>::store(T value, std::memory_order order, const Where& at) {
  if (!rl::is_ctx()) {
    initial_ = value;
    return;
  }
  watch::stores(this);
  const Access one(*this);
  word<T>(storage_).store(value, checked(order), place(at));
  note_write(order);
  if (order != std::memory_order::seq_cst)
    stored(this);
}

#define GETPUT_MODEL_RMW(name, result)                                         \
  template <class T>                                                           \
  T Cell<T>::name(T value, std::memory_order order, const Where& at) {         \
    if (!rl::is_ctx()) {                                                       \
      const T outside = initial_;                                              \
      initial_ = static_cast<T>(result);                                       \
      return outside;                                                          \
    }                                                                          \
    compiler_barrier();                                                        \
    watch::loads(this);                                                        \
    watch::stores(this);                                                       \
    const Access one(*this);                                                   \
    const T before = word<T>(storage_).name(value, checked(order), place(at)); \
    note_write(order);                                                         \
    return before;                                                             \
  }
GETPUT_MODEL_RMW(exchange, value)
GETPUT_MODEL_RMW(fetch_add, outside + value)
GETPUT_MODEL_RMW(fetch_sub, outside - value)
GETPUT_MODEL_RMW(fetch_or, outside | value)
GETPUT_MODEL_RMW(fetch_and, outside& value)
#undef GETPUT_MODEL_RMW

template <class T>
bool Cell<T>::compare_exchange(bool weak, T& expected, T desired, std::memory_order success,
                               std::memory_order failure, const Where& at) {
  if (!rl::is_ctx()) {
    const bool same = initial_ == expected;
    (same ? initial_ : expected) = same ? desired : initial_;
    return same;
  }
  compiler_barrier();
  watch::loads(this);
  const Access one(*this);
  const rl::memory_order if_so = checked(success);
  auto& cell = word<T>(storage_);
  const bool may_fail = weak && !turns::conducted();
  const bool done = may_fail ? cell.compare_exchange(rl::bool_t<true>(), expected, desired, if_so,
                                                     rl::mo_relaxed, place(at))
                             : cell.compare_exchange(rl::bool_t<false>(), expected, desired, if_so,
                                                     rl::mo_relaxed, place(at));
  // C++17 allows a failure order that is stronger than the success order, Relacy does not. A fence
  // makes an acquire load of the one that has just been done.
  if (!done && failure != std::memory_order::relaxed && failure != std::memory_order::release)
    rl::atomic_thread_fence(rl::mo_acquire, place(at));
  if (done) {
    watch::stores(this);
    note_write(success);
  }
  return done;
}

template class Cell<std::uint8_t>;
template class Cell<std::uint32_t>;
template class Cell<std::uint64_t>;
template class Cell<std::int32_t>;
template class Cell<std::int64_t>;

namespace {
template <class T>
rl::var<T>& plain(const std::byte* storage) {
  return *std::launder(reinterpret_cast<rl::var<T>*>(const_cast<std::byte*>(storage)));
}
}  // namespace

template <class T>
Plain<T>::Plain(T initial) : outside_(initial), executed_(rl::is_ctx()) {
  static_assert(sizeof(rl::var<T>) <= kBytes);
  if (executed_)
    ::new (storage_) rl::var<T>(initial);
}

template <class T>
Plain<T>::~Plain() {
  if (!executed_)
    return;
  if (threads_run())
    write(T());
  plain<T>(storage_).~var();
}

template <class T>
T Plain<T>::read(const Where& at) const {
  if (!executed_)
    return outside_;
  step();
  return plain<T>(storage_)(place(at)).load();
}

template <class T>
void Plain<T>::write(T value, const Where& at) {
  if (!executed_) {
    outside_ = value;
    return;
  }
  step();
  plain<T>(storage_)(place(at)).store(value);
}

template class Plain<bool>;
template class Plain<int>;
template class Plain<std::int64_t>;
template class Plain<std::uint64_t>;
template class Plain<const void*>;

}  // namespace getput::model
