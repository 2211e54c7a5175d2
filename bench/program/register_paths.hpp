// SPDX-License-Identifier: MIT
// Which code of the packet path is compiled for a scheme beyond what every scheme has (levels L6
// and L7 of linux_6, staged). Eras, shapes, levels and copies multiply, so a unit that adds some of
// them is compiled only where it is needed:
//   GETPUT_REGISTER_ERAS(PercpuRef)    L6 and L7 in the other eras and shapes
//   GETPUT_REGISTER_LEVELS(PercpuRef)  every other level, each in the era that it belongs to
//   GETPUT_REGISTER_LOCKED(PercpuRef)  the level under a lock alone
//   GETPUT_REGISTER_PAPER(PercpuRef)   all of these, and L5 everywhere
// The first three are in getput-bench for the schemes that CMake marks (ERAS, LEVELS, LOCKED in
// getput_scheme()); the last is in getput-bench-paper for all.
#pragma once

#include "bench/workloads/netpath/level_code.hpp"
#include "schemes/machine/native.hpp"

namespace getput::bench::netpath {

inline constexpr Variant kStaged{Era::linux_6, Shape::staged};
inline constexpr Variant kScalar{Era::linux_6, Shape::scalar};
inline constexpr Variant k26{Era::linux_2_6, Shape::scalar};

template <class S>
bool register_eras() noexcept {
  CompiledLevels<S>::template add<level("L6"), kScalar, k26>();
  CompiledLevels<S>::template add<level("L7"), kScalar, k26>();
  return true;
}

template <class S>
bool register_locked() noexcept {
  CompiledLevels<S>::template add<level("locked"), kStaged>();
  return true;
}

template <class S>
bool register_levels() noexcept {
  // linux_6 takes no reference to a device on the path, so L4 differs from L0 in 2.6 only.
  CompiledLevels<S>::template add<level("L4"), k26>();
  CompiledLevels<S>::template add<level("L5"), kStaged>();
  CompiledLevels<S>::template add<level("bulk"), kStaged>();
  CompiledLevels<S>::template add<level("nofail"), kStaged>();
  CompiledLevels<S>::template add<level("recycled"), kStaged>();
  if constexpr (S::info.name == "none")
    CompiledLevels<S>::template add<level("split"), kStaged>();
  return register_locked<S>();
}

template <class S>
bool register_paper() noexcept {
  CompiledLevels<S>::template add<level("L5"), kScalar, k26>();
  return register_eras<S>() && register_levels<S>();
}

}  // namespace getput::bench::netpath

#define GETPUT_REGISTER_PATHS_(Class, what)                                                    \
  namespace {                                                                                  \
  const bool getput_##what##_##Class =                                                         \
      ::getput::bench::netpath::register_##what<::getput::Class<::getput::machine::Native>>(); \
  }
#define GETPUT_REGISTER_ERAS(Class) GETPUT_REGISTER_PATHS_(Class, eras)
#define GETPUT_REGISTER_LEVELS(Class) GETPUT_REGISTER_PATHS_(Class, levels)
#define GETPUT_REGISTER_LOCKED(Class) GETPUT_REGISTER_PATHS_(Class, locked)
#define GETPUT_REGISTER_PAPER(Class) GETPUT_REGISTER_PATHS_(Class, paper)
