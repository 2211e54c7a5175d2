// SPDX-License-Identifier: MIT
// What ThreadSanitizer would say about other people's code. Ours has annotations instead
// (schemes/machine/annotate.hpp); nothing of this tree may be named here.
#include "tests/schemes/contract/effort.hpp"

#if defined(GETPUT_TEST_TSAN)
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  // liburcu 0.13 reads and writes its futex word through volatile, on purpose; it is inlined into
  // read_unlock(). Only reports whose innermost function is this one.
  return "race_top:urcu_common_wake_up_gp\n";
}
#endif
