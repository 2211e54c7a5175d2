// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/huge_memory.hpp"

#include <sys/mman.h>

#include <fstream>
#include <new>
#include <string>

namespace getput::bench::netpath {
namespace {

constexpr std::size_t kSmallPage = 4096;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

std::byte* map(std::size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

}  // namespace

HugeMemory::HugeMemory(std::size_t bytes) {
  if (bytes < kHugePage / 4) {
    size_ = round_up(bytes + 1, kSmallPage);
    data_ = map(size_);
    return;
  }
  size_ = round_up(bytes, kHugePage);
  std::byte* whole = map(size_ + kHugePage);
  const std::size_t before =
      (kHugePage - reinterpret_cast<std::uintptr_t>(whole) % kHugePage) % kHugePage;
  data_ = whole + before;
  if (before != 0)
    munmap(whole, before);
  munmap(data_ + size_, kHugePage - before);
  madvise(data_, size_, MADV_HUGEPAGE);
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr)
    munmap(data_, size_);
}

std::optional<std::uint64_t> huge_page_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string field; rollup >> field;) {
    std::uint64_t kilobytes = 0;
    if (field == "AnonHugePages:" && rollup >> kilobytes)
      return kilobytes * 1024;
  }
  return std::nullopt;
}

}  // namespace getput::bench::netpath
