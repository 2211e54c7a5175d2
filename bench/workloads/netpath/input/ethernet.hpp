// SPDX-License-Identifier: MIT
// The numbers of an Ethernet header that reader and parser share.
#pragma once

#include <cstdint>

namespace getput::bench::netpath {

inline constexpr std::uint32_t kEthernetHeader = 14;  ///< bytes: two addresses and a type
inline constexpr std::uint16_t kTypeIpv4 = 0x0800;    ///< EtherTypes, IEEE 802
inline constexpr std::uint16_t kTypeIpv6 = 0x86dd;

}  // namespace getput::bench::netpath
