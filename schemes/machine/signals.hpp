// SPDX-License-Identifier: MIT
// Holding signals back where a handler could wait for a lock that its own thread holds.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace getput::machine {

/// No signal is delivered to the calling thread while one exists.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace getput::machine
