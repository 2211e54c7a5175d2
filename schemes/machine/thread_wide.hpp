// SPDX-License-Identifier: MIT
// One object of a type for every thread, the same one in whichever image the thread runs
// (image.hpp), and a list of all of them that others can read without a lock.
//
// A thread gets its object at first use: one that a thread left when it ended, or a new one. It is
// never freed, so that a reader of the list finds no memory that is gone, and keeps its content:
// what an ended thread counted stays counted, and the next owner goes on from there.
//
// Each image has a cell in the thread's local storage that remembers the object; the cells of a
// thread form a list, by which another image finds the same object and by which the end of the
// thread empties all of them. The end of a thread is seen as the end of thread-specific data, after
// all C++ destructors; an object used still later, by another key's destructor, is found again.
//
// The memory is whole pages that the thread itself touches first, so it lies on the thread's NUMA
// node. No malloc and no lock that a handler could wait for: a signal handler may be a thread's
// first use.
//
// Fork: the child keeps the objects of threads that do not exist there, with their content, and
// gives them to its new threads.
//
// Limits: after the last round of key destructors (PTHREAD_DESTRUCTOR_ITERATIONS) a use takes an
// object that no thread gets later. Where T says that its content cannot be taken over
// (T::may_pass_on()), the object is left alone, too.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

#include "local_add.hpp"
#include "process_wide.hpp"
#include "signals.hpp"

namespace getput::machine {

/// What a thread remembers of one of its objects, in one image.
struct ThreadCell {
  void* object = nullptr;
  const void* kind = nullptr;                   // the list that the object is of
  std::atomic<std::uint32_t>* owned = nullptr;  // in the cell that took the object; else null
  ThreadCell* next = nullptr;
};

/// Empties a thread's cells when it ends.
class ThreadEnds {
 public:
  static constexpr const char* kName = "thread ends";

  ThreadEnds() noexcept {
    if (pthread_key_create(&key_, &ThreadEnds::on_end) != 0) {
      std::fprintf(stderr,
                   "getput: cannot create a thread key: all PTHREAD_KEYS_MAX keys are in use\n");
      std::abort();
    }
  }

  /// A cell of the calling thread for an object of @p kind, in whichever image; null if it has
  /// none.
  const ThreadCell* cell_of(const void* kind) const noexcept {
    const auto* cell = static_cast<const ThreadCell*>(pthread_getspecific(key_));
    while (cell != nullptr && cell->kind != kind) cell = cell->next;
    return cell;
  }

  void add(ThreadCell& cell) noexcept {
    cell.next = static_cast<ThreadCell*>(pthread_getspecific(key_));
    if (pthread_setspecific(key_, &cell) != 0) {
      std::fprintf(stderr, "getput: no memory to see the end of a thread\n");
      std::abort();
    }
  }

 private:
  static void on_end(void* cells) noexcept {
    for (auto* cell = static_cast<ThreadCell*>(cells); cell != nullptr; cell = cell->next)
      cell->object = nullptr;
    for (auto* cell = static_cast<ThreadCell*>(cells); cell != nullptr; cell = cell->next)
      if (auto* const owned = std::exchange(cell->owned, nullptr); owned != nullptr)
        owned->store(0, std::memory_order_release);
  }

  pthread_key_t key_{};
};

/// One T for every thread; T::kName names the kind. Access through mine() costs a load and a test.
template <class T>
class ThreadWide {
  /// All T of the process. Links are set once.
  struct Item {
    T value;  // on zeroed memory; what T does not initialize is not touched
    Item* next = nullptr;
    std::atomic<std::uint32_t> owned{1};
  };

  struct List {
    static constexpr const char* kName = T::kName;
    std::atomic<Item*> first{nullptr};

    void before_fork() noexcept {}
    void after_fork() noexcept {}
    // Every other thread is gone.
    void in_child() noexcept {
      const ThreadCell* const cell = ProcessWide<ThreadEnds>::get().cell_of(this);
      for (Item* item = first.load(std::memory_order_relaxed); item != nullptr; item = item->next)
        if (cell == nullptr || cell->object != &item->value)
          item->owned.store(0, std::memory_order_relaxed);
    }
  };

 public:
  /// This thread's object. Ends the process if there is no memory for it.
  static T& mine() noexcept {
    if (T* const known = mine_or_null(); known != nullptr) [[likely]]
      return *known;
    return find();
  }

  /// Null where this image has not used it in this thread yet.
  static T* mine_or_null() noexcept {
#if defined(__x86_64__)
    return static_cast<T*>(cell_.object);  // %fs: is read at each access
#else
    // A compiler may keep the address of a thread-local variable over a call that continues on
    // another thread (fibres). So the address is computed from the thread pointer at each access.
    const std::ptrdiff_t distance = cell_distance_.load(std::memory_order_relaxed);
    if (distance == 0) [[unlikely]]
      return nullptr;
    return static_cast<T*>(reinterpret_cast<ThreadCell*>(thread_pointer() + distance)->object);
#endif
  }

  /// As mine(), the rare way.
  [[gnu::cold, gnu::noinline, gnu::visibility("hidden")]] static T& find() noexcept {
    keep_image_mapped<T>();  // the end of the thread writes to the cell
    const SignalsBlocked no_handler_takes_another;
    cell_distance_.store(reinterpret_cast<char*>(&cell_) - thread_pointer(),
                         std::memory_order_relaxed);
    auto& list = ProcessWide<List>::get();
    auto& ends = ProcessWide<ThreadEnds>::get();
    if (cell_.object == nullptr) {
      if (const ThreadCell* const same = ends.cell_of(&list); same != nullptr) {
        cell_.object = same->object;
      } else {
        Item& item = take(list);
        cell_.owned = &item.owned;
        cell_.object = &item.value;
      }
      cell_.kind = &list;
      ends.add(cell_);
    }
    return *static_cast<T*>(cell_.object);
  }

  /// Calls @p visit(T&) for the objects of all threads, also of those that have ended. What a
  /// thread did before it took its object has happened before.
  template <class Visit>
  static void each(Visit visit) {
    Item* item = ProcessWide<List>::get().first.load(std::memory_order_acquire);
    for (; item != nullptr; item = item->next) visit(item->value);
  }

 private:
  static Item& take(List& list) noexcept {
    for (Item* item = list.first.load(std::memory_order_acquire); item != nullptr;
         item = item->next) {
      std::uint32_t free = 0;
      if (item->owned.load(std::memory_order_relaxed) == 0 &&
          item->owned.compare_exchange_strong(free, 1, std::memory_order_acq_rel) &&
          may_pass_on(item->value))
        return *item;
    }
    Item* const fresh = ::new (pages_or_abort(sizeof(Item), T::kName)) Item;
    fresh->next = list.first.load(std::memory_order_relaxed);
    while (!list.first.compare_exchange_weak(fresh->next, fresh, std::memory_order_seq_cst)) {
    }
    return *fresh;
  }

  static bool may_pass_on(T& left) noexcept {
    if constexpr (requires { left.may_pass_on(); })
      return left.may_pass_on();
    else
      return true;
  }

  /// From the thread pointer to the cell, the same in every thread; 0 before the first use.
  [[gnu::visibility("hidden")]] static inline constinit std::atomic<std::ptrdiff_t> cell_distance_{
      0};

#if (defined(__PIC__) && !defined(__PIE__)) || !defined(__x86_64__)
  // In a shared library: without a call of __tls_get_addr(). Small enough for the room that libc
  // keeps for libraries that are loaded later.
  [[gnu::tls_model("initial-exec")]]
#endif
  [[gnu::visibility("hidden")]] static inline thread_local constinit ThreadCell cell_{};
};

}  // namespace getput::machine
