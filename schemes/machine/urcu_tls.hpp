// SPDX-License-Identifier: MIT
// Included before every header of liburcu: its thread-local words without C++'s initialization
// check.
//
// To C++ liburcu declares them `extern thread_local`, so the compiler has to look before every
// access whether another file initializes them at run time, and the read side carries a test and a
// call for it. They are plain C words; __thread says so, as liburcu itself does to C.
#pragma once

#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE
#endif
#include <urcu/tls-compat.h>

#ifdef CONFIG_RCU_TLS
#undef URCU_TLS_STORAGE_CLASS
#define URCU_TLS_STORAGE_CLASS __thread
#endif
