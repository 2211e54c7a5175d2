// SPDX-License-Identifier: MIT
// What a plug-in's verdict on a packet means to the path.
#pragma once

#include "bench/workloads/netpath/drop_reason.hpp"
#include "modules/plugin_abi.h"

namespace getput::bench::netpath {

/// The reason behind a plug-in's verdict.
constexpr DropReason reason_of(getput_verdict verdict) noexcept {
  switch (verdict) {
    case GETPUT_OK:
      return DropReason::none;
    case GETPUT_DROP_RUNT:
      return DropReason::runt_frame;
    case GETPUT_DROP_TOO_LONG:
      return DropReason::frame_too_long;
    case GETPUT_DROP_HEADER_TRUNCATED:
      return DropReason::cut_short;
    case GETPUT_DROP_BAD_HEADER:
      return DropReason::bad_l4_header;
    case GETPUT_DROP_BAD_LENGTH:
      return DropReason::bad_l4_length;
    case GETPUT_DROP_BAD_CHECKSUM:
      return DropReason::l4_checksum;
    case GETPUT_DROP_NO_CHECKSUM:
      return DropReason::no_l4_checksum;
    case GETPUT_DROP_FRAGMENT:
      return DropReason::needs_reassembly;
    case GETPUT_DROP_TX_BUSY:
      return DropReason::tx_busy;
    case GETPUT_VERDICTS:
      break;
  }
  return DropReason::handler_refused;
}

}  // namespace getput::bench::netpath
