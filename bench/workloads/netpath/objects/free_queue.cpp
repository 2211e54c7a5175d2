// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/free_queue.hpp"

#include <urcu/wfcqueue.h>

#include "bench/workloads/netpath/objects/skbuff.hpp"

namespace getput::bench::netpath {

// Putters write the tail and the owner the head: a line for each.
struct FreeQueue::Queue {
  alignas(64) __cds_wfcq_head head;
  alignas(64) cds_wfcq_tail tail;
};

// A queued packet is in no other list, so its first word is the queue's.
static_assert(sizeof(cds_wfcq_node) == sizeof(SkBuff*) && offsetof(SkBuff, next) == 0);

FreeQueue::FreeQueue() : queue_(std::make_unique<Queue>()) {
  __cds_wfcq_init(&queue_->head, &queue_->tail);
}

FreeQueue::~FreeQueue() = default;

void FreeQueue::put(SkBuff* skb) noexcept {
  auto* node = reinterpret_cast<cds_wfcq_node*>(&skb->next);
  cds_wfcq_node_init(node);
  cds_wfcq_enqueue(__cds_wfcq_head_cast(&queue_->head), &queue_->tail, node);
}

SkBuff* FreeQueue::take() noexcept {
  cds_wfcq_node* node =
      __cds_wfcq_dequeue_blocking(__cds_wfcq_head_cast(&queue_->head), &queue_->tail);
  return reinterpret_cast<SkBuff*>(node);
}

}  // namespace getput::bench::netpath
