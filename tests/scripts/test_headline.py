# SPDX-License-Identifier: MIT
"""What a packet is charged, as data: differences, budgets, what is resolved, and the self-tests."""
import csv
import io
import json

import numpy
import pytest
from getputlib import headline, headline_text, self_test, stats
from made_runs import FRAME_BYTES, cell, load, packets, pairs, trial, write

CONTROL = {"safe": {"none": False}, "control": ("none",)}
COUNTS = {"L5": 4.0, "L6": 1.0, "L7": 5.0}


def measured(seed=1, *, price=2.0, ticket=3.0, spread=0.3, levels=("L5", "L6", "L7"), break_l7=0.0, **params):
    """A run in which a pair costs `price` in the path; `none` costs a ticket shared among the pairs."""
    chance = numpy.random.default_rng(seed)
    lines = packets(chance, "none", "L0", 0.0, spread=spread, metrics={"gets_l3_per_packet": 0.5}, **params)
    for level in levels:
        share = COUNTS[level] / COUNTS["L7"]
        extra = break_l7 if level == "L7" else 0.0
        lines += packets(chance, "none", level, ticket * share, spread=spread, pairs_per_packet=COUNTS[level], **params)
        lines += packets(chance, "one", level, (ticket + 5.0 * price) * share + extra, spread=spread, pairs_per_packet=COUNTS[level], **params)
    return lines + pairs(chance, "one", 1.6, object="shared", objects=1, hold_ns=0, put="same", state="live", **params)


def entry(results, scheme, level="L7"):
    return next(one for one in headline.table(results) if (one.scheme, one.level) == (scheme, level))


def test_the_headline_is_added_minus_none(tmp_path):
    results = load(tmp_path / "out", measured(), **CONTROL)
    one, none = entry(results, "one"), entry(results, "none")
    assert one.added.kind == stats.CONFIDENT and one.added.n == 8 and one.added.point == pytest.approx(13.0, abs=0.5)
    assert one.minus_none.point == pytest.approx(10.0, abs=0.6) == pytest.approx(one.added.point - none.added.point, abs=0.6)
    assert one.net is one.minus_none and none.minus_none is None and none.net is none.added
    assert one.slope_ns == pytest.approx(one.minus_none.point / 5.0) and one.isolated_ns == pytest.approx(1.6, rel=0.1)
    assert one.base_ns == pytest.approx(200.0) and one.copy_sd_ns == 0.2 and (one.safe, one.control) == (True, False)
    assert [one.level for one in headline.table(results)] == ["L7", "L7", "L6", "L6", "L5", "L5"]


def test_budgets_are_those_of_the_inputs_own_frames(tmp_path):
    one = entry(load(tmp_path / "out", measured(), **CONTROL), "one")
    assert one.frame_bytes == FRAME_BYTES
    assert one.budget[10] == pytest.approx(one.net.point / 200.0) and one.budget[400] == pytest.approx(40 * one.budget[10])


@pytest.mark.parametrize("lines, resolved", [
    (measured(), True), (measured(spread=30.0), False), (measured(price=0.0), False),
    ([line for line in measured() if line["params"].get("level") != "L0"], False),  # no level 0 against itself to go by
    ([line for line in measured() if line["trial"] < 5], False),  # ranges resolve nothing
], ids=["clear", "noisy", "free", "no control", "five trials"])
def test_resolved_wants_an_interval_and_the_control(tmp_path, lines, resolved):
    assert entry(load(tmp_path / "out", lines, **CONTROL), "one").resolved is resolved


def test_a_planted_shift_is_found_and_none_is_not(tmp_path):
    found = {0.0: 0, 2.0: 0}
    for number in range(20):
        for price in found:
            results = load(tmp_path / f"{number}_{price}", measured(number, price=price / 5.0, spread=0.6), **CONTROL)
            found[price] += entry(results, "one").resolved
    assert found[2.0] >= 19 and found[0.0] <= 1


def test_old_lines_take_level_0_from_their_metrics(tmp_path):
    of = cell("netpath", "one", level="L7")
    lines = [trial(of, index, 210.0, metrics={"l0_ns": 200.0 - index}) for index in range(7)]
    results = load(tmp_path / "out", lines)
    one = entry(results, "one")
    assert one.added.point == 13.0 and one.base_ns == 197.0 and one.frame_bytes is None and one.budget == {} and one.minus_none is None


def test_l5_and_l6_make_l7(tmp_path):
    results = load(tmp_path / "out", measured(), **CONTROL)
    tests = {test.scheme: test for test in self_test.run(results)}
    assert tests["one"].verdict == tests["none"].verdict == self_test.HELD and self_test.failed(tests.values()) == []
    assert tests["one"].path_to_pairs == pytest.approx(2.0 / 1.6, rel=0.15)
    assert tests["one"].l3_computed_ns == pytest.approx(0.5 * 2.0, rel=0.1) and tests["none"].path_to_pairs is None


def test_a_broken_sum_fails_and_a_noisy_one_cannot_tell(driver):
    for lines, code, verdict in ((measured(break_l7=6.0), 1, "failed"), (measured(spread=40.0), 4, "cannot tell"),
                                 (measured(), 0, "held"), (measured(break_l7=6.0, threads=2) + measured(), 0, "held")):
        write(driver.folder / "out", lines, **CONTROL)
        out, _ = driver("summary", "out", "--self-test", code=code)
        assert verdict in next(line for line in out.splitlines() if line.startswith("one "))
        told = json.loads(driver("summary", "out", "--self-test", "--json", code=code)[0])
        assert {test["scheme"] for test in told["tests"]} == {"one", "none"}


def test_a_run_without_l5_has_no_self_test(driver):
    write(driver.folder / "out", measured(levels=("L6", "L7")), **CONTROL)
    assert "measure netpath with --paper" in driver("summary", "out", "--self-test", code=2)[1]


def test_the_summary_begins_with_the_headline(driver):
    write(driver.folder / "out", measured(), **CONTROL)
    lines = driver("summary", "out")[0].splitlines()
    assert lines[0] == "What L6 adds to a packet: ns beyond none at the same level, median [95 % interval]" and lines[2].startswith("one  ")
    lines = lines[lines.index(next(line for line in lines if line.startswith("Added"))):]
    assert lines[0].startswith("Added to one packet, 1 worker, place:compact, frames of 230 bytes. L0 against itself: within 0.")
    assert lines[1].split()[:2] == ["scheme", "level"] and lines[2].startswith("none")
    assert lines[3].startswith("one ") and lines[3].endswith("yes") and "n=8" in lines[3]


def test_csv_json_and_latex_carry_the_headline(driver):
    write(driver.folder / "out", measured(), **CONTROL)
    rows = list(csv.DictReader(io.StringIO(driver("summary", "out", "--format", "csv")[0])))
    records = json.loads(driver("summary", "out", "--json")[0])
    assert set(headline_text.FIELDS) <= set(rows[0]) and set(headline_text.FIELDS) <= set(records[0])
    row = next(row for row in rows if row["scheme"] == "one" and row["level"] == "L7")
    assert row["cell"].startswith("netpath/one/") and row["added_n"] == "8" and row["resolved"] == "True"
    assert float(row["added_low_ns"]) < float(row["added_ns"]) < float(row["added_high_ns"])
    assert float(row["minus_none_ns"]) == pytest.approx(10.0, abs=0.6) and float(row["budget_100gbe"]) == pytest.approx(0.5, abs=0.05)
    zero = next(row for row in rows if row["level"] == "L0")
    assert zero["added_n"] == "8" and zero["minus_none_ns"] == ""
    assert next(row for row in rows if row["workload"] == "pairs")["added_ns"] == ""
    latex = driver("summary", "out", "--format", "latex")[0]
    assert latex.count("\n") == 5 + 6 + 3 and r"one & -- & L7 & 1 & " in latex and r"\%" in latex
