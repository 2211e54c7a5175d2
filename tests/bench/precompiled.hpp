// SPDX-License-Identifier: MIT
// What most units of tests/bench/ include: compiled once (getput_parse_once() in
// cmake/GetputTargets.cmake).
#pragma once

#include "bench/precompiled.hpp"
#include "tests/precompiled.hpp"
