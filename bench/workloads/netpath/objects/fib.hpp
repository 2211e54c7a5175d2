// SPDX-License-Identifier: MIT
// The routing table: longest-prefix match of a destination address.
//
// What: IPv4 is the two-level table DIR-24-8 (P. Gupta, S. Lin, N. McKeown, "Routing Lookups in
// Hardware at Memory Access Speeds", INFOCOM 1998): a root with an entry for each value of the
// first 24 bits, and a group of 256 entries under each root entry that has longer prefixes. IPv6
// has a root for the first 16 bits and the same groups under it, one for each further byte. Every
// prefix is written into all entries it covers, so the first entry that names no group is the
// answer.
//
// Cost of a lookup: IPv4 reads 1 entry, and 2 under a prefix longer than /24. IPv6 reads 1 entry
// and one more, each dependent on the last, for each byte after the second of the longest prefix on
// the way: 5 for /48, 7 for /64.
// Cost of a change: all entries that the prefix covers, 2^24 for an IPv4 default route.
// Memory: 64 MiB for the IPv4 root, 256 KiB for the IPv6 root, 1 KiB for each group in use, and
// 36 to 72 bytes of builder's memory for each route. See memory_bytes().
//
// Progress: lookup() is wait-free, also while a route changes. add() and remove() are for one
// thread at a time; when groups run short they wait for a grace period of urcu-qsbr.
//
// Ordering:
//   (1) A new group is filled before its number is stored in the entry above, with release.
//       lookup() loads the entry with acquire, so it sees a filled group.
//   (2) An entry is one word, stored with release and loaded with acquire. A reader that
//       gets a next hop from lookup() sees what the caller of add() had written before, such as the
//       next hop's own data. The entries of a prefix change one by one: one address has either its
//       old or its new route, but two addresses may change at different times.
//   (3) A group without prefixes of its own holds the same word in all entries. remove() stores
//       that word over the group's number: a reader that is still in the group gets the same
//       answer, because the group is neither changed nor used again before every reader has been
//       quiescent.
//   (4) The builder is the only writer and loads with relaxed.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"
#include "bench/workloads/netpath/objects/route_list.hpp"

namespace getput::bench::netpath {

class Fib {
 public:
  static constexpr NextHop kMostNextHops = (1U << 23) - 1;
  static constexpr std::size_t kMostGroups = std::size_t{1} << 23;
  static constexpr std::size_t kDefaultGroups = std::size_t{1} << 16;

  enum class Status : std::uint8_t {
    ok,
    bad_prefix,    ///< length out of range, or bits set behind it
    bad_next_hop,  ///< 0 or more than kMostNextHops
    no_group,      ///< all groups are in use; nothing was changed
    no_memory,     ///< for the builder's list of routes; nothing was changed
    not_found,     ///< remove(): there is no such route
  };

  /// @p groups: how many groups there may be, at most kMostGroups. They take memory when they are
  /// first used. Throws std::bad_alloc, or std::invalid_argument for too many groups.
  explicit Fib(std::size_t groups = kDefaultGroups);

  /// The next hop of the longest prefix that covers @p address. While a builder is at work the
  /// caller must be an online urcu-qsbr thread.
  NextHop lookup(const Address& address) const noexcept {
    return (is_ipv4(address) ? find4(address) : find6(address)) & kNumber;
  }
  /// Fetches the entry where lookup() begins.
  void prefetch(const Address& address) const noexcept {
    __builtin_prefetch(is_ipv4(address) ? &first4(address) : &first6(address));
  }

  /// Adds a route, or changes the next hop of the one that is there. @p length counts the bits of
  /// the family: at most 32 for an IPv4 address, which is one in mapped form, 128 for others.
  [[nodiscard]] Status add(const Address& prefix, unsigned length, NextHop next_hop) noexcept;
  /// Takes a route out; the next shorter prefix takes its place.
  [[nodiscard]] Status remove(const Address& prefix, unsigned length) noexcept;

  /// Entries that lookup() reads for this address, 1 or more. For the builder's thread.
  unsigned entries_read(const Address& address) const noexcept;
  std::size_t routes() const noexcept { return routes_.size(); }
  /// Groups that hold prefixes now, without those that wait for readers.
  std::size_t groups_in_use() const noexcept {
    return members_.size() - free_.size() - retired_.size();
  }
  /// What readers touch: both roots and the groups in use.
  std::size_t memory_bytes() const noexcept;

 private:
  // Bit 31: the other bits are the number of a group. Otherwise bits 0..22 are the next hop and
  // bits 23..30 the length of the prefix that it comes from, counted within 128 bits.
  using Word = std::uint32_t;
  using Entry = std::atomic<Word>;
  static constexpr Word kGroup = 1U << 31;
  static constexpr Word kNumber = kMostNextHops;
  static constexpr unsigned kLengthShift = 23;

  static constexpr unsigned kIpv4Bits = 96;  ///< of the mapped form, before the IPv4 address
  static constexpr unsigned kRoot4 = 24;
  static constexpr unsigned kRoot6 = 16;
  static constexpr unsigned kStride = 8;
  static constexpr std::size_t kGroupSize = std::size_t{1} << kStride;
  static constexpr std::size_t kMostLevels = (128 - kRoot6) / kStride;

  /// Entries that share the bits before `from` and are selected by the bits up to `to`.
  struct Row {
    Entry* entries;
    unsigned from;
    unsigned to;
  };

  Entry* root4() const noexcept { return reinterpret_cast<Entry*>(root4_.data()); }
  Entry* root6() const noexcept { return reinterpret_cast<Entry*>(root6_.data()); }
  Entry* group(Word word) const noexcept {
    return reinterpret_cast<Entry*>(groups_.data()) + (word & kNumber) * kGroupSize;
  }
  const Entry& first4(const Address& address) const noexcept {
    return root4()[static_cast<std::uint32_t>(address.low) >> (32 - kRoot4)];
  }
  const Entry& first6(const Address& address) const noexcept {
    return root6()[address.high >> (64 - kRoot6)];
  }

  Word find4(const Address& address) const noexcept {
    Word word = first4(address).load(std::memory_order_acquire);  // (1) (2)
    if ((word & kGroup) != 0) [[unlikely]]
      word = group(word)[address.low % kGroupSize].load(std::memory_order_acquire);  // (2)
    return word;
  }
  Word find6(const Address& address) const noexcept {
    Word word = first6(address).load(std::memory_order_acquire);  // (1) (2)
    for (unsigned from = kRoot6; (word & kGroup) != 0; from += kStride) {
      const std::uint64_t bits =
          from < 64 ? address.high >> (56 - from) : address.low >> (120 - from);
      word = group(word)[bits % kGroupSize].load(std::memory_order_acquire);  // (1) (2)
    }
    return word;
  }

  static std::optional<Prefix> checked(const Address& prefix, unsigned length) noexcept;
  static Entry& entry(const Row& row, const Address& address) noexcept;
  Row root(const Address& address) const noexcept;
  Row below(const Row& row, Word word) const noexcept;
  Word covering(const Prefix& prefix) const noexcept;
  void spread(const Row& row, const Prefix& prefix, Word word) noexcept;
  void replace(Entry* first, std::size_t count, unsigned longest, Word word) noexcept;
  std::size_t missing_groups(const Prefix& prefix) const noexcept;
  bool have_groups(std::size_t count) noexcept;
  void link(Entry& above) noexcept;
  void unlink(Entry& above) noexcept;

  const HugeMemory root4_;
  const HugeMemory root6_;
  const HugeMemory groups_;
  // The builder's own.
  RouteList routes_;
  std::array<std::size_t, 129> of_length_{};  ///< routes of each length, of both families
  std::vector<std::uint32_t> members_;        ///< of each group: prefixes that end in or below it
  std::vector<Word> free_;
  std::vector<Word> retired_;  ///< unlinked; a reader may still be inside
};

/// "ok", "no_group" and so on.
const char* to_string(Fib::Status status) noexcept;

}  // namespace getput::bench::netpath
