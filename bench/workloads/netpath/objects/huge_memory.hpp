// SPDX-License-Identifier: MIT
// Memory in pages of 2 MiB, for what every packet looks up.
//
// The tables of 64k flows take 24 MiB: 6000 small pages, three times what a TLB holds, and in a
// guest each miss walks two page tables. A kernel has such tables in its linear mapping of huge
// pages, so small pages would charge the path for a cost that it does not have there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace getput::bench::netpath {

inline constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Zeroed memory of this process. At least a quarter of a huge page: aligned to huge pages and
/// advised to consist of them. The kernel may still use small pages, which changes timings only.
class HugeMemory {
 public:
  HugeMemory() = default;
  /// @p bytes or more. Throws std::bad_alloc.
  explicit HugeMemory(std::size_t bytes);
  HugeMemory(HugeMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0U)) {}
  HugeMemory& operator=(HugeMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~HugeMemory();

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Bytes of this process that are in huge pages now; nothing where the kernel does not tell. Takes
/// milliseconds: never call it inside a timed region.
std::optional<std::uint64_t> huge_page_bytes();

}  // namespace getput::bench::netpath
