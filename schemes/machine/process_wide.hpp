// SPDX-License-Identifier: MIT
// One object of a type for the process, whichever images hold a copy of this library (image.hpp).
// Found by a name; made by the image that asks first; never destroyed, because threads and objects
// with static storage outlive any order of destruction.
//
// Fork: what has locks offers before_fork(), after_fork() and in_child(), and is called so, the one
// made last first. A lock that is taken before the fork is free in parent and child.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#include "annotate.hpp"
#include "image.hpp"
#include "local_add.hpp"
#include "signals.hpp"

namespace getput::machine {

/// Zeroed memory for the life of the process, whole pages. Does not use malloc: a signal handler
/// may ask for it. Null if there is none.
inline void* pages(std::size_t bytes) noexcept {
  void* const p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    return nullptr;
  annotate_root(p, bytes);
  return p;
}

/// As pages(), for callers that cannot fail: ends the process with one line.
[[gnu::cold, gnu::noinline]] inline void* pages_or_abort(std::size_t bytes,
                                                         const char* what) noexcept {
  void* const p = pages(bytes);
  if (p == nullptr) {
    std::fprintf(stderr,
                 "getput: no memory for %s (%zu KiB); raise the limit: ulimit -v, or -l for a "
                 "process that locks its memory\n",
                 what, bytes >> 10);
    std::abort();
  }
  return p;
}

/// @p text and @p number, as a name for a ProcessWide of a template.
template <std::size_t N>
constexpr auto numbered_name(const char (&text)[N], std::size_t number) {
  std::array<char, N + 20> name{};
  std::size_t end = 0;
  for (; text[end] != '\0'; ++end) name[end] = text[end];
  std::size_t power = 1;
  while (number / power >= 10) power *= 10;
  for (; power != 0; power /= 10) name[end++] = static_cast<char>('0' + number / power % 10);
  return name;
}

/// What the images of a process share, by name. Use ProcessWide.
class ProcessDirectory {
 public:
  struct Entry {
    const char* name;
    std::size_t bytes;
    void* object;
    Entry* next;
    void (*before_fork)(void*);
    void (*after_fork)(void*);
    void (*in_child)(void*);
    bool fork_under_way;
  };

  static ProcessDirectory& instance() noexcept {
    ProcessDirectory& shared = *shared_by_images(&ProcessDirectory::make);
    if (made_here_.exchange(false, std::memory_order_acq_rel)) {
      pin_image(reinterpret_cast<const void*>(&ProcessDirectory::make));
      pthread_atfork(&before_fork, &after_fork, &in_child);
    }
    return shared;
  }

  /// The object of that name. Where there is none yet, @p construct(entry) makes it, and may throw;
  /// it may itself call find().
  void* find(const char* name, std::size_t bytes, void (*construct)(Entry&)) {
    const SignalsBlocked no_handler_waits_for_the_lock;
    const Locked lock(*this);
    Entry* entry = first_;
    while (entry != nullptr && std::strcmp(entry->name, name) != 0) entry = entry->next;
    if (entry == nullptr) {
      entry = fresh_entry(name, bytes);
      construct(*entry);
      entry->next = first_;
      first_ = entry;
    }
    if (entry->bytes != bytes) {
      std::fprintf(stderr,
                   "getput: two parts of this process were built with versions of getput that "
                   "differ in %s; build them with the same version\n",
                   name);
      std::abort();
    }
    return entry->object;
  }

 private:
  // Under the lock of the dynamic loader, so the rest is done by instance().
  static ProcessDirectory* make() noexcept {
    made_here_.store(true, std::memory_order_relaxed);
    return ::new (pages_or_abort(sizeof(ProcessDirectory), "shared state")) ProcessDirectory;
  }

  // The name is copied: its image may go.
  static Entry* fresh_entry(const char* name, std::size_t bytes) noexcept {
    const std::size_t name_bytes = std::strlen(name) + 1;
    constexpr std::size_t kLine = 64;
    const std::size_t object_at = (sizeof(Entry) + name_bytes + kLine - 1) / kLine * kLine;
    auto* const memory = static_cast<char*>(pages_or_abort(object_at + bytes, name));
    return ::new (memory)
        Entry{static_cast<const char*>(std::memcpy(memory + sizeof(Entry), name, name_bytes)),
              bytes,
              memory + object_at,
              nullptr,
              nullptr,
              nullptr,
              nullptr,
              false};
  }

  // Nests: what is made may consist of others.
  class Locked {
   public:
    explicit Locked(ProcessDirectory& all) noexcept : all_(all) { all_.lock(); }
    ~Locked() { all_.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

   private:
    ProcessDirectory& all_;
  };
  void lock() noexcept {
    const void* const self = thread_pointer();
    if (owner_.load(std::memory_order_relaxed) != self)
      for (const void* none = nullptr; !owner_.compare_exchange_weak(
               none, self, std::memory_order_acquire, std::memory_order_relaxed);
           none = nullptr)
        sched_yield();
    ++depth_;
  }
  void unlock() noexcept {
    if (--depth_ == 0)
      owner_.store(nullptr, std::memory_order_release);
  }

  // One fork at a time. What was made since the last look is locked too, before the directory: a
  // thread may look something up here while it holds the lock of an entry.
  static void before_fork() noexcept {
    ProcessDirectory& all = instance();
    while (all.forking_.exchange(true, std::memory_order_acquire)) sched_yield();
    do {
      for (Entry* e = all.first(); e != nullptr; e = e->next)
        if (e->before_fork != nullptr && !e->fork_under_way) {
          e->before_fork(e->object);
          e->fork_under_way = true;
        }
    } while (!all.lock_if_nothing_is_new());
  }
  static void after_fork() noexcept { end_fork(&Entry::after_fork); }
  static void in_child() noexcept { end_fork(&Entry::in_child); }

  static void end_fork(void (*Entry::*step)(void*)) noexcept {
    ProcessDirectory& all = instance();
    all.unlock();
    for (Entry* e = all.first(); e != nullptr; e = e->next)
      if (e->fork_under_way) {
        e->fork_under_way = false;
        (e->*step)(e->object);
      }
    all.forking_.store(false, std::memory_order_release);
  }

  bool lock_if_nothing_is_new() noexcept {
    lock();
    for (Entry* e = first_; e != nullptr; e = e->next)
      if (e->before_fork != nullptr && !e->fork_under_way) {
        unlock();
        return false;
      }
    return true;
  }

  Entry* first() noexcept {
    const Locked lock(*this);
    return first_;
  }

  static inline constinit std::atomic<bool> made_here_{false};

  std::atomic<bool> forking_{false};
  std::atomic<const void*> owner_{nullptr};  // the lock
  unsigned depth_ = 0;
  Entry* first_ = nullptr;  // the last one made; entries are never removed
};

/// Makes the directory known to the image that calls this when the image is loaded. The first
/// search for it takes the lock of the dynamic loader, which a child of fork() inherits locked if
/// another thread was in that search. A template, as PinnedImage is.
template <class T = void>
struct [[gnu::visibility("hidden")]] DirectoryAtLoad {
  static const bool done;
};
template <class T>
inline const bool DirectoryAtLoad<T>::done = (ProcessDirectory::instance(), true);

/// The one T of the process. T::kName names it; its layout is the same in every image that was
/// built with this version. T may have before_fork(), after_fork() and in_child().
template <class T>
class ProcessWide {
 public:
  /// Throws what the constructor of T throws, at the first call.
  static T& get() noexcept(kMakingNeverFails) {
    T* const known = known_.load(std::memory_order_acquire);
    return known != nullptr ? *known : find();
  }

 private:
  static constexpr bool kMakingNeverFails = std::is_nothrow_default_constructible_v<T>;

  [[gnu::cold, gnu::noinline, gnu::visibility("hidden")]] static T& find() noexcept(
      kMakingNeverFails) {
    static_cast<void>(&DirectoryAtLoad<>::done);
    auto* const found =
        static_cast<T*>(ProcessDirectory::instance().find(T::kName, sizeof(T), &construct));
    known_.store(found, std::memory_order_release);
    return *found;
  }

  static void construct(ProcessDirectory::Entry& entry) noexcept(kMakingNeverFails) {
    ::new (entry.object) T;
    if constexpr (requires(T & t) { t.before_fork(); }) {
      entry.before_fork = [](void* t) { static_cast<T*>(t)->before_fork(); };
      entry.after_fork = [](void* t) { static_cast<T*>(t)->after_fork(); };
      entry.in_child = [](void* t) { static_cast<T*>(t)->in_child(); };
      keep_image_mapped<T>();
    }
  }

  [[gnu::visibility("hidden")]] static inline constinit std::atomic<T*> known_{nullptr};
};

}  // namespace getput::machine
