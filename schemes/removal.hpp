// SPDX-License-Identifier: MIT
// What removers of different schemes have in common.
#pragma once

namespace getput {

/// try_stop() of a scheme whose remover can be sure only once callers are refused: looks, marks the
/// module going, looks again, and lets it live if somebody is inside. Callers in that window are
/// refused for nothing (SchemeInfo::spurious_failure). A scheme that keeps no count looks once.
template <class S>
[[nodiscard]] bool stop_if_unused(S& module) {
  if (module.count() != 0)  // busy for sure: do not disturb the callers
    return false;
  module.stop();
  if (module.drained())
    return true;
  module.restart();
  return false;
}

/// What a remover knows who believes a sum only while every thread of his machine M stands still:
/// is nobody inside? If so, @p mark() is called before anybody goes on.
template <class M, class S, class Mark>
[[nodiscard]] bool unused_at_rendezvous(const S& module, Mark mark) {
  bool unused = false;
  M::stop_machine([&] {
    unused = module.count() == 0;
    if (unused)
      mark();
  });
  return unused;
}

}  // namespace getput
