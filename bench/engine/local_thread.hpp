// SPDX-License-Identifier: MIT
// A thread whose stack and static thread-local storage lie on the node of the CPU it will run on.
//
// glibc places a new thread's static thread-local storage at the top of its stack and writes it in
// the creating thread, so the memory belongs to the creator's node. It also reuses the stacks of
// threads that have ended, wherever those ran. LocalThread therefore maps a new stack and pins the
// creator to the CPU of the new thread while it creates it. The schemes that count per thread keep
// their counters in this memory.
#pragma once

#include <pthread.h>

#include <cstddef>
#include <functional>

namespace getput::bench {

class LocalThread {
 public:
  /// Starts a thread that runs @p main. It begins with an affinity of @p pu alone; the creator's
  /// affinity is restored. Throws EnvironmentError when memory or the thread is refused, and
  /// topology's errors, which name the PU, when the creator cannot run there.
  LocalThread(unsigned pu, std::function<void()> main);
  /// Waits for the thread to return.
  ~LocalThread();
  LocalThread(const LocalThread&) = delete;
  LocalThread& operator=(const LocalThread&) = delete;

 private:
  static void* run(void* main);
  int create_on(unsigned pu);

  std::function<void()> main_;
  std::byte* stack_ = nullptr;  ///< with the guard page at its low end
  std::size_t mapped_ = 0;
  pthread_t thread_{};
};

}  // namespace getput::bench
