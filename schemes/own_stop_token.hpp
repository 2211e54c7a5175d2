// SPDX-License-Identifier: MIT
// The part of std::stop_token that the schemes and their users need, for standard libraries that
// have none (stop_token.hpp). The meaning is that of [thread.stoptoken] in the C++20 standard,
// except that a copied StopSource and comparison are left out.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace getput::own {

/// What a source, its tokens and their callbacks share.
class StopState {
 public:
  /// One registered callback, a member of the list.
  struct Node {
    void (*run)(Node*) = nullptr;
    Node* next = nullptr;
    Node* previous = nullptr;
    bool listed = false;
  };

  bool requested() const {
    const std::lock_guard lock(mutex_);
    return requested_;
  }

  bool possible() const {
    const std::lock_guard lock(mutex_);
    return requested_ || !abandoned_;
  }

  /// The source is gone: no request will come.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }

  /// Runs the callbacks, each without the lock. False if that was requested before.
  bool request() {
    std::unique_lock lock(mutex_);
    if (requested_)
      return false;
    requested_ = true;
    requester_ = std::this_thread::get_id();
    while (first_ != nullptr) {
      Node* const node = first_;
      unlink(node);
      running_ = node;
      lock.unlock();
      node->run(node);  // may destroy the callback, and the node with it
      lock.lock();
      running_ = nullptr;
      finished_.notify_all();
    }
    return true;
  }

  /// False if a stop was requested before: the caller runs the callback.
  bool add(Node* node) {
    const std::lock_guard lock(mutex_);
    if (requested_)
      return false;
    node->next = first_;
    if (first_ != nullptr)
      first_->previous = node;
    first_ = node;
    node->listed = true;
    return true;
  }

  /// Returns when the callback neither runs nor will run, except that it may remove itself.
  void remove(Node* node) {
    std::unique_lock lock(mutex_);
    if (node->listed)
      unlink(node);
    else if (requester_ != std::this_thread::get_id())
      finished_.wait(lock, [&] { return running_ != node; });
  }

 private:
  void unlink(Node* node) noexcept {
    if (node->previous != nullptr)
      node->previous->next = node->next;
    else
      first_ = node->next;
    if (node->next != nullptr)
      node->next->previous = node->previous;
    node->next = node->previous = nullptr;
    node->listed = false;
  }

  mutable std::mutex mutex_;
  std::condition_variable finished_;
  Node* first_ = nullptr;
  Node* running_ = nullptr;
  std::thread::id requester_;
  bool requested_ = false;
  bool abandoned_ = false;
};

class StopToken {
 public:
  StopToken() noexcept = default;

  [[nodiscard]] bool stop_requested() const noexcept { return state_ && state_->requested(); }
  [[nodiscard]] bool stop_possible() const noexcept { return state_ && state_->possible(); }

 private:
  friend class StopSource;
  template <class Callback>
  friend class StopCallback;
  explicit StopToken(std::shared_ptr<StopState> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<StopState> state_;
};

class StopSource {
 public:
  StopSource() : state_(std::make_shared<StopState>()) {}
  ~StopSource() { state_->abandon(); }
  StopSource(const StopSource&) = delete;
  StopSource& operator=(const StopSource&) = delete;

  /// True for the first request.
  bool request_stop() noexcept { return state_->request(); }
  [[nodiscard]] bool stop_requested() const noexcept { return state_->requested(); }
  [[nodiscard]] StopToken get_token() const noexcept { return StopToken(state_); }

 private:
  std::shared_ptr<StopState> state_;
};

/// Calls @p Callback once when a stop is requested: at once if it was before, on the requesting
/// thread otherwise.
template <class Callback>
class StopCallback : StopState::Node {
 public:
  template <class C>
  [[nodiscard]] StopCallback(const StopToken& token, C&& callback)
      : state_(token.state_), callback_(std::forward<C>(callback)) {
    run = [](StopState::Node* node) { static_cast<StopCallback*>(node)->callback_(); };
    if (state_ && !state_->add(this)) {
      state_.reset();  // nothing to remove
      callback_();
    }
  }
  ~StopCallback() {
    if (state_)
      state_->remove(this);
  }
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  std::shared_ptr<StopState> state_;
  Callback callback_;
};

template <class Callback>
StopCallback(const StopToken&, Callback) -> StopCallback<Callback>;

}  // namespace getput::own
