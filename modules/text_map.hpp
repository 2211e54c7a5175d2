// SPDX-License-Identifier: MIT
// Proof that a shared object has left the address space.
//
// dlclose() returns 0 whether or not it unmapped anything: a GNU_UNIQUE symbol, a NODELETE flag, a
// thread_local destructor or one more dlopen() of the same file keeps the text in place. A removal
// that was timed with the text still mapped measured nothing, so the loader looks for itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace getput::modules {

/// One file-backed piece of the address space, as a line of /proc/self/maps shows it.
struct MappedPiece {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool executable = false;
  std::string file;  ///< device and inode, "fe:01 1234"; equal for equal files, whatever their name
};

/// The file-backed pieces of the object that contains `address`; empty when the address lies in no
/// loaded object or /proc/self/maps cannot be read.
std::vector<MappedPiece> mapped_pieces_of(const void* address);

/// Those of `pieces` that are still mapped from the same file. A mapping of another file that came
/// to lie at the same address since is not counted. Sets `readable` to false, and returns nothing,
/// when /proc/self/maps cannot be read: then nothing is proven.
std::vector<MappedPiece> still_mapped(const std::vector<MappedPiece>& pieces, bool& readable);

}  // namespace getput::modules
