// SPDX-License-Identifier: MIT
#pragma once

#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {

/// Makes the calling thread an online reader while it lives.
class Online {
 public:
  Online() { thread_.online(); }

 private:
  QsbrThread thread_;
};

}  // namespace getput::bench::netpath
