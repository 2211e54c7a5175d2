# SPDX-License-Identifier: MIT
"""Other guests on the cores: the spread that they cause goes, and what a scheme costs stays."""
import json

import numpy
import pytest
from getputlib import checks, core_sharing, stats
from getputlib.results import Results
from made_runs import cell, load, trial, write

ALONE, SHARED = 0.27, 0.48  # cycles per addition of a core alone, and of a shared one
COSTS = {"a": 20.0, "b": 18.0, "c": 6.0, "d": 30.0}
SLOPE = 2.7  # relative, per cycle


def shared_trial(of, index, chance, share, middle, *, slope=SLOPE, noise=0.2):
    """A trial whose process had its core shared for this part of the time."""
    cycles = ALONE + share * (SHARED - ALONE)
    added = middle * (1.0 + slope * (cycles - ALONE)) + chance.normal(0.0, noise)
    line = trial(of, index, 100.0 * (1.0 + 1.5 * (cycles - ALONE)), added=added)
    pairs = 100
    line["difference"] = {**line["difference"], "pairs": pairs, "alone": {
        "best_issue_rate": round(1.0 / ALONE, 2), "pairs": round(pairs * (1.0 - share)), "ns": None, "se_ns": None,
        "subject_ns": None, "baseline_ns": None}}
    line["covariates"] = {core_sharing.COVARIATE: cycles}
    return line


def lines_of(seed, *, shares=(0.0, 1.0), costs=COSTS, slope=SLOPE, level="L7", n=8, noise=0.2):
    chance = numpy.random.default_rng(seed)
    return [shared_trial(cell("netpath", scheme, level=level, threads=1), index, chance, chance.uniform(*shares), middle, slope=slope, noise=noise)
            for scheme, middle in costs.items() for index in range(n)]



def half(values):
    low, high = stats.interval(values).bounds
    return (high - low) / 2.0


def measured(row):
    return [one["difference"].get("measured_ns", one["difference"]["ns"]) for one in row.kept]


def test_the_spread_of_shared_cores_goes(tmp_path):
    for row in load(tmp_path / "out", lines_of(1)).rows:
        assert half(row.added()) < 0.4 * half(measured(row)), row.scheme


def test_no_value_is_shifted_as_a_whole(tmp_path):
    """The reference is the run's own mean, so that the adjustment only moves processes towards each other."""
    rows = load(tmp_path / "out", lines_of(2)).rows
    ratios = [numpy.mean(row.added()) / numpy.mean(measured(row)) for row in rows]
    assert numpy.mean(ratios) == pytest.approx(1.0, abs=0.05)


def test_a_scheme_that_a_shared_core_does_not_slow_down_is_not_biased():
    """It waits for a line of another core, say. Dividing by 1 + beta * cycles would raise its mean by 2.6 %."""
    chance = numpy.random.default_rng(3)
    middle = (ALONE + SHARED) / 2.0
    means = [core_sharing.adjusted([(cycles, 60.0) for cycles in chance.uniform(ALONE, SHARED, 8)], SLOPE, middle).mean() for _ in range(4000)]
    assert numpy.mean(means) == pytest.approx(60.0, abs=0.3)


def test_a_slope_that_fits_is_taken_out_completely():
    values = [(cycles, 20.0 * (1.0 + SLOPE * (cycles - ALONE))) for cycles in (0.28, 0.31, 0.4, 0.47, 0.3, 0.45)]
    assert core_sharing.adjusted(values, SLOPE, ALONE) == pytest.approx([20.0] * 6)


def test_a_covariate_that_explains_nothing_narrows_nothing(tmp_path):
    """The null control of the adjustment: noise alone, in which the slope is found by chance."""
    ratios = [half(row.added()) / half(measured(row)) for seed in range(40)
              for row in load(tmp_path / str(seed), lines_of(300 + seed, slope=0.0, noise=2.0)).rows]
    assert numpy.median(ratios) > 0.97


def test_intervals_keep_their_coverage(tmp_path):
    """The truth is the cost at the run's mean share; the interval contains it about as often as it says."""
    hits = total = 0
    for seed in range(60):
        results = load(tmp_path / str(seed), lines_of(100 + seed))
        group = next(iter(results.sharing.groups.values()))
        for row in results.rows:
            truth = COSTS[row.scheme] * (1.0 + SLOPE * (group.mean_cycles - ALONE))
            low, high = stats.interval(row.added()).bounds
            hits, total = hits + (low <= truth <= high), total + 1
    assert hits / total >= 0.92, f"{hits} of {total}"


@pytest.mark.parametrize("lines", [
    lines_of(5, costs={"a": 20.0, "b": 18.0}), lines_of(6, n=5), lines_of(7, costs={"a": 0.0, "b": 0.0, "c": 0.0}, n=6, slope=0.0)[:12],
], ids=["two schemes", "five processes", "too few"])
def test_too_little_to_know_the_slope_changes_nothing(tmp_path, lines):
    for row in load(tmp_path / "out", lines).rows:
        assert row.added() == pytest.approx(measured(row))


def test_only_packets_are_adjusted(tmp_path):
    """The price of a held pair is its own time, which stays as measured; the run reports only the share of the other guests."""
    chance = numpy.random.default_rng(14)
    lines = [shared_trial(cell("pairs", scheme, threads=1), index, chance, chance.uniform(0.0, 1.0), middle)
             for scheme, middle in COSTS.items() for index in range(8)]
    results = load(tmp_path / "out", lines)
    assert all("measured_ns" not in one["difference"] for row in results.rows for one in row.kept)
    assert [group.text().endswith("% of the slices") for group in results.sharing.groups.values()] == [True]


def test_the_slope_is_never_negative():
    cells = [[(0.27 + 0.02 * index, 20.0 - index) for index in range(8)] for _ in range(4)]
    assert core_sharing.beta_of(cells) == 0.0


def test_a_run_reports_how_much_other_guests_used(driver):
    write(driver.folder / "out", lines_of(8, shares=(0.55, 0.65)))
    (group,) = Results.load(driver.folder / "out").sharing.groups.values()
    assert group.shared == pytest.approx(0.6, abs=0.03) and group.text() == (
        f"netpath, 1 worker, compact: other guests used the cores in {100.0 * group.shared:.0f} % of the slices; "
        "differences are adjusted to the mean of that")


def test_a_quiet_run_reports_no_guests(tmp_path):
    results = load(tmp_path / "out", lines_of(9, shares=(0.0, 0.02)))
    assert not any(group.disturbed for group in results.sharing.groups.values())
    assert not any("guests" in line for line in results.closing_lines())


def test_a_process_that_was_never_alone_does_not_count_as_alone():
    low = {"difference": {"alone": {"best_issue_rate": 2.2, "pairs": 90}}}
    assert core_sharing.alone_of(low, 3.8) is None and core_sharing.alone_of(low, 2.2)


def test_compare_puts_both_runs_at_one_share(driver):
    """The same schemes measured in a quiet and in a crowded hour: same, and said; without the adjustment 25 % slower."""
    write(driver.folder / "quiet", lines_of(10, shares=(0.0, 0.5)))
    write(driver.folder / "crowded", lines_of(11, shares=(0.5, 1.0)))
    found = json.loads(driver("compare", "quiet", "crowded", "--json")[0])
    assert not [entry for entry in found["cells"] if entry["verdict"] in ("regressed", "improved")]
    assert any("other guests used the cores in" in remark for remark in found["remarks"])


def test_compare_still_sees_a_slower_scheme(driver):
    slower = {**COSTS, "b": 1.4 * COSTS["b"]}
    write(driver.folder / "before", lines_of(12, shares=(0.0, 0.5)))
    write(driver.folder / "after", lines_of(13, shares=(0.5, 1.0), costs=slower))
    found = json.loads(driver("compare", "before", "after", "--json")[0])
    assert {entry["scheme"] for entry in found["cells"] if entry["verdict"] == "regressed"} == {"b"}


SLICES = {"subject": [30.0] * 20 + [40.0] * 20, "baseline": [20.0] * 40, "subject_copy": [0] * 40, "baseline_copy": [0] * 40,
          "issue_rate": [3.8] * 20 + [2.2] * 20}


@pytest.mark.parametrize("change, words", [
    ({}, None), ({"ns": 11.0}, "difference/alone/ns is 11"), ({"pairs": 30}, "difference/alone/pairs is 30"),
])
def test_the_result_with_the_cores_alone_follows_from_the_slices(change, words):
    alone = {"best_issue_rate": 3.9, "pairs": 20, "ns": 10.0, "se_ns": 0.1, "subject_ns": 30.0, "baseline_ns": 20.0, **change}
    line = {"workload": "pairs", "valid": True, "ns_per_op": 35.0, "slices": SLICES,
            "difference": {"ns": 15.0, "baseline_ns": 20.0, "pairs": 40, "alone": alone}}
    found = checks._slices_problem(line)
    assert found is None if words is None else words in found
