// SPDX-License-Identifier: MIT
// The one line of the generated translation unit of a scheme:
//   GETPUT_REGISTER_SCHEME(PercpuRef, "distributed")
// puts getput::PercpuRef<getput::machine::Native> into the registry with every workload. A new
// workload is added here once, for all schemes.
//
// A unit of these takes about 10 s to compile, 36 times. What runs once a trial or less is
// therefore [[gnu::cold]] here, in the workloads and in the oracle: the compiler does not optimise
// it for speed.
#pragma once

#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "bench/catalog/registry.hpp"
#include "bench/oracle/hunt.hpp"
#include "bench/workloads/dst_series/dst_series.hpp"
#include "bench/workloads/netpath/netpath.hpp"
#include "bench/workloads/pairs/pairs.hpp"
#include "bench/workloads/removal/removal.hpp"
#include "schemes/machine/native.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {

/// "" when S can be constructed and used here, else the reason in plain words.
template <class S, class M>
[[gnu::cold]] std::string why_unavailable() {
  std::string why = M::unavailable(S::info);
  if (!why.empty()) {
    return why;
  }
  try {
    [[maybe_unused]] S probe;
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

/// Adds S to the registry; the value only serves to run this before main().
template <class S, class M>
[[gnu::cold]] bool register_scheme(std::string folder) {
  static_assert(Scheme<S>, "a scheme must fulfil the concept of schemes/scheme.hpp");
  SchemeEntry entry;
  entry.info = S::info;
  entry.info.bytes_allocated = bytes_allocated_here<S>();
  entry.folder = std::move(folder);
  entry.unavailable = &why_unavailable<S, M>;
  entry.session = !std::is_same_v<SessionFor<S>, getput::detail::NoSession>;
  if constexpr (S::info.removal && S::info.shared_by_threads) {
    entry.hunt = &oracle::hunt<S>;
  }
  entry.workloads.push_back(pairs::workload<S>());
  entry.workloads.push_back(removal::workload<S>());
  entry.workloads.push_back(netpath::workload<S>());
  if constexpr (S::info.control && S::info.name == "none")
    entry.workloads.push_back(dst_series::workload());
  Registry::instance().add(std::move(entry));
  return true;
}

}  // namespace getput::bench

#define GETPUT_REGISTER_SCHEME(Class, folder)                                      \
  namespace {                                                                      \
  const bool getput_registered_##Class =                                           \
      ::getput::bench::register_scheme<::getput::Class<::getput::machine::Native>, \
                                       ::getput::machine::Native>(folder);         \
  }
