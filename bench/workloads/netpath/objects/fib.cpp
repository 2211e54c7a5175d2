// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/fib.hpp"

#include <memory>
#include <new>
#include <stdexcept>

#include "bench/workloads/netpath/objects/qsbr.hpp"

namespace getput::bench::netpath {
namespace {

/// The first @p length bits of the address.
constexpr Address first_bits(const Address& address, unsigned length) noexcept {
  constexpr auto mask = [](unsigned bits) {
    return bits == 0 ? 0 : ~std::uint64_t{0} << (64 - bits);
  };
  if (length <= 64)
    return {address.high & mask(length), 0};
  return {address.high, address.low & mask(length - 64)};
}

std::size_t at_most(std::size_t most, std::size_t groups) {
  if (groups > most)
    throw std::invalid_argument("too many groups for a routing table");
  return groups;
}

}  // namespace

Fib::Fib(std::size_t groups)
    : root4_(sizeof(Entry) << kRoot4),
      root6_(sizeof(Entry) << kRoot6),
      groups_(at_most(kMostGroups, groups) * kGroupSize * sizeof(Entry)),
      members_(groups) {
  std::uninitialized_value_construct_n(root4(), std::size_t{1} << kRoot4);
  std::uninitialized_value_construct_n(root6(), std::size_t{1} << kRoot6);
  retired_.reserve(groups);
  free_.reserve(groups);
  for (std::size_t i = groups; i > 0; --i) free_.push_back(static_cast<Word>(i - 1));
}

Fib::Status Fib::add(const Address& prefix, unsigned length, NextHop next_hop) noexcept {
  const std::optional<Prefix> added = checked(prefix, length);
  if (!added)
    return Status::bad_prefix;
  if (next_hop == 0 || next_hop > kMostNextHops)
    return Status::bad_next_hop;
  if (!have_groups(missing_groups(*added)))
    return Status::no_group;
  bool is_new = false;
  try {
    is_new = routes_.assign(*added, next_hop);
  } catch (const std::bad_alloc&) {
    return Status::no_memory;
  }
  of_length_[added->length] += is_new ? 1U : 0U;
  Row row = root(added->address);
  while (added->length > row.to) {
    Entry& above = entry(row, added->address);
    if ((above.load(std::memory_order_relaxed) & kGroup) == 0)  // (4)
      link(above);
    const Word word = above.load(std::memory_order_relaxed);
    members_[word & kNumber] += is_new ? 1U : 0U;
    row = below(row, word);
  }
  spread(row, *added, (added->length << kLengthShift) | next_hop);
  return Status::ok;
}

Fib::Status Fib::remove(const Address& prefix, unsigned length) noexcept {
  const std::optional<Prefix> removed = checked(prefix, length);
  if (!removed)
    return Status::bad_prefix;
  if (!routes_.erase(*removed))
    return Status::not_found;
  --of_length_[removed->length];
  std::array<Entry*, kMostLevels> path;
  std::size_t levels = 0;
  Row row = root(removed->address);
  while (removed->length > row.to) {
    path[levels] = &entry(row, removed->address);
    row = below(row, path[levels++]->load(std::memory_order_relaxed));
  }
  spread(row, *removed, covering(*removed));
  // From the lowest group up: the one above is all alike only when this one is gone.
  while (levels > 0) {
    Entry& above = *path[--levels];
    if (--members_[above.load(std::memory_order_relaxed) & kNumber] == 0)
      unlink(above);
  }
  return Status::ok;
}

std::optional<Prefix> Fib::checked(const Address& prefix, unsigned length) noexcept {
  const unsigned before = is_ipv4(prefix) ? kIpv4Bits : 0;
  if (length > 128 - before || first_bits(prefix, before + length) != prefix)
    return std::nullopt;
  return Prefix{prefix, before + length};
}

Fib::Entry& Fib::entry(const Row& row, const Address& address) noexcept {
  const std::uint64_t bits =
      row.from < 64 ? address.high << row.from : address.low << (row.from - 64);
  return row.entries[bits >> (64 - (row.to - row.from))];
}

Fib::Row Fib::root(const Address& address) const noexcept {
  if (is_ipv4(address))
    return {root4(), kIpv4Bits, kIpv4Bits + kRoot4};
  return {root6(), 0, kRoot6};
}

Fib::Row Fib::below(const Row& row, Word word) const noexcept {
  return {group(word), row.to, row.to + kStride};
}

/// The word for the longest prefix that covers @p prefix and is shorter.
Fib::Word Fib::covering(const Prefix& prefix) const noexcept {
  const unsigned shortest = root(prefix.address).from;
  for (unsigned length = prefix.length; length-- > shortest;) {
    if (of_length_[length] == 0)
      continue;
    const NextHop next_hop = routes_.find({first_bits(prefix.address, length), length});
    if (next_hop != 0)
      return (length << kLengthShift) | next_hop;
  }
  return 0;
}

/// Stores @p word in all entries of the prefix but those of longer prefixes.
void Fib::spread(const Row& row, const Prefix& prefix, Word word) noexcept {
  const std::size_t count = std::size_t{1} << (row.to - prefix.length);
  replace(&entry(row, prefix.address), count, prefix.length, word);
}

void Fib::replace(Entry* first, std::size_t count, unsigned longest, Word word) noexcept {
  for (Entry* at = first; at != first + count; ++at) {
    const Word old = at->load(std::memory_order_relaxed);  // (4)
    if ((old & kGroup) != 0)
      replace(group(old), kGroupSize, longest, word);
    else if (old >> kLengthShift <= longest)
      at->store(word, std::memory_order_release);  // (2)
  }
}

std::size_t Fib::missing_groups(const Prefix& prefix) const noexcept {
  Row row = root(prefix.address);
  while (prefix.length > row.to) {
    const Word word = entry(row, prefix.address).load(std::memory_order_relaxed);
    if ((word & kGroup) == 0)
      return (prefix.length - row.to + kStride - 1) / kStride;
    row = below(row, word);
  }
  return 0;
}

/// Makes sure that so many groups are free.
bool Fib::have_groups(std::size_t count) noexcept {
  if (free_.size() < count && !retired_.empty()) {
    QsbrThread::synchronize();  // (3)
    free_.insert(free_.end(), retired_.begin(), retired_.end());
    retired_.clear();
  }
  return free_.size() >= count;
}

/// Puts a group in the place of an entry; every address keeps its route.
void Fib::link(Entry& above) noexcept {
  const Word number = free_.back();
  free_.pop_back();
  const Word word = above.load(std::memory_order_relaxed);
  Entry* const entries = group(number);
  for (std::size_t i = 0; i < kGroupSize; ++i) std::construct_at(entries + i, word);
  above.store(kGroup | number, std::memory_order_release);  // (1)
}

/// The reverse, for a group that has no prefixes of its own any more.
void Fib::unlink(Entry& above) noexcept {
  const Word number = above.load(std::memory_order_relaxed) & kNumber;
  above.store(group(number)->load(std::memory_order_relaxed), std::memory_order_release);  // (3)
  retired_.push_back(number);  // never allocates: there is room for every group
}

unsigned Fib::entries_read(const Address& address) const noexcept {
  unsigned read = 1;
  Row row = root(address);
  for (Word word = entry(row, address).load(std::memory_order_relaxed); (word & kGroup) != 0;
       word = entry(row, address).load(std::memory_order_relaxed)) {
    row = below(row, word);
    ++read;
  }
  return read;
}

std::size_t Fib::memory_bytes() const noexcept {
  return root4_.size() + root6_.size() + groups_in_use() * kGroupSize * sizeof(Entry);
}

const char* to_string(Fib::Status status) noexcept {
  switch (status) {
    case Fib::Status::ok:
      return "ok";
    case Fib::Status::bad_prefix:
      return "bad_prefix";
    case Fib::Status::bad_next_hop:
      return "bad_next_hop";
    case Fib::Status::no_group:
      return "no_group";
    case Fib::Status::no_memory:
      return "no_memory";
    case Fib::Status::not_found:
      return "not_found";
  }
  return "?";
}

}  // namespace getput::bench::netpath
