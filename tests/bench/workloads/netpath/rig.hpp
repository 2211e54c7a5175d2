// SPDX-License-Identifier: MIT
// One worker's receive path in the test's own thread, over frames that the test chose.
#pragma once

#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "bench/workloads/netpath/books.hpp"
#include "bench/workloads/netpath/objects/qsbr.hpp"
#include "bench/workloads/netpath/path.hpp"
#include "tests/bench/workloads/netpath/input/frame_builder.hpp"

namespace getput::bench::netpath::testing {

template <class S, std::size_t L, Variant V = Variant{}>
class Rig {
 public:
  explicit Rig(const FrameSet& input, const NetworkOptions& options = {}, bool raw = false)
      : input_(input), network_(input, of_era(options)), ring_(input, everything(input)) {
    network_.count_with<VariantObjects<V>>();
    cores_.push_back(std::make_unique<Core>(ring_, network_));
    core().queue.count = &queue_count_;
    thread_.online();
    path_.emplace(network_, modules_.for_path(), core(), raw);
  }
  ~Rig() { finish(); }

  Core& core() { return *cores_.front(); }
  Network& network() { return network_; }
  ModuleSet<S>& modules() { return modules_; }

  void poll() {
    path_->poll();
    QsbrThread::quiescent();
  }
  /// So many passes over the input.
  Account passes(unsigned count = 1) {
    for (std::size_t i = 0, until = count * ring_.pass(); i < until;) {
      i += path_->poll();
      QsbrThread::quiescent();
    }
    path_->drain();
    return core().account;
  }

  /// What the harness checks after a trial; "" when all is well.
  std::string verdict() {
    Verdict verdict;
    check_books(cores_, verdict);
    return verdict.detail();
  }
  /// The books, and the unload. Afterwards the rig is of no more use.
  std::string finish() {
    if (finished_)
      return {};
    finished_ = true;
    path_->drain();
    path_->flush();
    discharge();
    Verdict verdict;
    check_books(cores_, verdict);
    if (S::info.count == CountExactness::exact && queue_count_.count() != 0)
      verdict.wrong("the receive queue's own count is " + std::to_string(queue_count_.count()));
    path_.reset();
    cores_.clear();
    modules_.unload(verdict);
    return verdict.detail();
  }

 private:
  static NetworkOptions of_era(NetworkOptions options) {
    options.era = V.era;
    options.tables = V.tables;
    return options;
  }
  static std::vector<std::uint32_t> everything(const FrameSet& input) {
    std::vector<std::uint32_t> share(input.frames().size());
    std::iota(share.begin(), share.end(), 0U);
    return share;
  }
  /// Level 3 with empty tables: what the path created is given back here.
  void discharge() {
    if constexpr (kLevels[L].charge.object) {
      using Ticket = modules::ModuleTicket<S>;
      const auto put = [](modules::Module<S>* module, TicketSpace& space) {
        if (const Ticket ticket = space.take<Ticket>())
          modules::module_put(module, ticket);
      };
      const auto owner = [&](std::uint8_t proto) {
        if (proto == protocol::kTcp)
          return modules_.tcp();
        return proto == protocol::kUdp ? modules_.udp() : modules_.nic();
      };
      network_.routes.for_each([&](Route& o) { put(modules_.nic(), o.ticket); });
      network_.neighbours.for_each([&](Neighbour& o) { put(modules_.nic(), o.ticket); });
      network_.policies.for_each([&](Policy& o) { put(owner(o.key.protocol), o.ticket); });
      network_.template sockets_in<VariantObjects<V>>().for_each(
          [&](Socket& o) { put(owner(o.key.protocol), o.ticket); });
    }
  }

  const FrameSet& input_;
  QsbrThread thread_;
  [[maybe_unused]] const ThreadGuardFor<S> guard_{};
  Network network_;
  ModuleSet<S> modules_;
  RxRing ring_;
  Cores cores_;
  std::optional<Path<S, kLevels[L].charge, V>> path_;
  S queue_count_;
  bool finished_ = false;
};

/// Tables that start empty, so that the path makes every entry itself and takes level 3's
/// references for it.
inline NetworkOptions empty_tables(unsigned local_percent = 50) {
  NetworkOptions options;
  options.local_percent = local_percent;
  options.populate = false;
  return options;
}

inline NetworkOptions with_policies(NetworkOptions options) {
  options.policies = true;
  return options;
}

inline NetworkOptions only(unsigned local_percent) {
  NetworkOptions options;
  options.local_percent = local_percent;
  return options;
}

/// Generated traffic that closes connections often.
inline ImixOptions small_mix() {
  ImixOptions options;
  options.frames = 5000;
  options.flows = 800;
  options.close_share = 0.05;
  return options;
}

/// Frames of one UDP flow, none of which closes anything.
inline Input one_flow(std::size_t frames, const FrameSpec& spec = {}) {
  auto input = std::make_shared<FrameSet>("one flow");
  for (std::size_t i = 0; i < frames; ++i) add(*input, make_frame(spec));
  input->finish();
  return input;
}

inline std::uint64_t dropped(const Account& account, DropReason why) {
  return account.dropped[static_cast<std::size_t>(why)];
}

}  // namespace getput::bench::netpath::testing
