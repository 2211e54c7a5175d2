// SPDX-License-Identifier: MIT
// The world that a model run simulates: threads that another thread may overtake at any step,
// CPUs that they move between, membarrier, rseq and futex.
//
//   membarrier   A handshake. The caller asks every other thread in turn; each answers with a full
//                fence before its next access; the call returns when all have. A thread that sleeps
//                or has finished or not begun passes a context switch, which is a full fence: it
//                need not answer.
//   rseq         A section notes the CPU that it runs on. It is broken, and starts over, when
//                another thread runs a section on that CPU before the commit, or when an rseq
//                membarrier is answered inside it.
//   stop         As a membarrier that restarts sections, but whoever answers sleeps until the
//                function has run.
//   futex        A thread sleeps by key. Nobody awake means deadlock: a lost wake-up is found.
//
// Program order is kept and loads may be stale, which is how Relacy models weak memory. Of what a
// compiler may reorder within one thread, the model has what the asymmetric barriers need: without
// a light_barrier() between them, a load may come before a store, with a membarrier in between; and
// the look for sleepers then sees those from before the store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <source_location>

namespace getput::model {

using Where = std::source_location;

inline constexpr int kMaxThreads = 5;
inline constexpr unsigned kCpus = 2;

/// Ends this execution as a failure. @p what is the sentence that the report shows.
void require(bool holds, const char* what, const Where& at = Where::current());

/// One of 0 .. @p choices - 1: the search tries them all, or draws one.
unsigned choose(unsigned choices);

/// A CPU that the executing thread may run on.
unsigned some_cpu();

/// The executing thread's number; in setup and teardown that of whichever thread runs them.
int self();

/// A clock that does not go back. Between two looks passes either no time or a long time.
std::uint64_t monotonic_ns();

/// False while objects of static storage are made.
bool in_execution();

/// False in setup and teardown.
bool threads_run();

/// Threads of this execution, the background thread among them.
int thread_count();

/// A point where any other thread may run, and where a membarrier is answered.
void step();

/// As step(), for loops that wait for another thread: the others get their turn.
void let_others_run(const Where& at = Where::current());

/// A sequentially consistent fence.
void full_fence(const Where& at = Where::current());

/// What was stored before it stays before what is loaded after it. Without one, a compiler may have
/// loaded first, and a membarrier may have been answered in between: see stored() and loads().
void compiler_barrier();
void stored(const void* cell);
void loads(const void* cell);

/// Every other thread passes a full fence before this returns; with @p restart_sections, every
/// rseq section that was running has finished or starts over.
void membarrier(bool restart_sections, const Where& at = Where::current());

/// While one lives, every other thread stands still between two accesses, outside any rseq section,
/// and has passed a full fence: machine::StopMachine. Several are made one after the other.
class StoppedMachine {
 public:
  explicit StoppedMachine(const Where& at = Where::current());
  ~StoppedMachine();
  StoppedMachine(const StoppedMachine&) = delete;
  StoppedMachine& operator=(const StoppedMachine&) = delete;
};

/// While one lives, no other thread runs: several accesses as one instruction.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// One attempt at an rseq section, on a CPU that is drawn. Follow its loads with step(), then
/// commit in an Uninterrupted if it is not broken().
class Section {
 public:
  Section();
  explicit Section(unsigned cpu);  ///< on this one
  ~Section();
  Section(const Section&) = delete;
  Section& operator=(const Section&) = delete;

  unsigned cpu() const { return cpu_; }
  bool broken() const;

 private:
  unsigned cpu_;
};

/// Futex wait and wake; sleep() returns at once if something woke @p key since ticket() was drawn.
namespace futex {
std::uint32_t ticket();
void sleep(const void* key, std::uint32_t ticket, const Where& at = Where::current());
void wake(const void* key, const Where& at = Where::current());

/// The put's side of parking: wakes if somebody announced that he is going to sleep.
void wake_if_waiting(const void* key, const Where& at = Where::current());
void announce(const Where& at = Where::current());
void withdraw(const Where& at = Where::current());
}  // namespace futex

/// Did all threads but the calling one finish?
bool others_finished();

/// Sleeps until another thread wakes @p key or finishes.
void sleep_until_work(const void* key);

// Called by the engine, once for each execution and for each thread of it.
namespace execution {
/// @p used of the @p threads do something. Without @p membarrier a remover who goes to sleep does
/// what machine::Membarrier falls back to: a fence of his own.
void begin(int threads, int used, bool membarrier);
void start_thread();
void finish_thread();
void end();
}  // namespace execution

}  // namespace getput::model
