// SPDX-License-Identifier: MIT
// The state of the simulated world, shared by world.cpp (threads, membarrier) and kernel.cpp (rseq,
// futex). For the engine's sources only; includes the checker, so it comes last.
#pragma once

#include <array>
#include <cstdint>

#include "tests/model/turns.hpp"
#include "tests/model/world.hpp"

#include "tests/model/checker.hpp"

namespace getput::model {

using Clock = std::array<rl::timestamp_t, kMaxThreads>;

struct Thread {
  bool started = false;
  bool fence_at_start = false;  // a membarrier was called meanwhile
  bool idle = false;            // asleep: has passed a context switch and will pass another
  bool finished = false;
  bool asked = false;  // has a membarrier to answer
  bool asked_restart = false;
  bool asked_to_stand_still = false;
  std::array<bool, kMaxThreads> asked_by{};
  int unanswered = 0;            // of the membarrier that this thread calls
  const void* stored = nullptr;  // what it wrote last, if a load may still be moved before that
  int waiting_then = 0;          // how many slept, or were about to, when it wrote that
  const void* key = nullptr;     // what it sleeps for
  bool wants_to_know_of_ends = false;
  bool in_section = false;
  bool section_broken = false;
  unsigned cpu = 0;
  std::uint64_t last_fence = 0;
  unsigned pinned = 0;           // the CPU it runs on in an execution that is conducted
  std::uint64_t turns_seen = 0;  // knows what others did in their turns up to this one
};

/// One simulated machine. Ordinary memory: the simulation runs in one real thread.
struct World {
  bool running = false;  // false in setup and teardown
  bool has_membarrier = true;
  int threads = 0;
  int uninterrupted = 0;
  int stopper = -1;  // who has stopped the machine
  int waiting = 0;   // who has announced that he is going to sleep
  std::uint64_t time = 0;
  std::uint64_t clock = 0;  // what monotonic_ns() read last
  std::array<Thread, kMaxThreads> thread;
  struct Cpu {
    int last = -1;  // who ran a section here last
    Clock clock{};  // what he had done: the edge of the context switch to the next thread
  };
  std::array<Cpu, kCpus> cpu;
  Conductor* conductor = nullptr;
  int turn = -1;
  std::uint64_t turns = 0;
  Clock handed_on{};  // what those who handed over had done
};

extern World world;

inline Thread& thread(int index) {
  return world.thread[static_cast<std::size_t>(index)];
}
inline Thread& me() {
  return thread(self());
}

/// A fence of the calling thread, now.
void fence_here(const Where& at);

/// Returns when nobody else has stopped the machine.
void stand_still();

/// In an execution that is conducted: returns when it is the calling thread's turn, and it knows
/// all that has been done.
void wait_for_turn();

/// The calling thread sleeps until wake_thread(); both ends are a context switch.
void park(const void* key, const Where& at);
void wake_thread(int index, const Where& at);

}  // namespace getput::model
