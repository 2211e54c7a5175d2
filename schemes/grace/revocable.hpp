// SPDX-License-Identifier: MIT
// revocable: a pointer to a resource that its provider can take back, read inside an SRCU section.
//
// What: try_get() enters a section and loads the pointer. The pointer is the check: it is null once
// the resource is revoked, and the ticket carries it otherwise. put() leaves the section. stop()
// sets the pointer to null, wait_drained() waits for an SRCU grace period.
//
// Where from: "revocable: Revocable resource management", Tzung-Bi Shih, drivers/base/revocable.c;
// first posted in September 2025, v7 in January 2026. revocable_try_access() is try_get(),
// revocable_withdraw_access() is put(), revocable_revoke() is stop() and wait_drained(). It was
// merged for Linux 7.0 and reverted before the release (21bab791346e, February 2026): it had no
// user, and review had found flaws in the allocation and the sharing of its handles, which this
// scheme does not have. Up to v7 revocable_revoke() was called revocable_provider_revoke(); v9 is
// of April 2026. Not found: whether a later version has been merged.
//
// The reader is srcu's with a pointer in place of the flag, and so is its machine code but for the
// width of a load and a second word in the ticket. Barriers and grace period are srcu's
// (srcu_domain.hpp); only what a reader checks is defined here.
//
// Cost: that of srcu. A conversion of gpiolib to it was reported as a performance regression (cover
// letter of the revert, 4 February 2026). Readers without barriers are srcu_fast's.
//
// Invariants, ordering: srcu_domain.hpp. "Going" is resource_ == nullptr, in E2 and in E5.
//
// Differences from the kernel: a refused reader leaves its section by itself; there it holds null
// and calls revocable_withdraw_access(). try_get() loads the pointer once before it enters, so that
// refused readers leave the counters alone; the kernel relies on the flip for that. A revoked
// resource can be reinstated (restart()), there it is gone for good. get() exists. The kernel's
// contract ties an access to the context that began it, because lockdep tracks SRCU readers so;
// nothing here does.
//
// Limits: those of srcu_domain.hpp.
#pragma once

#include "../machine/native.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"
#include "srcu.hpp"
#include "srcu_domain.hpp"

namespace getput {

template <class M = machine::Native>
class Revocable : public SrcuDomain<M, SrcuBarriers<M>> {
 public:
  using Bank = typename SrcuDomain<M, SrcuBarriers<M>>::Bank;

  /// An access that was granted: the resource, and in which bank the access is counted.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return resource_ != nullptr; }
    /// Valid until put(). Null if the access was refused.
    constexpr void* resource() const noexcept { return resource_; }

   private:
    friend class Revocable;
    constexpr Ticket(Bank bank, void* resource) noexcept : bank_(bank), resource_(resource) {}
    Bank bank_;
    void* resource_ = nullptr;
  };

  static constexpr SchemeInfo info{
      .name = "revocable",
      .summary = "SRCU section around a resource pointer that its provider sets to null",
      .origin = "drivers/base/revocable.c, merged for Linux 7.0 and reverted",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::sum_wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 40,
      .bytes_per_cpu = 32,
      .locked_in_get = 1,
      .locked_in_put = 1,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Revocable() : Revocable(this) {}
  /// @p resource is what tickets carry while it is not revoked; not null.
  explicit Revocable(void* resource) : provided_(resource), resource_(resource) {
    M::require(info);
  }

  Ticket try_get() noexcept {
    if (resource_.load(std::memory_order_relaxed) == nullptr) [[unlikely]]
      return Ticket();
    const Bank bank = this->enter();
    void* const resource = resource_.load(std::memory_order_acquire);  // E2, E5
    if (resource == nullptr) [[unlikely]]
      return refuse(bank);
    return Ticket(bank, resource);
  }

  Ticket get(const Ticket& held) noexcept {
    this->enter_again(held.bank_);
    return held;
  }

  void put(Ticket held) noexcept { this->leave(held.bank_); }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    resource_.store(nullptr, std::memory_order_relaxed);  // E2
    this->begin_grace_period();
  }

  void restart() { resource_.store(provided_, std::memory_order_release); }  // E5

 private:
  [[gnu::cold, gnu::noinline]] Ticket refuse(Bank bank) noexcept {
    this->leave(bank);
    return Ticket();
  }

  void* const provided_;
  typename M::template Atomic<void*> resource_;
};

}  // namespace getput
