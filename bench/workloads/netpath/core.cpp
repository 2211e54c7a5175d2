// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/core.hpp"

#include <algorithm>

#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {

SocketMemory::SocketMemory(Depot<Socket>& depot) : depot_(depot) {
  // A batch closes at most a batch of sockets, so neither list ever grows while packets flow.
  retired_.reserve(kMost + kBatch);
  free_.reserve(2 * (kMost + kBatch));
}

SocketMemory::~SocketMemory() {
  // Nobody reads any more: the worker is done, and with it the burst.
  for (Socket* socket : retired_) depot_.give(socket);
  for (Socket* socket : free_) depot_.give(socket);
}

void SocketMemory::replenish() noexcept {
  if (retired_.size() >= kMost)
    reclaim();
  while (free_.size() > kMost) {  // closed here, opened elsewhere
    depot_.give(free_.back());
    free_.pop_back();
  }
  while (free_.size() < kBatch) {
    if (Socket* socket = depot_.take())
      free_.push_back(socket);
    else if (!retired_.empty())
      reclaim();
    else
      return;  // packets that need a socket are dropped and counted: no_table_space
  }
}

void SocketMemory::reclaim() noexcept {
  QsbrThread::synchronize();
  free_.insert(free_.end(), retired_.begin(), retired_.end());
  retired_.clear();
}

void Core::restart(std::size_t start) noexcept {
  position = rx.slots().empty() ? 0 : start % rx.slots().size();
  account = {};
  stats = {};
  in_pass = 0;
  passes = 0;
  bad_passes = 0;
  accounted_before = 0;
}

std::size_t Core::next_batch() const noexcept {
  return std::min({kBatch, rx.pass() - in_pass, rx.slots().size() - position});
}

void Core::advance(std::size_t frames) noexcept {
  position += frames;
  if (position == rx.slots().size())
    position = 0;
  in_pass += frames;
  if (in_pass != rx.pass() || frames == 0)
    return;
  in_pass = 0;
  ++passes;
  const std::uint64_t accounted = account.accounted();
  if (accounted - accounted_before != rx.pass())
    ++bad_passes;
  accounted_before = accounted;
}

}  // namespace getput::bench::netpath
