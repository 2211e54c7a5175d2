// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/route_list.hpp"

#include <memory>
#include <utility>

#include "bench/workloads/netpath/objects/table.hpp"

namespace getput::bench::netpath {

RouteList::RouteList() {
  constexpr std::size_t kFirst = 64;
  resize(kFirst);
}

bool RouteList::assign(const Prefix& prefix, NextHop next_hop) {
  std::size_t at = place(prefix);
  const bool is_new = slots()[at].next_hop == 0;
  if (is_new && 3 * (size_ + 1) > 2 * mask_) {
    resize(2 * (mask_ + 1));
    at = place(prefix);
  }
  slots()[at] = {prefix.address, prefix.length, next_hop};
  size_ += is_new ? 1U : 0U;
  return is_new;
}

bool RouteList::erase(const Prefix& prefix) noexcept {
  std::size_t hole = place(prefix);
  if (slots()[hole].next_hop == 0)
    return false;
  // An entry that was pushed beyond the hole moves into it, so that no probe ends there too early.
  for (std::size_t at = (hole + 1) & mask_; slots()[at].next_hop != 0; at = (at + 1) & mask_) {
    const std::size_t wanted = home({slots()[at].address, slots()[at].length});
    if (((at - wanted) & mask_) >= ((at - hole) & mask_))
      slots()[std::exchange(hole, at)] = slots()[at];
  }
  slots()[hole] = {};
  --size_;
  return true;
}

std::size_t RouteList::home(const Prefix& prefix) const noexcept {
  return hash_step(hash_step(prefix.length, prefix.address.high), prefix.address.low) & mask_;
}

/// The slot of this prefix, or the empty one where it would be.
std::size_t RouteList::place(const Prefix& prefix) const noexcept {
  std::size_t at = home(prefix);
  while (slots()[at].next_hop != 0 &&
         !(slots()[at].length == prefix.length && slots()[at].address == prefix.address))
    at = (at + 1) & mask_;
  return at;
}

/// @p slots: a power of two.
void RouteList::resize(std::size_t slots) {
  HugeMemory memory(slots * sizeof(Slot));
  std::uninitialized_value_construct_n(reinterpret_cast<Slot*>(memory.data()), slots);
  const std::size_t old_slots = size_ == 0 ? 0 : mask_ + 1;
  std::swap(memory, memory_);
  mask_ = slots - 1;
  const Slot* const old = reinterpret_cast<const Slot*>(memory.data());
  for (const Slot* slot = old; slot != old + old_slots; ++slot) {
    if (slot->next_hop != 0)
      this->slots()[place({slot->address, slot->length})] = *slot;
  }
}

}  // namespace getput::bench::netpath
