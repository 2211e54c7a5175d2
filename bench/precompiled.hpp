// SPDX-License-Identifier: MIT
// What most units of bench/ include: compiled once (getput_parse_once() in
// cmake/GetputTargets.cmake).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>
