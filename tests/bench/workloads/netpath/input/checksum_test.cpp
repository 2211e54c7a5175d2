// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/checksum.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath {
namespace {

using testing::Bytes;

TEST(Checksum, ExampleOfRfc1071) {
  const Bytes data = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  // Section 3: the sum is ddf2, so the checksum is its complement.
  EXPECT_EQ(checksum(add_bytes(0, data.data(), data.size())), 0x220d);
}

TEST(Checksum, KnownIpv4Header) {
  // A header often used as an example; its checksum field holds b861.
  Bytes header = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                  0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  EXPECT_TRUE(ipv4_header_ok(header.data(), header.size()));
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    Bytes damaged = header;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(ipv4_header_ok(damaged.data(), damaged.size())) << "bit " << bit;
  }
}

TEST(Checksum, AgreesWithTheLetterOfTheRfcAtEveryLength) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 70; ++size) {
    for (int round = 0; round < 20; ++round) {
      Bytes data(size);
      for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
      EXPECT_EQ(checksum(add_bytes(0, data.data(), size)), testing::slow_checksum(data)) << size;
    }
  }
}

TEST(Checksum, ManyCarriesFold) {
  const Bytes data(65535, 0xff);
  EXPECT_EQ(checksum(add_bytes(0, data.data(), data.size())), testing::slow_checksum(data));
  EXPECT_EQ(fold(~PartialSum{0}), 0xffff);
}

TEST(Checksum, SumInPiecesIsTheWholeSum) {
  const Bytes data = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const PartialSum pieces = add_bytes(add_bytes(0, data.data(), 4), data.data() + 4, 5);
  EXPECT_EQ(checksum(pieces), testing::slow_checksum(data));
  EXPECT_EQ(checksum(add_word(0, 0x0102)), static_cast<std::uint16_t>(~0x0102));
}

TEST(Checksum, ExampleOfRfc1624) {
  // Section 4: HC dd2f, m 5555, m' 3285 gives 0000 with equation 3.
  EXPECT_EQ(update_checksum(0xdd2f, 0x5555, 0x3285), 0x0000);
}

TEST(Checksum, UpdateIsTheSameAsComputingAnew) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    Bytes header(20);
    for (auto& byte : header) byte = static_cast<std::uint8_t>(random());
    header[0] = 0x45;
    testing::put16(header, 10, 0);
    const unsigned before = testing::slow_checksum(header);
    const auto old_word = load_be<std::uint16_t>(header.data() + 8);
    const auto new_word = static_cast<std::uint16_t>(random());
    store_be(header.data() + 8, new_word);
    const std::uint16_t updated =
        update_checksum(static_cast<std::uint16_t>(before), old_word, new_word);
    store_be(header.data() + 10, updated);
    EXPECT_TRUE(ipv4_header_ok(header.data(), header.size()));
  }
}

}  // namespace
}  // namespace getput::bench::netpath
