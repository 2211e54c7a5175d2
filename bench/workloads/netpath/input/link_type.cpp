// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/link_type.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"

namespace getput::bench::netpath {
namespace {

constexpr std::uint16_t kTypeNone = 0;  // an 802.3 length: the parser says not_ip

// Locally administered addresses: of the measured host and of the sender.
constexpr std::array<std::uint8_t, 12> kMacs = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};

struct LinkType {
  int number;
  const char* name;
  std::uint32_t header;  ///< bytes before the packet
};
constexpr std::array<LinkType, 8> kLinkTypes = {{{DLT_EN10MB, "EN10MB", 0},
                                                 {DLT_RAW, "RAW", 0},
                                                 {DLT_IPV4, "IPV4", 0},
                                                 {DLT_IPV6, "IPV6", 0},
                                                 {DLT_LINUX_SLL, "LINUX_SLL", 16},
                                                 {DLT_LINUX_SLL2, "LINUX_SLL2", 20},
                                                 {DLT_NULL, "NULL", 4},
                                                 {DLT_LOOP, "LOOP", 4}}};

const LinkType* find(int number) noexcept {
  const auto at = std::find_if(kLinkTypes.begin(), kLinkTypes.end(),
                               [&](const LinkType& type) { return type.number == number; });
  return at == kLinkTypes.end() ? nullptr : &*at;
}

/// By the version in the first byte. Neither 4 nor 6, or nothing captured: the IPv4 parser says
/// what is wrong.
std::uint16_t type_of_ip(const std::uint8_t* packet, std::uint32_t captured) noexcept {
  return captured != 0 && (packet[0] >> 4) == 6 ? kTypeIpv6 : kTypeIpv4;
}

/// The protocol field is an EtherType except for these devices (ARPHRD_ numbers of Linux).
std::uint16_t type_of_cooked(std::uint16_t device, std::uint16_t proto) noexcept {
  constexpr std::uint16_t kFrad = 770;
  constexpr std::uint16_t kRadiotap = 803;
  constexpr std::uint16_t kNetlink = 824;
  return device == kFrad || device == kRadiotap || device == kNetlink ? kTypeNone : proto;
}

/// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD and 30
/// on macOS.
std::uint16_t type_of_family(std::uint32_t family) noexcept {
  switch (family) {
    case 2:
      return kTypeIpv4;
    case 10:
    case 24:
    case 28:
    case 30:
      return kTypeIpv6;
    default:
      return kTypeNone;
  }
}

/// NULL has the byte order of the host that recorded it, which the file need not share. Families
/// are small numbers, so the order is the one in which it is small.
std::uint32_t family_of_null(const std::uint8_t* header) noexcept {
  const auto family = load_be<std::uint32_t>(header);
  return family > 0xffffU ? detail::swap_bytes(family) : family;
}

/// The EtherType of what follows the link header, all of which was captured.
std::uint16_t ether_type(int link_type, const std::uint8_t* data, std::uint32_t captured) noexcept {
  switch (link_type) {
    case DLT_RAW:
      return type_of_ip(data, captured);
    case DLT_IPV4:
      return kTypeIpv4;
    case DLT_IPV6:
      return kTypeIpv6;
    case DLT_LINUX_SLL:
      return type_of_cooked(load_be<std::uint16_t>(data + 2), load_be<std::uint16_t>(data + 14));
    case DLT_LINUX_SLL2:
      return type_of_cooked(load_be<std::uint16_t>(data + 8), load_be<std::uint16_t>(data));
    case DLT_NULL:
      return type_of_family(family_of_null(data));
    case DLT_LOOP:
      return type_of_family(load_be<std::uint32_t>(data));
    default:
      return kTypeNone;
  }
}

/// A wire length may be anything that fits into the file's field.
std::uint32_t with_ethernet(std::uint32_t payload) noexcept {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  return payload > kMost - kEthernetHeader ? kMost : payload + kEthernetHeader;
}

}  // namespace

EthernetConverter::EthernetConverter(int link_type) : link_type_(link_type) {
  const LinkType* type = find(link_type);
  if (type == nullptr)
    throw std::invalid_argument("link type " + std::to_string(link_type) + " is not supported");
  header_size_ = type->header;
}

EthernetConverter::View EthernetConverter::convert(const std::uint8_t* data, std::uint32_t captured,
                                                   std::uint32_t wire) {
  if (link_type_ == DLT_EN10MB)
    return {data, captured, wire};
  if (wire < header_size_)
    return {data, 0, std::min(wire, kEthernetHeader - 1)};
  if (captured < header_size_)
    return {data, 0, with_ethernet(wire - header_size_)};
  const std::uint32_t payload = captured - header_size_;
  frame_.resize(kEthernetHeader + std::size_t{payload});
  std::copy(kMacs.begin(), kMacs.end(), frame_.begin());
  store_be(frame_.data() + 12, ether_type(link_type_, data, captured));
  std::copy(data + header_size_, data + captured, frame_.begin() + kEthernetHeader);
  return {frame_.data(), kEthernetHeader + payload, with_ethernet(wire - header_size_)};
}

bool EthernetConverter::supports(int link_type) noexcept {
  return find(link_type) != nullptr;
}

std::string EthernetConverter::supported() {
  std::string names;
  for (const LinkType& type : kLinkTypes)
    names += (names.empty() ? "" : ", ") + std::string(type.name);
  return names;
}

}  // namespace getput::bench::netpath
