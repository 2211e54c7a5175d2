// SPDX-License-Identifier: MIT
// A shared object that is no getput module.
extern "C" __attribute__((visibility("default"))) int getput_nothing() {
  return 0;
}
