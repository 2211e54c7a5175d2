# SPDX-License-Identifier: MIT
"""The mutation sweep plants what it should: the operators on a small header, all of them in one
text, and its verdict."""

import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "mutants"
sys.path.insert(0, str(FOLDER))

import claims  # noqa: E402
import operators  # noqa: E402
import planting  # noqa: E402
import schemata  # noqa: E402
import sweep  # noqa: E402

HEADER = '''\
// SPDX-License-Identifier: MIT
// if (this) is prose { x = 1; }
#pragma once

namespace getput {

template <class M, unsigned Size = 4>
class Small {
 public:
  static constexpr SchemeInfo info{
      .name = "small",
      .spurious_failure = true,
      .count = CountExactness::exact,
      .bytes_per_object = 8,
  };

  bool try_get() noexcept {
    constexpr int kGoing = 7;
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E1
      return false;
    words_.template add<kGets>(2);
    M::wake_if_waiting(this);
    return true;
  }

  bool stop() {
    const auto before = going_.fetch_or(1, std::memory_order_seq_cst);
    M::wait(
        this, [this] { return drained(); }, "one; two");
    return before == 0 &&
           Size < 8;
  }

  void near_overflow(int n) { words_.set(100 - n); }

 private:
  Atomic going_{0};
};

}  // namespace getput
'''
SCHEME_HPP = '''
struct SchemeInfo {
  std::string_view name;
  std::string_view generation = {};
  bool safe = true;
  bool spurious_failure = false;
  CountExactness count = CountExactness::exact;
  std::size_t bytes_per_object = 0;
};
'''


def found(line):
    """What is done to a line."""
    return sorted(c.what for c in operators.changes(HEADER) if c.line.startswith(line))


def changed(line, what):
    (change,) = [c for c in operators.changes(HEADER) if c.line.startswith(line) and c.what == what]
    return change.apply(HEADER)


def test_prose_info_and_test_helpers_are_left_alone():
    lines = {change.line for change in operators.changes(HEADER)}
    assert not any("prose" in line or "name" in line or "100" in line or "template <" in line
                   for line in lines)


def test_conditions_and_orders():
    assert found("if (going_") == ["!= -> ==", "0 -> 1", "acquire -> relaxed", "condition false",
                                   "condition true"]
    assert "if (true) [[unlikely]]" in changed("if (going_", "condition true")
    assert "load(std::memory_order_relaxed) != 0" in changed("if (going_", "acquire -> relaxed")


def test_a_read_modify_write_is_weakened_step_by_step():
    assert [w for w in found("const auto before") if "->" in w and w.startswith("seq")] == [
        f"seq_cst -> {order}" for order in ("acq_rel", "acquire", "relaxed", "release")]


def test_statements_are_deleted_and_exchanged():
    assert found("words_.template") == ["2 -> 1", "2 -> 3", "deleted",
                                        "exchanged with the next"]
    text = changed("words_.template", "exchanged with the next")
    assert text.index("wake_if_waiting") < text.index("add<kGets>(2)")
    assert "one; two" not in changed("M::wait(", "deleted")


def test_results_are_turned_round():
    assert found("return true") == ["true -> false"]
    assert "&& -> ||" in found("return before") and "< -> <=" in found("Size < 8")


def test_changes_know_their_function():
    assert {c.where for c in operators.changes(HEADER) if c.line.startswith("const auto before")} == {
        "stop"}


def test_claims_spoken_and_unspoken():
    made = {c.what: c.apply(HEADER) for c in claims.claims(
        HEADER, SCHEME_HPP, ["safe", "spurious_failure", "count", "bytes_per_object"])}
    assert len(made) == 1 + 1 + 3 + 1
    assert ".spurious_failure = false," in made["claims spurious_failure = false"]
    assert '"small",\n      .safe = false,\n      .spurious' in made["claims safe = false"]
    assert ".bytes_per_object = 8 + 8," in made["claims bytes_per_object = 8 + 8"]
    assert ".count = CountExactness::approximate," in made["claims count = approximate"]


def test_claims_with_a_comment_and_of_what_nobody_sees():
    header = HEADER.replace("CountExactness::exact,", "CountExactness::exact,  // some day")
    made = {c.what: c.apply(header) for c in claims.claims(header, SCHEME_HPP, ["count"])}
    assert len(made) == 3
    assert "CountExactness::approximate,  // some day" in made["claims count = approximate"]
    assert len(claims.others("overflow", "Overflow::wraps", HEADER)) == 3
    assert claims.others("overflow", "Overflow::wraps", "kNoNearOverflow") == [
        "Overflow::no_counter"]


def test_all_in_one_text():
    changes = operators.changes(HEADER)
    text, numbers = schemata.combine(HEADER, changes)
    lines = text.split("\n")
    assert len(lines) == len(numbers)
    have = {changes[number - 1].what for number in numbers if number}
    assert {"condition true", "deleted", "exchanged with the next", "&& -> ||"} <= have
    for number in set(numbers) - {0}:
        assert f"::getput::sweep_change == {number}" in text
    # Left out when the compiler does not like it; a member's initial value never gets in.
    some = next(number for number in numbers if number)
    assert some not in schemata.combine(HEADER, changes, {some})[1]
    assert "Atomic going_{0};" in text and "constexpr int kGoing = 7;" in text
    assert "7 -> 8" not in have


def test_the_compilers_complaints_are_understood():
    assert schemata.blamed("/x/small.hpp:2:7: error: no\n/y/other.hpp:1:1: error: no", "small.hpp",
                           [0, 5, 6]) == {5}


def outcome(what, caught="", listed=""):
    change = operators.Change(0, 1, "", what, "f", "x;", 1)
    return sweep.Outcome("counter/atomic", change, caught, listed)


@pytest.mark.parametrize("outcomes, code, said", [
    ([outcome("deleted", "model: A"), outcome("1 -> 2", "", "because")], 0, "1 equivalent"),
    ([outcome("deleted")], 1, "1 survived"),
    ([outcome("deleted", "model: A", "because")], 1, "listed in equivalent.toml, but caught"),
    ([outcome("deleted", sweep.NOT_COMPILED)], 0, "0 mutants"),
])
def test_verdict(outcomes, code, said, capsys):
    assert sweep.conclude(outcomes, 1.0) == code
    captured = capsys.readouterr()
    assert said in captured.out + captured.err


def test_what_allows_more_is_caught_as_well():
    assert sweep.implied(outcome("seq_cst -> relaxed").change, [outcome("seq_cst -> release").change])
    assert not sweep.implied(outcome("seq_cst -> acquire").change,
                             [outcome("seq_cst -> release").change])


def test_every_listed_change_exists_and_says_why():
    listed = planting.read_list(FOLDER / "equivalent.toml", "equivalent")
    known = set()
    for path in (planting.ROOT / "schemes").glob("**/*.hpp"):
        text = path.read_text(encoding="utf-8")
        header = str(path.relative_to(planting.ROOT / "schemes"))[: -len(".hpp")]
        if not header.startswith("machine/") and header != "scheme":
            known |= {(header, c.where, c.line, sweep.title(c)) for c in operators.changes(text)}
    for entry in listed:
        assert len(entry["why"]) > 20
        for change in entry["changes"]:
            assert (entry["header"], entry["where"], entry["line"], change) in known
