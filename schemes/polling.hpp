// SPDX-License-Identifier: MIT
// How the remover of a scheme waits that is another project's code and cannot wake it.
#pragma once

#include <chrono>
#include <thread>

#include "stop_token.hpp"

namespace getput {

/// wait_drained() by asking drained() until it holds or @p token is stopped: 100 times without a
/// pause that the scheduler sees, then every 20 us. @p M is the scheme's machine.
template <class M, class S>
void poll_until_drained(S& module, const StopToken& token) {
  constexpr int kPollsBeforeSleep = 100;
  for (int polls = 0; !module.drained() && !token.stop_requested(); ++polls) {
    if (polls < kPollsBeforeSleep)
      M::cpu_relax();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

}  // namespace getput
