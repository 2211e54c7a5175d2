// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/rx_ring.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/engine/team.hpp"
#include "bench/workloads/netpath/input/rss.hpp"

namespace getput::bench::netpath {
namespace {

// More descriptors than packets can be in flight: a batch, an unsent transmit batch, and room.
constexpr std::size_t kFewestSlots = 512;
constexpr std::size_t kFrameAlign = 64;
// As drivers do: with a 14-byte Ethernet header the IP header begins on a word (NET_IP_ALIGN).
constexpr std::size_t kIpAlign = 2;

constexpr std::size_t room_for(std::uint32_t captured) noexcept {
  return (kIpAlign + captured + kFrameAlign - 1) / kFrameAlign * kFrameAlign;
}

constexpr std::array<std::string_view, 3> kSteering = {"rss", "spray", "onehot"};

/// The frames to the destination that most frames go to, in order; of several the lowest address.
/// All frames where none is IP.
std::vector<std::uint32_t> to_busiest_destination(const FrameSet& input) {
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::vector<std::uint32_t>> frames_to;
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < input.frames().size(); ++i) {
    const Frame& frame = input.frames()[i];
    all.push_back(i);
    Packet packet;
    if (parse(input.data(frame), frame.captured, frame.wire, packet) == DropReason::none)
      frames_to[{packet.destination.high, packet.destination.low}].push_back(i);
  }
  if (frames_to.empty())
    return all;
  return std::max_element(
             frames_to.begin(), frames_to.end(),
             [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); })
      ->second;
}

}  // namespace

HugeMemory RxRing::map(std::size_t size) {
  try {
    return HugeMemory(size);
  } catch (const std::bad_alloc&) {
    throw EnvironmentError("netpath: no memory for a receive ring of " + std::to_string(size) +
                           " bytes; use a shorter capture");
  }
}

RxRing::RxRing(const FrameSet& input, const std::vector<std::uint32_t>& share)
    : pass_(share.size()) {
  if (share.empty())
    return;
  const std::size_t copies = (kFewestSlots + share.size() - 1) / share.size();
  std::size_t size = 0;
  for (const std::uint32_t index : share) size += room_for(input.frames()[index].captured);
  memory_ = map(size * copies);
  slots_.reserve(share.size() * copies + kPadding);
  auto* at = reinterpret_cast<std::uint8_t*>(memory_.data());
  for (std::size_t copy = 0; copy < copies; ++copy) {
    for (const std::uint32_t index : share) {
      const Frame& frame = input.frames()[index];
      std::uint8_t* data = at + kIpAlign;
      if (frame.captured != 0)
        std::memcpy(data, input.data(frame), frame.captured);
      slots_.push_back(make_slot(frame, data));
      at += room_for(frame.captured);
    }
  }
  count_ = slots_.size();
  for (std::size_t i = 0; i < kPadding; ++i) slots_.push_back(slots_[i % count_]);
}

std::string_view name(Steering steering) noexcept {
  return kSteering[static_cast<std::size_t>(steering)];
}

std::optional<Steering> find_steering(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kSteering.size(); ++i) {
    if (kSteering[i] == text)
      return static_cast<Steering>(i);
  }
  return {};
}

std::vector<std::vector<std::uint32_t>> steer(const FrameSet& input, Steering steering,
                                              std::size_t workers) {
  std::vector<std::vector<std::uint32_t>> shares(workers);
  if (steering == Steering::onehot) {
    const std::vector<std::uint32_t> hot = to_busiest_destination(input);
    for (std::size_t i = 0; i < hot.size(); ++i) shares[i % workers].push_back(hot[i]);
    return shares;
  }
  for (std::uint32_t i = 0; i < input.frames().size(); ++i) {
    const std::size_t worker =
        steering == Steering::rss ? rss_queue(input.frames()[i].rss, workers) : i % workers;
    shares[worker].push_back(i);
  }
  return shares;
}

std::shared_ptr<const RxRings> rings_for(const Input& input, Steering steering, Team& team) {
  struct Kept {
    Input input;
    Steering steering = Steering::rss;
    std::vector<unsigned> pus;
    std::shared_ptr<const RxRings> rings;
  };
  static std::mutex mutex;
  static std::vector<Kept> kept;  // the last few: cells of a run come in random order
  // Of a large capture one copy beside the input is enough.
  constexpr std::uint64_t kLarge = std::uint64_t{64} << 20;
  const std::size_t most_kept = input->summary().captured_bytes > kLarge ? 1 : 4;
  const std::lock_guard lock(mutex);
  for (const Kept& one : kept) {
    if (one.input == input && one.steering == steering && one.pus == team.pus())
      return one.rings;
  }
  while (kept.size() >= most_kept) kept.erase(kept.begin());
  const auto shares = steer(*input, steering, team.size());
  auto rings = std::make_shared<RxRings>(team.size());
  team.run_task([&](WorkerContext& worker) {
    (*rings)[worker.rank()] = std::make_unique<RxRing>(*input, shares[worker.rank()]);
  });
  kept.push_back({input, steering, team.pus(), rings});
  return rings;
}

}  // namespace getput::bench::netpath
