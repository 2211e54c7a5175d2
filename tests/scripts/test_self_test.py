# SPDX-License-Identifier: MIT
"""L5 + L6 = L7: planted errors are found, noise is not, many schemes are corrected for, nesting is told, `none` is the floor."""
import json

import numpy
import pytest
from getputlib import headline, self_test, stats
from made_runs import load, packets, write

CONTROL = {"safe": {"none": False}, "control": ("none",)}
COUNTS = {"L5": 4.0, "L6": 1.0, "L7": 5.0}


def scheme(chance, name, *, price=10.0, spread=0.3, extra=0.0, l7=None, n=8, **params):
    """Lines of the three levels of one scheme; `extra` breaks L7, `l7` replaces it."""
    lines = []
    for level, count in COUNTS.items():
        added = price * count + (extra if level == "L7" else 0.0)
        lines += packets(chance, name, level, l7 if level == "L7" and l7 is not None else added, spread=spread, pairs_per_packet=count, n=n, **params)
    return lines


def run(tmp_path, lines):
    results = load(tmp_path / "out", lines, **CONTROL)
    return {test.scheme: test for test in self_test.run(results)}, results


def test_held_wants_an_interval_within_the_tolerance(tmp_path):
    """A gap near 0 with an interval of +-10 ns is no evidence that the sum holds."""
    chance = numpy.random.default_rng(1)
    tests, _ = run(tmp_path, [*scheme(chance, "none", price=1.0), *scheme(chance, "sure"), *scheme(chance, "noisy", spread=12.0)])
    assert tests["sure"].verdict == self_test.HELD and tests["noisy"].verdict == self_test.CANNOT_TELL


def test_a_broken_sum_is_found_among_many_and_a_marginal_one_is_corrected(tmp_path):
    """The gap of `edge` alone would be significant at 5 %; of one among 30 it is not."""
    chance = numpy.random.default_rng(2)
    lines = [line for number in range(30) for line in scheme(chance, f"s{number:02}", spread=1.0)]
    lines += scheme(chance, "broken", spread=1.0, extra=12.0)
    many, _ = run(tmp_path, lines)
    assert many["broken"].verdict == self_test.FAILED
    assert [name for name, test in many.items() if test.verdict == self_test.FAILED] == ["broken"]
    alone, _ = run(tmp_path / "alone", [line for line in lines if line["scheme"] == "broken"])
    assert alone["broken"].p == pytest.approx(many["broken"].p / 31.0, rel=1e-6), "Holm multiplies the smallest p by the number of tests"


def test_false_alarms_of_a_sound_method_are_rare(tmp_path):
    """20 runs of 10 schemes whose true gap is 0: at most one run in twenty may name one."""
    failed = 0
    for seed in range(20):
        chance = numpy.random.default_rng(100 + seed)
        tests, _ = run(tmp_path / str(seed), [line for number in range(10) for line in scheme(chance, f"s{number}", spread=2.0)])
        failed += any(test.verdict in (self_test.FAILED, self_test.NESTS) for test in tests.values())
    assert failed <= 1


def test_a_scheme_whose_references_nest_is_left_out_with_the_reason(driver):
    """As measured of rcu_mb: L5 adds 369 ns, L7 32 ns, since a buffer in flight keeps the section open."""
    chance = numpy.random.default_rng(3)
    write(driver.folder / "out", [*scheme(chance, "none", price=1.0), *scheme(chance, "nested", price=92.0, l7=32.0)], **CONTROL)
    out, _ = driver("summary", "out", "--self-test")
    assert "left out, L7 costs less than L5 alone" in out and out.rstrip().endswith(": nested")
    told = json.loads(driver("summary", "out", "--self-test", "--json")[0])["tests"]
    assert {test["scheme"]: test["verdict"] for test in told} == {"none": self_test.HELD, "nested": self_test.NESTS}


def test_a_method_that_loses_references_at_l7_is_not_excused_as_nesting(driver):
    """L7 that charges packet buffers only makes every scheme nest, and the control, which cannot, fails the run."""
    chance = numpy.random.default_rng(4)
    write(driver.folder / "out", [*scheme(chance, "none", price=2.0, l7=2.0), *scheme(chance, "one", l7=10.0)], **CONTROL)
    told = json.loads(driver("summary", "out", "--self-test", "--json", code=1)[0])["tests"]
    assert {test["scheme"]: test["verdict"] for test in told} == {"none": self_test.FAILED, "one": self_test.NESTS}


def test_none_against_none_is_the_floor(tmp_path):
    chance = numpy.random.default_rng(5)
    _, results = run(tmp_path, scheme(chance, "none", price=1.0, spread=2.0, n=12))
    controls = self_test.null_controls(results)
    assert [one.level for one in controls] == ["L5", "L6", "L7"] and all(one.split.n == 6 for one in controls)
    assert all(not one.split.excludes(0.0) and 0.5 < one.floor_ns < 8.0 for one in controls)


def test_processes_that_are_not_alike_show_in_the_null_control(driver):
    """Every second process 20 ns slower: what is no scheme's difference is seen as one."""
    chance = numpy.random.default_rng(6)
    lines = scheme(chance, "none", price=1.0, n=16)
    for line in lines:
        if line["trial"] % 2:
            line["difference"]["ns"] += 20.0
            line["ns_per_op"] += 20.0
    write(driver.folder / "out", lines, **CONTROL)
    assert "NOT 0, the processes differ" in driver("summary", "out", "--self-test", code=1)[0]


def test_settings_are_tested_apart(tmp_path):
    chance = numpy.random.default_rng(7)
    old, new = ({"era": era, "shape": shape, "free": "local", "work": "bare"} for era, shape in (("linux_2_6", "scalar"), ("linux_6", "staged")))
    lines = [*scheme(chance, "one", extra=30.0, **old), *scheme(chance, "one", **new)]
    found = {test.fixed["era"]: test.verdict for test in self_test.run(load(tmp_path / "out", lines, **CONTROL))}
    assert found == {"linux_2_6": self_test.FAILED, "linux_6": self_test.HELD}


def paired(chance, shared, own):
    """Two cells of the same processes, or of others, with what the process adds to both."""
    luck = chance.normal(0.0, 5.0, 8)
    lines = []
    for name, first in (("none", 0.0), ("one", 10.0)):
        cell = packets(chance, name, "L7", first, spread=own)
        for line in cell:
            line["difference"]["ns"] += luck[line["trial"]]
            line["pid"] += 0 if shared or name == "none" else 500
        lines += cell
    return lines


def test_processes_that_measured_both_give_one_difference_each(tmp_path):
    """What a process does to both of its cells cancels; where the processes are others, nothing may be paired."""
    found = {}
    for shared in (True, False):
        results = load(tmp_path / str(shared), paired(numpy.random.default_rng(8), shared, 0.3), **CONTROL)
        found[shared] = next(one.minus_none for one in headline.table(results) if one.scheme == "one")
        assert found[shared].n == 8
    assert found[True].point == pytest.approx(10.0, abs=0.4)
    assert found[True].high - found[True].low < 1.5 < 5.0 < found[False].high - found[False].low


@pytest.mark.parametrize("one, other, n", [
    ({1: 1.0, 2: 2.0}, {1: 5.0, 2: 7.0}, 2), ({1: 1.0, 2: 2.0}, {3: 5.0, 4: 7.0}, 2), ({1: 1.0, 2: 2.0}, {1: 5.0}, 1)])
def test_sums_are_paired_only_where_all_processes_agree(one, other, n):
    found = stats.sum_of([(-1.0, one), (1.0, other)])
    assert found.n == n and found.point == pytest.approx(4.5 if len(other) == 2 else 3.5)
    if set(one) == set(other):
        assert (found.low, found.high) == (4.0, 5.0) and stats.Difference.sum_of([(-1.0, one), (1.0, other)]).freedom == 1
