// SPDX-License-Identifier: MIT
// From the workers' books to a result: what was measured, what became of the packets, and whether
// the books balance.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {

using Cores = std::vector<std::unique_ptr<Core>>;

/// The sum over all workers.
Account sum_of(const Cores& cores);

/// Frames of the shares of all workers.
std::uint64_t frames_per_pass(const Cores& cores);

/// One pass of all workers over their shares: must account for every frame of the shares, once.
void check_pass(const Cores& cores, Verdict& verdict);

/// After the last burst: received = delivered + forwarded + dropped for each worker, every whole
/// pass complete, every sk_buff given back.
void check_books(const Cores& cores, Verdict& verdict);

/// {"received", "delivered", "forwarded", "dropped": {reason: n, ...}}
Json to_json(const Account& account);

/// What is worth knowing about the input.
Json to_json(const FrameSet& input);

/// The trial's metrics. @p pass: the account of one pass, if this trial made one.
Json metrics_of(const Cores& cores, const FrameSet& input, const std::optional<Account>& pass);

}  // namespace getput::bench::netpath
