// SPDX-License-Identifier: MIT
#include "bench/oracle/hunt.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"
#include "modules/text_map.hpp"

namespace getput::bench::oracle {
namespace {

// What the signal handler reads: written before the module can disappear.
constexpr unsigned kMostPieces = 16;
struct FormerMapping {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
};
std::array<FormerMapping, kMostPieces> former_mapping;
std::atomic<std::uint64_t> rounds_done{0};

bool in_former_mapping(std::uintptr_t address) noexcept {
  return std::any_of(former_mapping.begin(), former_mapping.end(), [&](const FormerMapping& piece) {
    return address >= piece.begin.load() && address < piece.end.load();
  });
}

/// Appends a number to the text that ends at @p at, in the handler, which may not allocate.
char* append_number(char* at, std::uint64_t value, unsigned base) noexcept {
  std::array<char, 24> digits{};
  std::size_t count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count != 0) {
    *at++ = digits[--count];
  }
  return at;
}

// One line, "caught <address> <rounds>" or "elsewhere <address> <rounds>".
void on_fault(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const bool caught = info->si_code == SEGV_MAPERR && in_former_mapping(address);
  std::array<char, 96> line{};
  char* at = line.data();
  for (const char* text = caught ? "caught 0x" : "elsewhere 0x"; *text != '\0'; ++text) {
    *at++ = *text;
  }
  at = append_number(at, address, 16);
  *at++ = ' ';
  at = append_number(at, rounds_done.load(), 10);
  *at++ = '\n';
  [[maybe_unused]] const ssize_t ignored =
      write(STDOUT_FILENO, line.data(), static_cast<std::size_t>(at - line.data()));
  _exit(caught ? kHuntCaught : kHuntFaultElsewhere);
}

void install_handler() {
  struct sigaction action {};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, nullptr);
}

/// An alternate signal stack of the calling thread.
class SignalStack {
 public:
  SignalStack() : memory_(static_cast<std::size_t>(SIGSTKSZ) + kSpare) {
    stack_t stack{};
    stack.ss_sp = memory_.data();
    stack.ss_size = memory_.size();
    sigaltstack(&stack, nullptr);
  }
  ~SignalStack() {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr std::size_t kSpare = 16384;
  std::vector<char> memory_;
};

void note_mapping(const void* text) {
  const std::vector<modules::MappedPiece> pieces = modules::mapped_pieces_of(text);
  for (unsigned i = 0; i < kMostPieces; ++i) {
    former_mapping[i].begin = i < pieces.size() ? pieces[i].begin : 0;
    former_mapping[i].end = i < pieces.size() ? pieces[i].end : 0;
  }
}

/// Waits until every caller has begun a new pass: one that was on its way into the module when it
/// was unmapped has run into the fault by then.
void let_all_run(const Prey& prey, unsigned callers) {
  constexpr std::chrono::microseconds kNap{20};
  for (unsigned caller = 0; caller < callers; ++caller) {
    const std::uint64_t before = prey.passes(caller);
    while (prey.passes(caller) < before + 2) {
      std::this_thread::sleep_for(kNap);
    }
  }
}

std::chrono::nanoseconds in_ns(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

void require(const modules::Status& status) {
  if (!status.ok()) {
    throw EnvironmentError("hunt: " + status.message);
  }
}

/// The remover. False: the time was over during a removal.
bool one_round(Prey& prey, unsigned callers, std::minstd_rand& random,
               const std::stop_token& over) {
  constexpr unsigned kLongestNapUs = 200;
  require(prey.load());
  note_mapping(prey.text());
  // The preemption that follows the sleep hits the caller anywhere.
  std::this_thread::sleep_for(std::chrono::microseconds(1 + random() % kLongestNapUs));
  const modules::Status removed = prey.remove(over);
  if (!removed.ok()) {
    if (over.stop_requested()) {
      return false;
    }
    require(removed);
  }
  let_all_run(prey, callers);
  prey.forget();
  ++rounds_done;
  return true;
}

}  // namespace

void enter_module(ModuleEntry entry) noexcept {
  const getput_packet packet{};  // too short: the module refuses it without a look at its data
  getput_ports ports{};
  entry(&packet, &ports);
}

std::uint64_t hunt_prey(Prey& prey, double seconds) {
  install_handler();
  std::vector<unsigned> pus = allowed_pus();
  pus.resize(std::min<std::size_t>(pus.size(), Prey::kMostCallers));
  Team team(pus);
  std::stop_source over;
  std::mutex mutex;
  std::condition_variable_any never;
  const std::jthread timer([&](const std::stop_token& done) {
    std::unique_lock lock(mutex);
    never.wait_for(lock, done, in_ns(seconds), [] { return false; });
    over.request_stop();
  });
  std::minstd_rand random(std::random_device{}());
  team.run_task(
      [&](WorkerContext& worker) {
        const SignalStack stack;
        prey.call(worker);
      },
      [&] {
        pin_this_thread(pus.front());
        const std::stop_token token = over.get_token();
        while (!token.stop_requested() && one_round(prey, team.size(), random, token)) {
        }
        unpin_this_thread();
      });
  return rounds_done;
}

}  // namespace getput::bench::oracle
