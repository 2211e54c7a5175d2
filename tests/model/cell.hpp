// SPDX-License-Identifier: MIT
// An atomic variable of the model. The checker is hidden behind explicit instantiations, so that a
// scheme's translation unit compiles in seconds.
//
// A cell that is made outside an execution (static storage, directly or through a function-local
// static) belongs to the process: every execution starts with its initial value.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tests/model/world.hpp"

namespace getput::model {

/// What an execution fails with that touches a cell after its destruction.
inline constexpr const char* kGone = "access to an object that is gone";

/// And what it fails with if an access does not happen before the destruction.
inline constexpr const char* kNotOver = "destroyed while an access need not be over";

/// What a cell of static storage does when an execution begins and ends.
class GlobalCell {
 public:
  virtual void begin_execution() = 0;
  virtual void end_execution() = 0;

 protected:
  GlobalCell() = default;
  ~GlobalCell() = default;
};

template <class T>
class Cell final : private GlobalCell {
 public:
  explicit Cell(T initial);
  ~Cell();
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;

  T load(std::memory_order order, const Where& at) const;
  void store(T value, std::memory_order order, const Where& at);
  T exchange(T value, std::memory_order order, const Where& at);
  T fetch_add(T value, std::memory_order order, const Where& at);
  T fetch_sub(T value, std::memory_order order, const Where& at);
  T fetch_or(T value, std::memory_order order, const Where& at);
  T fetch_and(T value, std::memory_order order, const Where& at);
  bool compare_exchange(bool weak, T& expected, T desired, std::memory_order success,
                        std::memory_order failure, const Where& at);

 private:
  struct Access;

  void begin_execution() override;
  void end_execution() override;

  static constexpr std::size_t kBytes = 96;
  alignas(16) std::byte storage_[kBytes];
  T initial_;
  bool global_;
  void note_write(std::memory_order order);
  bool must_see_seq_cst_write() const;

  // The last two writes in the modification order: when, if seq_cst; else 0.
  std::array<std::uint64_t, 2> seq_cst_writes_{};
  // Of each thread's last access, by its own clock.
  mutable std::array<std::uint64_t, kMaxThreads> touched_{};
  volatile std::uint32_t alive_;  // volatile: written in the destructor and read afterwards
};

extern template class Cell<std::uint8_t>;
extern template class Cell<std::uint32_t>;
extern template class Cell<std::uint64_t>;
extern template class Cell<std::int32_t>;
extern template class Cell<std::int64_t>;

/// std::atomic<T> as the schemes use it, on a cell.
template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> &&
                (sizeof(T) == 1 || sizeof(T) == 4 || sizeof(T) == 8));
  static constexpr bool kSigned = std::is_signed_v<T>;
  // clang-format off
  using Raw = std::conditional_t<sizeof(T) == 1, std::uint8_t,
              std::conditional_t<sizeof(T) == 4,
                std::conditional_t<kSigned, std::int32_t, std::uint32_t>,
                std::conditional_t<kSigned, std::int64_t, std::uint64_t>>>;
  // clang-format on
  static Raw raw(T value) { return std::bit_cast<Raw>(value); }
  static T cooked(Raw value) { return std::bit_cast<T>(value); }

 public:
  using value_type = T;
  using Order = std::memory_order;

  Atomic() : cell_(raw(T())) {}
  Atomic(T initial) : cell_(raw(initial)) {}

  T load(Order order = Order::seq_cst, const Where& at = Where::current()) const {
    return cooked(cell_.load(order, at));
  }
  void store(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    cell_.store(raw(value), order, at);
  }
  T exchange(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    return cooked(cell_.exchange(raw(value), order, at));
  }
  T fetch_add(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    return cooked(cell_.fetch_add(raw(value), order, at));
  }
  T fetch_sub(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    return cooked(cell_.fetch_sub(raw(value), order, at));
  }
  T fetch_or(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    return cooked(cell_.fetch_or(raw(value), order, at));
  }
  T fetch_and(T value, Order order = Order::seq_cst, const Where& at = Where::current()) {
    return cooked(cell_.fetch_and(raw(value), order, at));
  }
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                             const Where& at = Where::current()) {
    return exchange_if(true, expected, desired, success, failure, at);
  }
  bool compare_exchange_weak(T& expected, T desired, Order order = Order::seq_cst,
                             const Where& at = Where::current()) {
    return exchange_if(true, expected, desired, order, order, at);
  }
  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                               const Where& at = Where::current()) {
    return exchange_if(false, expected, desired, success, failure, at);
  }
  bool compare_exchange_strong(T& expected, T desired, Order order = Order::seq_cst,
                               const Where& at = Where::current()) {
    return exchange_if(false, expected, desired, order, order, at);
  }

 private:
  bool exchange_if(bool weak, T& expected, T desired, Order success, Order failure,
                   const Where& at) {
    Raw seen = raw(expected);
    const bool done = cell_.compare_exchange(weak, seen, raw(desired), success, failure, at);
    expected = cooked(seen);
    return done;
  }

  Cell<Raw> cell_;
};

/// A word that is not atomic, for instance the module's text: an access that does not happen
/// before or after another thread's write of it is reported as a data race; its end counts as a
/// write. Schemes use it as T.
template <class T>
class Plain {
 public:
  Plain(T initial);
  ~Plain();
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;

  T read(const Where& at = Where::current()) const;
  void write(T value, const Where& at = Where::current());

  operator T() const { return read(); }
  Plain& operator=(T value) {
    write(value);
    return *this;
  }
  Plain& operator+=(T value) requires std::integral<T> {
    return *this = static_cast<T>(read() + value);
  }

 private:
  static constexpr std::size_t kBytes = 64;
  alignas(16) std::byte storage_[kBytes];
  T outside_;      // of an object that is made outside an execution
  bool executed_;  // made inside one
};

extern template class Plain<bool>;
extern template class Plain<int>;
extern template class Plain<std::int64_t>;
extern template class Plain<std::uint64_t>;
extern template class Plain<const void*>;

}  // namespace getput::model
