// SPDX-License-Identifier: MIT
// A plug-in that dlclose() cannot unmap: it refers to a GNU_UNIQUE symbol of its own, which is what
// a visible static of a template becomes without -fno-gnu-unique. Written in assembly so that every
// compiler plants it. PLANTED_NAME comes from the build.
#include "modules/plugin_abi.h"

#if defined(__aarch64__)
#define UNIQUE_OBJECT "%gnu_unique_object"
#else
#define UNIQUE_OBJECT "@gnu_unique_object"
#endif
#define PLANTED "getput_unique_of_" PLANTED_NAME

asm(".pushsection .data\n"
    ".globl " PLANTED
    "\n"
    ".type " PLANTED ", " UNIQUE_OBJECT
    "\n"
    ".size " PLANTED
    ", 4\n"
    ".balign 4\n" PLANTED
    ": .long 7\n"
    ".popsection\n");

extern "C" __attribute__((visibility("default"))) int getput_planted asm(PLANTED);

namespace {

int enter(const char* /*params*/) {
  return getput_planted == 7 ? 0 : -1;
}
void leave() {
}

}  // namespace

extern "C" GETPUT_EXPORT const getput_module getput_module;
const struct getput_module getput_module = {
    GETPUT_MODULE_MAGIC,
    GETPUT_ABI_VERSION,
    sizeof(struct getput_module),
    0,
    PLANTED_NAME,
    "test plug-in",
    nullptr,
    nullptr,
    enter,
    leave,
    nullptr,
    nullptr,
};
