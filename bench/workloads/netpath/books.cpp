// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/books.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include "bench/workloads/netpath/objects/huge_memory.hpp"

namespace getput::bench::netpath {

Account sum_of(const Cores& cores) {
  Account sum;
  for (const auto& core : cores) sum += core->account;
  return sum;
}

std::uint64_t frames_per_pass(const Cores& cores) {
  std::uint64_t frames = 0;
  for (const auto& core : cores) frames += core->rx.pass();
  return frames;
}

void check_pass(const Cores& cores, Verdict& verdict) {
  const Account pass = sum_of(cores);
  const std::uint64_t frames = frames_per_pass(cores);
  if (pass.received != frames || pass.accounted() != frames)
    verdict.wrong("one pass over " + std::to_string(frames) + " frames received " +
                  std::to_string(pass.received) + " and accounted for " +
                  std::to_string(pass.accounted()));
}

void check_books(const Cores& cores, Verdict& verdict) {
  std::int64_t heads = 0;
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const Core& core = *cores[i];
    const Account& account = core.account;
    const std::string who = "worker " + std::to_string(i);
    if (account.received != account.accounted())
      verdict.wrong(who + " received " + std::to_string(account.received) +
                    " packets, but delivered " + std::to_string(account.delivered) +
                    " + forwarded " + std::to_string(account.forwarded) + " + dropped " +
                    std::to_string(account.drops()) + " = " + std::to_string(account.accounted()));
    if (core.bad_passes != 0)
      verdict.wrong(who + " did not account for every frame in " + std::to_string(core.bad_passes) +
                    " of " + std::to_string(core.passes) + " whole passes");
    if (core.tx.pending() != 0)
      verdict.wrong(who + " left " + std::to_string(core.tx.pending()) + " packets unsent");
    heads += core.heads.balance();
    if (core.queue.in_flight() != 0)
      verdict.wrong(who + " has " + std::to_string(core.queue.in_flight()) +
                    " packets in the count of its receive queue after all were freed");
  }
  if (heads != 0)
    verdict.wrong("sk_buffs do not balance: " + std::to_string(heads) + " more taken than freed");
}

Json to_json(const Account& account) {
  Json dropped = Json::object();
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (account.dropped[i] != 0)
      dropped[std::string(kDropReasonNames[i])] = account.dropped[i];
  }
  return {{"received", account.received},
          {"delivered", account.delivered},
          {"forwarded", account.forwarded},
          {"dropped", std::move(dropped)}};
}

Json to_json(const FrameSet& input) {
  const InputSummary& summary = input.summary();
  return {{"name", std::filesystem::path(input.name()).filename().string()},
          {"link_type", summary.link_type},
          {"frames", summary.frames},
          {"flows", summary.flows},
          {"wire_bytes", summary.wire_bytes},
          {"cut_short", summary.cut_short},
          {"not_usable", summary.not_usable},
          {"ipv4", summary.ipv4},
          {"ipv6", summary.ipv6},
          {"udp", summary.udp},
          {"tcp", summary.tcp}};
}

Json metrics_of(const Cores& cores, const FrameSet& input, const std::optional<Account>& pass) {
  const Account sum = sum_of(cores);
  std::uint64_t passes = cores.empty() ? 0 : UINT64_MAX;
  std::uint64_t refills = 0;
  for (const auto& core : cores) {
    if (core->rx.pass() != 0)
      passes = std::min(passes, core->passes);
    refills += core->heads.refills();
  }
  Json metrics = to_json(sum);
  if (pass)
    metrics["pairs_per_packet"] = pass->per_packet(Referred::module);
  metrics["bytes"] = sum.bytes;
  metrics["frames_per_pass"] = frames_per_pass(cores);
  metrics["passes"] = passes;
  if (pass)
    metrics["pass"] = to_json(*pass);
  if (pass) {
    Json objects = Json::object();
    for (std::size_t i = 0; i < kReferred; ++i)
      objects[std::string(kReferredNames[i])] = pass->per_packet(static_cast<Referred>(i));
    metrics["references_per_packet"] = std::move(objects);
  }
  metrics["objects_created"] = sum.created;
  metrics["sockets_closed"] = sum.destroyed;
  metrics["time_waits"] = sum.time_waits;
  metrics["cloned"] = sum.cloned;
  metrics["head_refills"] = refills;
  const auto huge = huge_page_bytes();
  metrics["huge_page_bytes"] = huge ? Json(*huge) : Json();
  metrics["input"] = to_json(input);
  return metrics;
}

}  // namespace getput::bench::netpath
