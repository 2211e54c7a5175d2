// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/core.hpp"

#include <algorithm>

namespace getput::bench::netpath {

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
