// SPDX-License-Identifier: MIT
// Many objects at once: they do not disturb each other, and they cost what SchemeInfo says.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <new>
#include <string>

#include "schemes/machine/errors.hpp"
#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/storms.hpp"

namespace getput::contract {

/// Resident memory of this process in bytes, 0 where /proc does not tell.
std::size_t resident_bytes();

/// Fresh pages from the kernel, given back at the end.
class Pages {
 public:
  explicit Pages(std::size_t bytes);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  void* begin() const { return begin_; }

 private:
  std::size_t bytes_;
  void* begin_;
};

/// The most objects that were alive at once in this process, before bytes_are_as_claimed. Schemes
/// share the memory that their counters lie in.
inline long most_alive = 1000;

/// @p n objects alive: references to every third are held while every other one is removed.
template <class S>
Verdict many_objects(long n) {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  most_alive = std::max(most_alive, n);
  std::deque<S> modules(static_cast<std::size_t>(n));
  const auto holds = [](long i) { return i % 3 == 0 && i < 30000; };
  std::vector<typename S::Ticket> tickets;
  for (long i = 0; i < n; ++i) {
    const auto ticket = modules[static_cast<std::size_t>(i)].try_get();
    GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused on a live module");
    if (holds(i) && S::info.hold_across_sleep)
      tickets.push_back(ticket);
    else
      modules[static_cast<std::size_t>(i)].put(ticket);
  }
  std::size_t next = 0;
  for (long i = 0; i < n; ++i) {
    S& module = modules[static_cast<std::size_t>(i)];
    const bool held = holds(i) && S::info.hold_across_sleep;
    if (counts<S>())
      GETPUT_REQUIRE(module.count() == (held ? 1 : 0), count_text(module, held ? 1 : 0));
    // A removal costs a system call: a sample is enough.
    if (S::info.removal && S::info.try_stop && i % 97 == 0) {
      GETPUT_REQUIRE(module.try_stop() == !held, "try_stop() mistakes one object for another");
      if (!held)
        module.restart();
    }
    if (held)
      module.put(tickets[next++]);
    if (counts<S>())
      GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  }
  return kept();
}

/// A slot that was used, and given back when its object was destroyed, starts at zero again.
template <class S>
Verdict destroyed_objects_leave_nothing() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  for (Rounds round(200); round; ++round) {
    std::deque<S> modules(20);
    for (S& module : modules) {
      GETPUT_REQUIRE(module.count() == 0, "a new object inherits the count of a destroyed one");
      const auto ticket = module.try_get();
      GETPUT_REQUIRE(static_cast<bool>(ticket), "a new object is not live");
      module.put(ticket);
      if (S::info.removal && round.number() % 2 == 0)
        module.stop();
    }
  }
  return kept();
}

/// Objects in pages of their own, so that no memory of earlier ones is used again.
template <class S>
class FreshObjects {
 public:
  explicit FreshObjects(long n)
      : pages_(static_cast<std::size_t>(n) * sizeof(S)),
        objects_(new (pages_.begin()) S[static_cast<std::size_t>(n)]),
        size_(n) {}
  ~FreshObjects() { std::destroy(begin(), end()); }
  FreshObjects(const FreshObjects&) = delete;
  FreshObjects& operator=(const FreshObjects&) = delete;
  S* begin() { return objects_; }
  S* end() { return objects_ + size_; }

 private:
  Pages pages_;
  S* objects_;
  long size_;
};

/// What the process grows by while a new thread uses @p n new objects on every CPU; -1 if so many
/// do not fit, after those of other schemes in this process.
template <class S>
long growth_in_bytes(long n) {
  long growth = 0;
  Worker<S> user("user on every CPU");
  user.run([&] {
    { [[maybe_unused]] S warm_up; }
    const auto before = static_cast<long>(resident_bytes());
    try {
      FreshObjects<S> modules(n);
      for (const int cpu : allowed_cpus()) {
        pin(0, cpu);
        for (S& module : modules) module.put(module.try_get());
      }
      growth = static_cast<long>(resident_bytes()) - before;
    } catch (const machine::OutOfSlots&) {
      growth = -1;
    }
  });
  return growth;
}

/// sizeof, and what the process really grows by.
template <class S>
Verdict bytes_are_as_claimed() {
  constexpr SchemeInfo info = S::info;
  GETPUT_REQUIRE(sizeof(S) == info.bytes_per_object, "sizeof is " + std::to_string(sizeof(S)) +
                                                         ", bytes_per_object says " +
                                                         std::to_string(info.bytes_per_object));
  if (kSanitized || scale() < 1)
    return untestable("resident memory says nothing under a sanitizer or an emulator");
  if (info.bytes_per_cpu != 0 && !can_migrate())
    return untestable(kNoMigration);
  if (resident_bytes() == 0)
    return untestable("/proc/self/statm cannot be read");
  constexpr double kNew = 100'000;  // slots of earlier objects are used again, these are not
  const double all = kNew + static_cast<double>(most_alive);
  const auto object = static_cast<double>(info.bytes_per_object);
  const auto words =
      static_cast<double>(bytes_allocated_here<S>() + info.bytes_per_cpu * allowed_cpus().size() +
                          info.bytes_per_thread);
  const auto seen = static_cast<double>(growth_in_bytes<S>(static_cast<long>(all)));
  if (seen < 0)
    return untestable("many schemes ran in this process before; run this one alone");
  most_alive = std::max(most_alive, static_cast<long>(all));  // for the next scheme of this process
  const std::string text = std::to_string(seen / all) + " bytes an object, claimed " +
                           std::to_string(object + words) + " with one thread on " +
                           std::to_string(allowed_cpus().size()) + " CPUs";
  // A tenth more for bookkeeping (which slots are free) and a byte for pages half used.
  GETPUT_REQUIRE(seen < 1.1 * (object + words) * all + all + 1e6,
                 "costs more than it says: " + text);
  GETPUT_REQUIRE(seen > 0.9 * (object * all + words * kNew) - 1e6,
                 "costs less than it says: " + text);
  return kept();
}

}  // namespace getput::contract
