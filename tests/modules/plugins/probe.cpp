// SPDX-License-Identifier: MIT
// A plug-in whose init() and exit() do what the test says: they call the hooks that the test
// program exports. PROBE_NAME, PROBE_DEPENDS and PROBE_EXIT come from the build.
#include "modules/plugin_abi.h"

extern "C" int getput_probe_init(const char* module, const char* params);
extern "C" void getput_probe_exit(const char* module);

namespace {

constexpr char kName[] = PROBE_NAME;
const char* const kDepends[] = {PROBE_DEPENDS nullptr};
const int kAnswer = 42;
const getput_symbol kSymbols[] = {{PROBE_NAME "_answer", &kAnswer}, {nullptr, nullptr}};

int enter(const char* params) {
  return getput_probe_init(kName, params);
}
[[maybe_unused]] void leave() {
  getput_probe_exit(kName);
}

getput_verdict demux(const getput_packet* /*pkt*/, getput_ports* ports) {
  ports->src = 1;
  ports->dst = 2;
  return GETPUT_OK;
}

getput_verdict rcv(const getput_packet* /*pkt*/, getput_socket* /*socket*/,
                   getput_core_stats* stats) {
  ++stats->rx_packets;
  return GETPUT_OK;
}

constexpr getput_transport_ops kOps = {253, demux, rcv};

}  // namespace

extern "C" GETPUT_EXPORT const getput_module getput_module;
const struct getput_module getput_module = {
    GETPUT_MODULE_MAGIC,
    GETPUT_ABI_VERSION,
    sizeof(struct getput_module),
    0,
    kName,
    "test plug-in",
    kDepends,
    kSymbols,
    enter,
    PROBE_EXIT,
    nullptr,
    &kOps,
};
