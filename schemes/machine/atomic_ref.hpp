// SPDX-License-Identifier: MIT
// std::atomic_ref, or the part of it that the machine needs where the standard library has none
// (libc++ before 19).
#pragma once

#include <atomic>
#include <version>

namespace getput::machine {

#if defined(__cpp_lib_atomic_ref)

template <class T>
using AtomicRef = std::atomic_ref<T>;

#else

template <class T>
class AtomicRef {
 public:
  explicit AtomicRef(T& value) noexcept : value_(&value) {}

  T load(std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_load_n(value_, static_cast<int>(order));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    __atomic_store_n(value_, value, static_cast<int>(order));
  }
  T exchange(T value, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_exchange_n(value_, value, static_cast<int>(order));
  }
  T fetch_add(T n, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_fetch_add(value_, n, static_cast<int>(order));
  }
  T fetch_sub(T n, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_fetch_sub(value_, n, static_cast<int>(order));
  }
  T fetch_or(T bits, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_fetch_or(value_, bits, static_cast<int>(order));
  }
  T fetch_and(T bits, std::memory_order order = std::memory_order_seq_cst) const noexcept {
    return __atomic_fetch_and(value_, bits, static_cast<int>(order));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure) const noexcept {
    return __atomic_compare_exchange_n(value_, &expected, desired, false, static_cast<int>(success),
                                       static_cast<int>(failure));
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure) const noexcept {
    return __atomic_compare_exchange_n(value_, &expected, desired, true, static_cast<int>(success),
                                       static_cast<int>(failure));
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) const noexcept {
    return compare_exchange_strong(expected, desired, order, on_failure(order));
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order) const noexcept {
    return compare_exchange_weak(expected, desired, order, on_failure(order));
  }

 private:
  static std::memory_order on_failure(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel)
      return std::memory_order_acquire;
    return order == std::memory_order_release ? std::memory_order_relaxed : order;
  }

  T* value_;
};

#endif

}  // namespace getput::machine
