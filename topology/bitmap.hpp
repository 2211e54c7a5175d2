// SPDX-License-Identifier: MIT
// Private to topology/: an owned hwloc bitmap.
#pragma once

#include <hwloc.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>

namespace getput::topology::detail {

/// A bitmap that frees itself; get() is what hwloc's functions take.
class Bitmap {
 public:
  Bitmap() : bitmap_(hwloc_bitmap_alloc()) {
    if (bitmap_ == nullptr) {
      throw std::bad_alloc();
    }
  }

  static Bitmap only(unsigned index) {
    Bitmap result;
    if (hwloc_bitmap_only(result.get(), index) != 0) {
      throw std::bad_alloc();
    }
    return result;
  }

  [[nodiscard]] hwloc_bitmap_t get() const noexcept { return bitmap_.get(); }

 private:
  struct Deleter {
    void operator()(hwloc_bitmap_s* bitmap) const noexcept { hwloc_bitmap_free(bitmap); }
  };
  std::unique_ptr<hwloc_bitmap_s, Deleter> bitmap_;
};

/// "0-3,8"; "none" for an empty set.
inline std::string list_of(hwloc_const_bitmap_t bitmap) {
  char* text = nullptr;
  if (hwloc_bitmap_list_asprintf(&text, bitmap) < 0) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<char, void (*)(void*)> owner(text, &std::free);
  return *text == '\0' ? "none" : text;
}

}  // namespace getput::topology::detail
