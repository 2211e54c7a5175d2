// SPDX-License-Identifier: MIT
// Frames that nobody sane sends: random bytes, and good frames damaged in a few places and cut
// anywhere. Nothing may be read beyond a frame (AddressSanitizer watches), nothing may get lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bench/workloads/netpath/input/parse_common.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"
#include "tests/bench/workloads/netpath/rig.hpp"

namespace getput::bench::netpath {
namespace {

using testing::Bytes;
using testing::FrameSpec;
using testing::make_frame;
using testing::Rig;

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {}

  unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }

  Bytes noise() {
    Bytes frame(below(200));
    for (auto& byte : frame) byte = static_cast<std::uint8_t>(random_());
    if (frame.size() >= 14 && below(2) == 0)
      testing::put16(frame, 12, below(2) == 0 ? 0x0800 : 0x86dd);
    if (frame.size() >= 15 && below(2) == 0)
      frame[14] = below(2) == 0 ? 0x45 : 0x60;
    return frame;
  }

  Bytes damaged() {
    constexpr std::uint8_t kProtocols[] = {6, 17, 1, 44, 51, 0, 60, 50};
    FrameSpec spec;
    spec.ipv6 = below(2) == 0;
    spec.vlan_tags = below(4);
    spec.protocol = kProtocols[below(std::size(kProtocols))];
    spec.payload = below(64);
    spec.source = 0xc6120000U + below(16);
    spec.destination = 0xc6130000U + below(16);
    spec.tcp_flags = static_cast<std::uint8_t>(random_());
    spec.hop_limit = static_cast<std::uint8_t>(below(4));
    for (unsigned i = below(5); spec.ipv6 && i > 0; --i) {
      const std::size_t size = 8 * std::size_t{1 + below(3)};
      Bytes extension(size);
      extension[0] = kProtocols[below(std::size(kProtocols))];
      extension[1] = static_cast<std::uint8_t>(below(4));
      spec.extensions.insert(spec.extensions.end(), extension.begin(), extension.end());
      spec.first_extension = kProtocols[below(std::size(kProtocols))];
    }
    Bytes frame = make_frame(spec);
    for (unsigned i = below(4); i > 0; --i)
      frame[below(frame.size())] = static_cast<std::uint8_t>(random_());
    if (!spec.ipv6 && below(2) == 0)
      fix(frame, testing::ip_at(spec));
    return frame;
  }

 private:
  /// A right checksum, so that the damage is met by what comes after it.
  static void fix(Bytes& frame, std::size_t ip) {
    if (frame.size() >= ip + 4 * std::size_t{frame[ip] & 0x0fU} && (frame[ip] & 0x0f) >= 5)
      testing::fix_ipv4_checksum(frame, ip);
  }

  std::mt19937 random_;
};

/// So many frames, cut anywhere, some of them longer on the wire than they can be.
Input chaos(unsigned seed, std::size_t frames) {
  Chaos chaos(seed);
  auto input = std::make_shared<FrameSet>("chaos");
  while (input->frames().size() < frames) {
    const Bytes frame = chaos.below(4) == 0 ? chaos.noise() : chaos.damaged();
    const std::size_t cut = chaos.below(3) == 0 ? chaos.below(frame.size() + 1) : 0;
    const auto captured = static_cast<std::uint32_t>(frame.size() - cut);
    const auto wire = static_cast<std::uint32_t>(frame.size() + (chaos.below(8) == 0 ? 9000 : 0));
    // A block of exactly the captured size: a byte too far is a finding.
    const Bytes exact(frame.begin(), frame.begin() + captured);
    input->add(exact.data(), captured, wire);
  }
  input->finish();
  return input;
}

template <std::size_t L, Variant V = Variant{}>
void survive(unsigned seed) {
  const Input input = chaos(seed, 20000);
  for (const unsigned local : {0U, 100U}) {
    for (const bool populate : {false, true}) {
      if (populate && kLevels[L].charge.object)
        continue;  // the rig charges what the path itself creates
      NetworkOptions options;
      options.local_percent = local;
      options.populate = populate;
      options.policies = seed % 2 == 0;
      Rig<AtomicBase<>, L, V> rig(*input, options, true);
      const Account account = rig.passes(2);
      EXPECT_EQ(account.received, 2 * input->frames().size());
      EXPECT_EQ(account.accounted(), account.received);
      EXPECT_GT(local == 0 ? account.forwarded : account.delivered, 100U);
      EXPECT_EQ(rig.finish(), "");
    }
  }
}

TEST(Hostile, NothingIsLostAtLevel0) {
  survive<level("L0")>(1);
}
TEST(Hostile, NothingIsLostAtLevel3) {
  survive<level("L3")>(2);
}
TEST(Hostile, NothingIsLostAtLevel5) {
  survive<level("L5")>(3);
}
TEST(Hostile, NothingIsLostAtLevel7) {
  survive<level("L7")>(4);
  survive<level("L7"), kVariants[1]>(6);
  survive<level("L7"), kVariants[2]>(7);
}

TEST(Hostile, ParserReadsNothingBeyondWhatWasCaptured) {
  Chaos chaos(5);
  for (int round = 0; round < 200000; ++round) {
    const Bytes frame = chaos.below(3) == 0 ? chaos.noise() : chaos.damaged();
    const std::size_t captured = chaos.below(frame.size() + 1);
    const Bytes exact(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(captured));
    Packet packet;
    if (parse(exact.data(), captured, frame.size(), packet) != DropReason::none)
      continue;
    EXPECT_LE(packet.ip_offset + packet.ip_length, frame.size());
    if (packet.upper_problem == DropReason::none) {
      EXPECT_LE(packet.l4_offset, packet.ip_offset + packet.ip_length);
    }
    inspect_transport(exact.data(), captured, packet);
  }
}

TEST(Hostile, TheInlineParserSaysWhatTheParserSays) {
  Chaos chaos(6);
  std::size_t accepted = 0;
  for (int round = 0; round < 200000; ++round) {
    const Bytes frame = chaos.below(3) == 0 ? chaos.noise() : chaos.damaged();
    const std::size_t captured = chaos.below(2) == 0 ? frame.size() : chaos.below(frame.size() + 1);
    const Bytes exact(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(captured));
    Packet expected;
    Packet packet;
    const DropReason why = parse(exact.data(), captured, frame.size(), expected);
    ASSERT_EQ(parse_common_first(exact.data(), captured, frame.size(), packet), why);
    if (why != DropReason::none)
      continue;
    ASSERT_EQ(packet, expected) << "round " << round;
    ++accepted;
  }
  EXPECT_GT(accepted, 1000U);
}

}  // namespace
}  // namespace getput::bench::netpath
