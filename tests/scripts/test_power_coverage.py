# SPDX-License-Identifier: MIT
"""power and coverage: known answers, and a planted fault that they have to notice."""
import json

import numpy
import pytest
from getputlib import coverage, power, stats
from made_runs import cell, load, packets, pairs, trial, write


def quiet_and_noisy(seed=1, n=8):
    chance = numpy.random.default_rng(seed)
    lines = []
    for objects in range(6):
        lines += pairs(chance, "one", 5.0, spread=0.01, n=n, objects=objects)
        lines += pairs(chance, "one", 50.0, spread=0.2, n=n, objects=objects, threads=2)
    return lines + packets(chance, "one", "L7", 10.0, spread=1.0, n=n)


def test_trials_needed_is_the_known_number():
    """Two samples of 64 show half a standard deviation at 80 % power (Cohen); of 394, a fifth."""
    assert power.trials_needed(0.5, 1.0) == 64
    assert power.trials_needed(0.2, 1.0) == pytest.approx(394, abs=1)
    assert power.trials_needed(1.0, 0.0) == 2 and power.trials_needed(1e-9, 1.0) >= power.MOST_TRIALS


def test_power_agrees_with_a_simulation():
    from scipy.stats import ttest_ind

    n, chance = power.trials_needed(0.05, 0.06), numpy.random.default_rng(1)
    p = ttest_ind(chance.normal(0.0, 0.06, (4000, n)), chance.normal(0.05, 0.06, (4000, n)), axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.03)


def test_classes_need_trials_as_their_noise_does(driver):
    write(driver.folder / "out", quiet_and_noisy())
    found = {(one["workload"], one["class"]): one for one in json.loads(driver("power", "out", "--json")[0])}
    quiet, noisy, packet = found["pairs", "uncontended"], found["pairs", "contended"], found["netpath", "uncontended"]
    assert quiet["needs_median"] < 20 < 200 < noisy["needs_median"] and noisy["sees"] > 0.15
    assert (packet["metric"], packet["effect"], packet["relative"]) == ("added", 1.0, False) and packet["needs_median"] == pytest.approx(17, abs=10)
    assert noisy["seconds_median"] > quiet["seconds_median"] > 0.0
    larger = json.loads(driver("power", "out", "--json", "--effect", "20%", "--workload", "pairs")[0])
    assert {one["workload"] for one in larger} == {"pairs"} and max(one["needs_median"] for one in larger) < 40
    text = driver("power", "out", "--effect", "5ns", "--scheme", "one")[0]
    assert text.splitlines()[0].split()[:3] == ["workload", "class", "metric"] and "5 ns" in text


@pytest.mark.parametrize("size", ["2", "%", "0%", "-1ns", "infns", "two%"])
def test_an_effect_without_sense_is_a_bad_request(driver, size):
    assert "effect" in driver("power", "out", f"--effect={size}", code=2)[1]


def test_one_process_has_no_variance(driver):
    chance = numpy.random.default_rng(1)
    write(driver.folder / "out", pairs(chance, "one", 5.0, n=1))
    assert "at least 2 processes" in driver("power", "out", code=2)[1]


def test_trials_for_a_width():
    values = list(numpy.random.default_rng(1).normal(10.0, 1.0, 16))
    found = stats.interval(values)
    half = (found.high - found.low) / 2.0
    assert power.trials_for_width(values, half) == 16 and power.trials_for_width(values, half / 2.0) == 64
    assert power.trials_for_width(values, 100.0) == power.trials_for_width(values[:3], 0.1) == stats.LEAST_FOR_CONFIDENCE


def test_the_reported_intervals_cover_both_classes(driver):
    write(driver.folder / "out", quiet_and_noisy())
    rows = json.loads(driver("coverage", "out", "--json", "--simulations", "5000")[0])
    assert {(row["workload"], row["class"]) for row in rows} == {("pairs", "contended"), ("pairs", "uncontended")}
    assert all(row["ok"] and 0.93 <= row["coverage"] <= 0.985 for row in rows)
    assert "coverage" in driver("coverage", "out")[0]
    assert "at least 5,000" in driver("coverage", "out", "--simulations", "100", code=2)[1]


def test_an_interval_that_is_too_narrow_fails(tmp_path, monkeypatch):
    """The interval of a tool that takes 95 % for 80 %."""
    results = load(tmp_path / "out", quiet_and_noisy())
    honest = stats.order_statistic_bounds
    monkeypatch.setattr(stats, "order_statistic_bounds", lambda samples: honest(samples, 0.8))
    assert not any(row["ok"] for row in coverage.table(results, 5000))


def clustered(between, within, processes=8, trials=3):
    """Cells whose processes have several trials each."""
    chance, lines = numpy.random.default_rng(1), []
    for objects in range(40):
        of = cell("pairs", "one", objects=objects)
        for process in range(processes):
            luck = chance.normal(0.0, between)
            lines += [trial(of, process * trials + k, 5.0 * float(numpy.exp(luck + chance.normal(0.0, within))), process=process)
                      for k in range(trials)]
    return lines


def test_variance_components_are_those_of_the_run(tmp_path):
    row = coverage.table(load(tmp_path / "out", clustered(0.10, 0.05)), 5000)[0]
    assert row["sd_between"] == pytest.approx(0.10, rel=0.15) and row["sd_within"] == pytest.approx(0.05, rel=0.1)
    assert row["share_between"] == pytest.approx(0.8, abs=0.08) and row["n"] == [8, 8] and row["trials_per_process"] == 3 and row["ok"]


def test_processes_and_not_trials_are_counted(tmp_path):
    """24 trials of 8 processes are 8 values: an interval of 24 would be half as wide and cover too little."""
    results = load(tmp_path / "out", clustered(0.10, 0.01))
    row = results.rows[0]
    assert len(row.kept) == 24 and len(row.values) == row.estimate.n == 8
    low, high = stats.interval([line["ns_per_op"] for line in row.kept]).bounds
    assert row.estimate.high - row.estimate.low > 1.3 * (high - low)


def test_too_few_trials_for_a_simulation_are_a_bad_request(driver):
    write(driver.folder / "out", quiet_and_noisy(n=5))
    assert "measure more trials" in driver("coverage", "out", code=2)[1]
