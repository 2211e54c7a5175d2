// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {

using Domain = machine::RcuQsbrDomain;

void QsbrThread::online() noexcept {
  if (!online_)
    Domain::read_lock();
  online_ = true;
}

void QsbrThread::offline() noexcept {
  if (online_)
    Domain::read_unlock();
  online_ = false;
}

void QsbrThread::quiescent() noexcept {
  Domain::quiescent();
}

void QsbrThread::synchronize() noexcept {
  Domain::synchronize();
}

}  // namespace getput::bench::netpath
