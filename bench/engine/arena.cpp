// SPDX-License-Identifier: MIT
#include "bench/engine/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "bench/engine/errors.hpp"

namespace getput::bench {
namespace {

constexpr std::size_t kPage = 4096;
// At most this share of the arena is in use, so that a free place is found soon.
constexpr std::size_t kMostUsed = Arena::kBytes / kPage / 4;

constexpr std::size_t pages_of(std::size_t bytes) {
  return (bytes + kPage - 1) / kPage;
}

std::byte* map(std::size_t bytes) {
  void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw EnvironmentError("cannot map " + std::to_string(bytes) +
                           " bytes for measured objects: " + std::strerror(errno) +
                           "; raise the limit of the address space (ulimit -v)");
  }
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // a fault shall map one page, not 2 MiB
  return static_cast<std::byte*>(memory);
}

}  // namespace

Arena::Span::~Span() {
  if (own_mapping_ != nullptr) {
    munmap(own_mapping_, pages_of(size_ + static_cast<std::size_t>(data_ - own_mapping_)) * kPage);
  } else if (arena_ != nullptr) {
    arena_->release(*this);
  }
}

void Arena::Span::touch() const noexcept {
  for (std::size_t at = 0; at < size_; at += kPage) {
    static_cast<volatile std::byte*>(data_)[at] = std::byte{0};
  }
  if (size_ != 0) {
    static_cast<volatile std::byte*>(data_)[size_ - 1] = std::byte{0};
  }
}

Arena& Arena::instance() {
  static Arena arena;
  return arena;
}

Arena::Arena() : base_(map(kBytes)) {
}

Arena::~Arena() {
  munmap(base_, kBytes);
}

Arena::Span Arena::draw(std::size_t bytes, Random& random) {
  const std::size_t offset = random() % (kPage / kLine) * kLine;
  const std::size_t pages = pages_of(offset + bytes);
  constexpr std::size_t kPages = kBytes / kPage;
  if (used_pages_ + pages > kMostUsed) {
    return map_alone(bytes, offset);
  }
  std::size_t first = 0;
  do {
    first = random() % (kPages - pages + 1);
  } while (!is_free(first, pages));
  used_.push_back({first, pages});
  used_pages_ += pages;
  Span span;
  span.arena_ = this;
  span.data_ = base_ + first * kPage + offset;
  span.size_ = bytes;
  return span;
}

Arena::Span Arena::map_alone(std::size_t bytes, std::size_t offset) {
  Span span;
  span.own_mapping_ = map(pages_of(offset + bytes) * kPage);
  span.data_ = span.own_mapping_ + offset;
  span.size_ = bytes;
  return span;
}

bool Arena::is_free(std::size_t first_page, std::size_t pages) const {
  return std::none_of(used_.begin(), used_.end(), [&](const Used& used) {
    return first_page < used.first_page + used.pages && used.first_page < first_page + pages;
  });
}

void Arena::release(const Span& span) noexcept {
  const auto first = static_cast<std::size_t>(span.data_ - base_) / kPage;
  const auto found = std::find_if(used_.begin(), used_.end(),
                                  [&](const Used& used) { return used.first_page == first; });
  if (found != used_.end()) {
    used_pages_ -= found->pages;
    *found = used_.back();
    used_.pop_back();
  }
}

}  // namespace getput::bench
