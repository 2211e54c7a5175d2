// SPDX-License-Identifier: MIT
// Plug-ins that must be refused: BROKEN_MAGIC, BROKEN_ABI, BROKEN_SIZE and BROKEN_NAME come from
// the build, one of them wrong.
#include "modules/plugin_abi.h"

extern "C" GETPUT_EXPORT const getput_module getput_module;
const struct getput_module getput_module = {
    BROKEN_MAGIC, BROKEN_ABI, BROKEN_SIZE, 0,       BROKEN_NAME, "test plug-in",
    nullptr,      nullptr,    nullptr,     nullptr, nullptr,     nullptr,
};
