// SPDX-License-Identifier: MIT
// What most tests include: compiled once (getput_parse_once() in cmake/GetputTargets.cmake).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <stop_token>
#include <thread>
