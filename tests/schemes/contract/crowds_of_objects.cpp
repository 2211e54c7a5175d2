// SPDX-License-Identifier: MIT
#include "tests/schemes/contract/crowds_of_objects.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <fstream>

namespace getput::contract {

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream statm("/proc/self/statm");
  if (!(statm >> total >> resident))
    return 0;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Pages::Pages(std::size_t bytes)
    : bytes_(bytes),
      begin_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
  if (begin_ == MAP_FAILED)
    throw std::bad_alloc();
}

Pages::~Pages() {
  munmap(begin_, bytes_);
}

}  // namespace getput::contract
