// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/rss.hpp"

#include <array>

#include "bench/workloads/netpath/input/bytes.hpp"

namespace getput::bench::netpath {
namespace {

// The verification key of the RSS specification ("Verifying the RSS Hash Calculation").
constexpr std::array<std::uint8_t, 40> kKey = {
    0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
    0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
    0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

}  // namespace

std::uint32_t toeplitz(std::span<const std::uint8_t> input) noexcept {
  std::uint32_t result = 0;
  std::uint32_t window = load_be<std::uint32_t>(kKey.data());
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::uint8_t next = i + 4 < kKey.size() ? kKey[i + 4] : 0;
    for (int bit = 7; bit >= 0; --bit) {
      if (((input[i] >> bit) & 1) != 0)
        result ^= window;
      window = (window << 1) | ((static_cast<std::uint32_t>(next) >> bit) & 1U);
    }
  }
  return result;
}

std::uint32_t rss_hash(const Packet& packet, const Transport& transport) noexcept {
  std::array<std::uint8_t, 36> input{};
  std::size_t size = 0;
  if (packet.ipv6) {
    store_be(input.data(), packet.source.high);
    store_be(input.data() + 8, packet.source.low);
    store_be(input.data() + 16, packet.destination.high);
    store_be(input.data() + 24, packet.destination.low);
    size = 32;
  } else {
    store_be(input.data(), static_cast<std::uint32_t>(packet.source.low));
    store_be(input.data() + 4, static_cast<std::uint32_t>(packet.destination.low));
    size = 8;
  }
  if (transport.has_ports) {
    store_be(input.data() + size, transport.source_port);
    store_be(input.data() + size + 2, transport.destination_port);
    size += 4;
  }
  return toeplitz({input.data(), size});
}

}  // namespace getput::bench::netpath
