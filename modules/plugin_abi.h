/* SPDX-License-Identifier: MIT
 * The plug-in ABI: what a getput module exports, and the plain structs that both sides share.
 *
 * A plug-in is a shared object `<name>.so` with one exported object, `const struct getput_module
 * getput_module`. The loader (modules/loader.hpp) opens it, checks magic, version, size and name,
 * and runs init(). The packet path (bench/netpath) then calls the function tables below. Whoever
 * calls through a table holds a reference to the module while the call runs: the table, the code
 * behind it and every string in it are gone after the unload.
 *
 * The header is C99 and C++20. It has no alignment of its own: what is per core or per socket is
 * placed by its owner, on cache lines of its own.
 *
 * Rules for a plug-in, so that dlclose() really unmaps it: -fvisibility=hidden, -fno-gnu-unique, no
 * thread_local object with a destructor, no static object with a destructor, no thread left
 * behind by exit(). The loader checks the outcome after every unload.
 */
#ifndef GETPUT_MODULES_PLUGIN_ABI_H
#define GETPUT_MODULES_PLUGIN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** "gPmd", read as a little-endian word: the first field of every entry table. */
#define GETPUT_MODULE_MAGIC 0x646d5067u
/** Raised whenever a struct below changes; loader and plug-in must agree exactly. */
#define GETPUT_ABI_VERSION 2u
/** Longest module name, without the final zero (the kernel's limit on 64-bit machines). */
#define GETPUT_MODULE_NAME_MAX 55u
/** Most bytes of link-layer header a neighbour caches: Ethernet, two VLAN tags, padding. */
#define GETPUT_LINK_HEADER_MAX 32u

/** What became of a packet. 0 is success, everything else is a reason to drop it. */
enum getput_verdict {
  GETPUT_OK = 0,
  GETPUT_DROP_RUNT,             /**< shorter on the wire than a link-layer header */
  GETPUT_DROP_TOO_LONG,         /**< longer than the device takes */
  GETPUT_DROP_HEADER_TRUNCATED, /**< the capture ends inside a header that is needed */
  GETPUT_DROP_BAD_HEADER,       /**< a header field contradicts itself (data offset, flags) */
  GETPUT_DROP_BAD_LENGTH,       /**< transport length does not fit into the network length */
  GETPUT_DROP_BAD_CHECKSUM,     /**< the frame is complete and its checksum is wrong */
  GETPUT_DROP_NO_CHECKSUM,      /**< UDP over IPv6 without a checksum (RFC 8200, 8.1) */
  GETPUT_DROP_FRAGMENT,         /**< a fragment: the transport header cannot be judged alone */
  GETPUT_DROP_TX_BUSY,          /**< the transmit ring is full */
  GETPUT_VERDICTS               /**< how many there are; not a verdict */
};

/** Bits of getput_packet.flags. */
enum getput_packet_flag {
  GETPUT_PKT_CSUM_UNNECESSARY = 1u << 0, /**< transport checksum already judged: do not compute */
  GETPUT_PKT_FRAGMENT = 1u << 1          /**< any IP fragment, the first included */
};

/** Whom the link-layer destination address names; set by the link driver. */
enum getput_packet_type {
  GETPUT_TO_HOST = 0,
  GETPUT_TO_BROADCAST,
  GETPUT_TO_MULTICAST,
  GETPUT_TO_OTHER /**< another station's address: seen because the device is promiscuous */
};

/** One received frame as the device hands it over. */
struct getput_rx_desc {
  const uint8_t* data; /**< first byte of the Ethernet frame, without FCS */
  uint32_t captured;   /**< bytes present at data */
  uint32_t wire_len;   /**< bytes the frame had on the wire, >= captured */
  uint32_t rss;        /**< flow hash computed by the device or the feeder */
};

/** The packet head: what the layers know of one packet. Lives inside the owner's buffer head.
 *  rx() sets the first block; the core sets the second when it has parsed layers 2 and 3. No
 *  callee writes to the bytes at data. */
struct getput_packet {
  const uint8_t* data; /**< first byte of the frame */
  uint32_t captured;   /**< bytes present */
  uint32_t wire_len;   /**< bytes on the wire; > captured when the capture cut the frame */
  uint32_t rss;        /**< from the descriptor */
  uint32_t ifindex;    /**< receiving device */
  uint16_t
      ether_type; /**< of the outermost header, host order; the core replaces it behind VLANs */
  uint8_t packet_type; /**< enum getput_packet_type */
  uint8_t flags;       /**< enum getput_packet_flag; rx() clears it */

  uint16_t network_offset;   /**< from data; rx() sets the Ethernet header length, 14 */
  uint16_t transport_offset; /**< from data */
  uint32_t transport_len;    /**< transport header and payload, as the IP header tells it */
  const uint8_t* src_addr;   /**< into the frame, 4 or 16 bytes, network order */
  const uint8_t* dst_addr;   /**< into the frame, 4 or 16 bytes, network order */
  uint8_t family;            /**< 4 or 6 */
  uint8_t protocol;          /**< IP protocol number of the transport header */
};

/** Receive and transmit statistics of one core. Written by that core alone, plainly. */
struct getput_core_stats {
  uint64_t rx_packets;    /**< frames accepted by rx() */
  uint64_t rx_bytes;      /**< their length on the wire */
  uint64_t rx_errors;     /**< frames refused by rx() */
  uint64_t rx_by_type[4]; /**< accepted frames by enum getput_packet_type */
  uint64_t tx_packets;    /**< frames put on a ring */
  uint64_t tx_bytes;      /**< their length with the new link-layer header */
  uint64_t tx_busy;       /**< refused because the ring was full */
  uint64_t tx_completed;  /**< descriptors handed back by clean() */
  uint64_t udp_in_datagrams;
  uint64_t udp_in_bytes;  /**< payload */
  uint64_t udp_in_errors; /**< every drop, bad checksums included */
  uint64_t udp_csum_errors;
  uint64_t udp_csum_absent; /**< IPv4 datagrams sent without one */
  uint64_t tcp_in_segs;
  uint64_t tcp_in_bytes; /**< payload */
  uint64_t tcp_in_errors;
  uint64_t tcp_csum_errors;
  uint64_t tcp_syn, tcp_fin, tcp_rst; /**< accepted segments with that flag */
  uint64_t csum_unverified; /**< accepted, but the capture cut the frame: not computable */
};

/** Bits of getput_socket.tcp_state. */
enum getput_tcp_state {
  GETPUT_TCP_SYNCHRONIZED = 1u << 0, /**< rcv_nxt means something */
  GETPUT_TCP_SYN_SEEN = 1u << 1,
  GETPUT_TCP_FIN_SEEN = 1u << 2,
  GETPUT_TCP_RESET = 1u << 3
};

/** What a transport keeps of one socket (one direction of a flow, or a listener). Owned by the
 *  core, which gives the callee exclusive access: the flow belongs to one core, or the caller
 *  holds the socket's lock, or each core has its own copy. All zero is the initial state. */
struct getput_socket {
  uint32_t packets;    /**< accepted packets; wraps, as the next four do */
  uint32_t bytes;      /**< accepted payload bytes */
  uint32_t duplicates; /**< TCP: segments wholly before rcv_nxt that carry data, SYN or FIN */
  uint32_t gaps;       /**< TCP: segments that begin after rcv_nxt */
  uint32_t dup_acks;   /**< TCP: bare segments that repeat the last acknowledgement */
  uint32_t rcv_nxt;    /**< TCP: one past the highest sequence number received */
  uint32_t last_ack;   /**< TCP: highest acknowledgement number received */
  uint16_t window;     /**< TCP: last advertised window, unscaled */
  uint8_t tcp_state;   /**< enum getput_tcp_state */
};

/** A network device. Owned by the core; the driver reads it. */
struct getput_netdev {
  uint32_t ifindex;
  uint32_t max_frame; /**< longest frame accepted, in bytes without FCS; 0: no limit */
  uint8_t mac[6];
};

/** A neighbour's cached link-layer header, ready to be copied in front of a packet. */
struct getput_link_header {
  uint8_t bytes[GETPUT_LINK_HEADER_MAX];
  uint32_t length; /**< 14 for Ethernet, 18 with a VLAN tag */
};

/** A transmit descriptor: new link-layer header inline, the rest by reference. */
struct getput_tx_desc {
  uint8_t header[GETPUT_LINK_HEADER_MAX];
  const uint8_t* payload; /**< the frame from its network header on */
  uint32_t header_len;
  uint32_t payload_len; /**< bytes present */
  void* cookie;         /**< the owner's buffer head, given back by clean() */
};

/** A transmit ring of one core and device. Owned by the core; used by one core at a time.
 *  There is no hardware behind it: a posted descriptor counts as sent. */
struct getput_tx_ring {
  struct getput_tx_desc* slots;
  uint32_t mask; /**< slots - 1; their number is a power of two */
  uint32_t head; /**< next slot to fill, free-running */
  uint32_t tail; /**< next slot to give back, free-running */
};

/** Handlers of a link driver (`nic`). All return at once and never sleep. */
struct getput_link_ops {
  /** Builds a packet head from a frame: checks its length, reads the Ethernet type, classifies
   *  the destination address, counts. On a drop verdict pkt is not to be used. */
  enum getput_verdict (*rx)(const struct getput_netdev* dev, const struct getput_rx_desc* desc,
                            struct getput_packet* pkt, struct getput_core_stats* stats);
  /** Posts pkt from its network header on, behind a copy of the neighbour's header. The bytes
   *  at pkt->data stay in use until clean() has given cookie back. GETPUT_DROP_TX_BUSY: not
   *  posted. */
  enum getput_verdict (*xmit)(const struct getput_netdev* dev, const struct getput_packet* pkt,
                              const struct getput_link_header* neighbour,
                              struct getput_tx_ring* ring, void* cookie,
                              struct getput_core_stats* stats);
  /** Takes up to budget sent descriptors off the ring and stores their cookies in posting
   *  order. Returns how many. */
  uint32_t (*clean)(const struct getput_netdev* dev, struct getput_tx_ring* ring, void** cookies,
                    uint32_t budget, struct getput_core_stats* stats);
};

/** Ports of a packet, host order: the transport part of a socket's key. */
struct getput_ports {
  uint16_t src;
  uint16_t dst;
};

/** Handlers of a transport protocol (`udp`, `tcp`). All return at once and never sleep. */
struct getput_transport_ops {
  uint8_t protocol; /**< IP protocol number: 17, 6 */
  /** Reads the ports, for the core's socket lookup. Checks only that they are there. */
  enum getput_verdict (*demux)(const struct getput_packet* pkt, struct getput_ports* ports);
  /** Receives one packet: validates header and length; verifies the checksum with the pseudo
   *  header when the frame is complete; updates socket (may be NULL: no socket found, only
   *  validate and count) and stats. Does not need a demux() before it. */
  enum getput_verdict (*rcv)(const struct getput_packet* pkt, struct getput_socket* socket,
                             struct getput_core_stats* stats);
};

/** A symbol that a module offers to others by name (symbol_get). */
struct getput_symbol {
  const char* name;
  const void* address;
};

/** The entry table. Every pointer in it leads into the plug-in. */
struct getput_module {
  uint32_t magic;                      /**< GETPUT_MODULE_MAGIC */
  uint32_t abi_version;                /**< GETPUT_ABI_VERSION */
  uint32_t struct_size;                /**< sizeof(struct getput_module) */
  uint32_t reserved;                   /**< 0 */
  const char* name;                    /**< equal to the file name without `.so` */
  const char* summary;                 /**< one sentence */
  const char* const* depends;          /**< names of modules it uses, NULL-terminated; or NULL */
  const struct getput_symbol* symbols; /**< ended by a NULL name; or NULL */
  /** Runs while the module is COMING. 0: becomes live; < 0: -errno, the load fails; > 0: a
   *  warning, loads anyway. NULL: nothing to do. params is never NULL. */
  int (*init)(const char* params);
  /** Runs while the module is GOING, once nobody is inside. NULL with an init(): the module
   *  cannot be removed. */
  void (*exit)(void);
  const struct getput_link_ops* link;           /**< or NULL */
  const struct getput_transport_ops* transport; /**< or NULL */
};

/** Marks the one exported object of a plug-in. */
#define GETPUT_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif
