// SPDX-License-Identifier: MIT
// How a waiting remover is asked to stop: std::stop_token, or, where the standard library has none
// (libc++ before 18, or without -fexperimental-library), own_stop_token.hpp.
#pragma once

#include <version>

#if defined(__cpp_lib_jthread)

#include <stop_token>

namespace getput {
using StopToken = std::stop_token;
using StopSource = std::stop_source;
template <class Callback>
using StopCallback = std::stop_callback<Callback>;
}  // namespace getput

#else

#include "own_stop_token.hpp"

namespace getput {
using StopToken = own::StopToken;
using StopSource = own::StopSource;
template <class Callback>
using StopCallback = own::StopCallback<Callback>;
}  // namespace getput

#endif
