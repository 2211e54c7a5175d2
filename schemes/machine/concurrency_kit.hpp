// SPDX-License-Identifier: MIT
// Concurrency kit's headers for C++. They are C, and in one place assign a void* to another pointer
// type, which C++ refuses: there, and only while they are read, ck_pr_fas_ptr() is wrapped into
// something that converts.
//
// No part of the machine: for the schemes that are concurrency kit's own code. Link -lck.
#pragma once

namespace getput::machine::detail {
struct ConvertsToPointer {
  void* pointer;
  template <class T>
  operator T*() const noexcept {
    return static_cast<T*>(pointer);
  }
};
}  // namespace getput::machine::detail

extern "C" {
#include <ck_pr.h>
#define ck_pr_fas_ptr(target, value) \
  (::getput::machine::detail::ConvertsToPointer{(ck_pr_fas_ptr)(target, value)})
#include <ck_brlock.h>
#include <ck_epoch.h>
#undef ck_pr_fas_ptr
}
