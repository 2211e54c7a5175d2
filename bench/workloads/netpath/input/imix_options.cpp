// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/input/imix_options.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/workloads/netpath/input/frames.hpp"

namespace getput::bench::netpath {
namespace {

/// A key with a number. Every value is exact in a double.
struct Number {
  std::string_view key;
  double least;
  double most;
  bool whole;
  double (*get)(const ImixOptions&);
  void (*set)(ImixOptions&, double);
};

template <auto Member>
constexpr Number number(std::string_view key, double least, double most, bool whole) {
  return {key,
          least,
          most,
          whole,
          [](const ImixOptions& options) { return static_cast<double>(options.*Member); },
          [](ImixOptions& options, double value) {
            options.*Member =
                static_cast<std::remove_reference_t<decltype(options.*Member)>>(value);
          }};
}

constexpr std::uint32_t kSmallest = 64;  // with FCS, as both of the next
constexpr std::uint32_t kLargest = 1518;
constexpr std::uint32_t kSmallestIpv6 = 14 + 40 + 20 + 4;  // a TCP header and nothing in it
constexpr double kMostFrames = 1 << 20;

constexpr std::array<Number, 8> kNumbers = {
    number<&ImixOptions::close_share>("close", 0, 0.5, false),
    number<&ImixOptions::flows>("flows", 1, 1 << 20, true),
    number<&ImixOptions::frames>("frames", 1, kMostFrames, true),
    number<&ImixOptions::ipv6_share>("ipv6", 0, 1, false),
    number<&ImixOptions::seed>("seed", 0, 0x1p53, true),
    number<&ImixOptions::size>("size", kSmallest, kLargest, true),
    number<&ImixOptions::udp_share>("udp", 0, 1, false),
    number<&ImixOptions::zipf>("zipf", 0, 4, false)};

constexpr std::string_view kTo = "to";
constexpr std::array<std::pair<std::string_view, Destinations>, 3> kDestinations = {
    {{"bench", Destinations::bench},
     {"spread", Destinations::spread},
     {"routed", Destinations::routed}}};
constexpr std::string_view kKinds = "imix, fixed";

std::string text_of(double value) {
  std::array<char, 64> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return {text.data(), end.ptr};
}

std::string known_keys() {
  std::string keys;
  for (const Number& number : kNumbers) keys += std::string(number.key) + ", ";
  return keys + std::string(kTo);
}

class TrafficParser {
 public:
  explicit TrafficParser(const std::string& text) : text_(text), rest_(text) {}

  ImixOptions parse() {
    const std::string kind(next());
    if (kind != "imix" && kind != "fixed")
      refuse("unknown kind \"" + kind + "\"; known: " + std::string(kKinds));
    if (kind == "fixed")
      options_.size = kSmallest;
    while (more_) set(next());
    if (kind == "imix" && given_.count("size") != 0)
      refuse("size goes with fixed; imix has sizes of its own");
    if (kind == "fixed" && options_.size < kSmallestIpv6 && given_.count("ipv6") == 0)
      options_.ipv6_share = 0;
    if (const std::string problem = problem_of(options_); !problem.empty())
      refuse(problem);
    return options_;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw RequestError("traffic \"" + text_ + "\": " + what);
  }

  std::string_view next() {
    const std::size_t comma = rest_.find(',');
    more_ = comma != std::string_view::npos;
    const std::string_view item = rest_.substr(0, comma);
    rest_ = more_ ? rest_.substr(comma + 1) : std::string_view();
    return item;
  }

  void set(std::string_view item) {
    const std::size_t equals = item.find('=');
    const std::string key(item.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    if (!given_.insert(key).second)
      refuse("key " + key + " is there twice");
    if (key == kTo)
      return set_destinations(value);
    for (const Number& number : kNumbers) {
      if (key == number.key)
        return set_number(number, value);
    }
    refuse("unknown key \"" + key + "\"; known: " + known_keys());
  }

  void set_destinations(std::string_view value) {
    for (const auto& [name, destinations] : kDestinations) {
      if (value == name) {
        options_.destinations = destinations;
        return;
      }
    }
    refuse("to=" + std::string(value) + "; known: bench, spread, routed");
  }

  void set_number(const Number& number, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool read = error == std::errc() && end == text.data() + text.size();
    if (!read || !(value >= number.least && value <= number.most) ||
        (number.whole && std::floor(value) != value))
      refuse(std::string(number.key) + "=" + std::string(text) + " is no " +
             (number.whole ? "whole " : "") + "number from " + text_of(number.least) + " to " +
             text_of(number.most));
    number.set(options_, value);
  }

  const std::string& text_;
  std::string_view rest_;
  bool more_ = true;
  std::set<std::string> given_;
  ImixOptions options_;
};

}  // namespace

ImixOptions parse_traffic(const std::string& text) {
  return TrafficParser(text).parse();
}

std::string name_of(const ImixOptions& options) {
  const ImixOptions usual;
  std::string name = options.size == 0 ? "imix" : "fixed";
  for (const Number& number : kNumbers) {
    if (number.get(options) != number.get(usual))
      name += "," + std::string(number.key) + "=" + text_of(number.get(options));
  }
  for (const auto& [to, destinations] : kDestinations) {
    if (options.destinations == destinations && destinations != usual.destinations)
      name += "," + std::string(kTo) + "=" + std::string(to);
  }
  return name;
}

std::string problem_of(const ImixOptions& options) {
  for (const Number& number : kNumbers) {
    const double value = number.get(options);
    const bool none = number.key == "size" && value == 0;
    if (!none && !(value >= number.least && value <= number.most))
      return std::string(number.key) + " is to be from " + text_of(number.least) + " to " +
             text_of(number.most);
  }
  if (options.size != 0 && options.size < kSmallestIpv6 && options.ipv6_share > 0)
    return "no IPv6 segment fits into size=" + std::to_string(options.size) +
           "; ipv6=0, or a size from " + std::to_string(kSmallestIpv6);
  const std::uint64_t bytes = std::uint64_t{options.frames} * options.size;
  return bytes > kMostInputBytes ? "more than 1 GiB of frames" : "";
}

}  // namespace getput::bench::netpath
