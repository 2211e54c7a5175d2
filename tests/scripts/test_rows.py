# SPDX-License-Identifier: MIT
"""Rows: what one cell of a run is worth, of which trials, and in which columns."""
import csv
import io
import json

import numpy
import pytest
from getputlib import results as names
from getputlib import stats
from made_runs import cell, load, packets, pairs, trial, write


def test_fewer_than_six_processes_have_a_range(tmp_path):
    """An older quick run: five trials in three processes are three values."""
    of = cell("pairs", "one")
    lines = [trial(of, index, value, process=process) for index, (value, process) in enumerate([(1.0, 0), (2.0, 1), (4.0, 1), (3.0, 2), (5.0, 2)])]
    row = load(tmp_path / "out", lines).rows[0]
    assert row.values == [1.0, 3.0, 4.0] and row.estimate == stats.Interval(3.0, 1.0, 4.0, 3, stats.RANGE)
    assert row.interval == (1.0, 4.0) and row.ratios("plain") == [2.0, 6.0, 8.0]


def test_a_range_is_not_called_an_interval(driver):
    of = cell("pairs", "one")
    write(driver.folder / "out", [trial(of, index, 3.0 + index) for index in range(5)])
    assert "range 3.00 .. 7.00" in driver("summary", "out")[0]
    record = json.loads(driver("summary", "out", "--json")[0])[0]
    assert (record["interval_kind"], record["n"]) == (stats.RANGE, 5)


@pytest.mark.parametrize("kept, asked, planned, verdict", [
    (6, None, 8, "OK"), (5, None, 8, "NOT ENOUGH"), (5, None, 5, "OK"), (4, 4, 4, "NOT ENOUGH"), (0, None, 8, "NO VALID TRIALS"),
])
def test_not_enough_is_less_than_the_profile_promises(tmp_path, kept, asked, planned, verdict):
    of = cell("pairs", "one")
    lines = [trial(of, index, 3.0, valid=index < kept) for index in range(8)]
    folder = write(tmp_path / "out", lines)
    plan = json.loads((folder / "plan.json").read_text())
    plan["run"]["selection"]["trials"], plan["run"]["trials_per_cell"] = asked, planned
    (folder / "plan.json").write_text(json.dumps(plan))
    assert names.Results.load(folder).rows[0].verdict == verdict


@pytest.mark.parametrize("hunts, words", [
    ([{"scheme": "bad", "caught": True, "how": "SIGSEGV in code that is gone"}], "caught: SIGSEGV in code that is gone"),
    ([{"scheme": "bad", "caught": False, "how": None}], "unsafe by design, but not caught in this run"),
    ([{"scheme": "bad", "caught": None, "how": "an older binary"}], "unsafe by design; the hunt could not be made: an older binary"),
    (None, "unsafe by design; no hunt was made in this run"),
])
def test_an_unsafe_scheme_is_unsafe_and_neither_wrong_nor_ranked(driver, hunts, words):
    of = cell("pairs", "bad")
    lines = [trial(of, index, 3.0) for index in range(8)]
    lines[0]["oracle"] = {"ok": False, "detail": "a get succeeded after stop"}
    chance = numpy.random.default_rng(1)
    write(driver.folder / "out", lines + packets(chance, "bad", "L7", 1.0) + pairs(chance, "none", 0.3),
          safe={"bad": False, "none": False}, control=("none",), manifest={"hunts": hunts})
    records = {(row["scheme"], row["workload"]): row for row in json.loads(driver("summary", "out", "--json")[0])}
    bad = records["bad", "pairs"]
    assert bad["verdict"] == "UNSAFE" and bad["added_ns"] is None and records["bad", "netpath"]["minus_none_ns"] is None
    assert bad["detail"] == (words if hunts else "a get succeeded after stop") and records["bad", "netpath"]["detail"] == words
    assert records["none", "pairs"]["verdict"] == "OK"
    row = next(row for row in names.Results.load(driver.folder / "out").rows if row.scheme == "bad")
    assert not row.shown and not names.Results.load(driver.folder / "out").bad()


def test_the_floor_is_a_column_and_drops_nothing(tmp_path):
    """Trials beside a busy neighbour: their controls are above the floor, and so are their times."""
    of = cell("pairs", "one")
    lines = [trial(of, index, 3.0 if index < 10 else 4.0, controls={"plain_ns": 0.5 if index < 10 else 0.6}) for index in range(30)]
    row = load(tmp_path / "out", lines).rows[0]
    assert row.at_floor() == [3.0] * 10 and len(row.values) == 30 and row.estimate.point == 4.0


def test_a_contended_control_has_no_floor(tmp_path):
    """Where a line is located decides up to a factor of two, so it cannot tell a disturbed trial."""
    of = cell("pairs", "one", threads=2)
    lines = [trial(of, index, 3.0, controls={"fetch_add_ns": 30.0 + index}) for index in range(8)]
    row = load(tmp_path / "out", lines).rows[0]
    assert set(row.floors) == {"plain", "chain"} and len(row.at_floor()) == 8


def test_denominators_of_both_schemas(tmp_path):
    old, new = cell("pairs", "old"), cell("pairs", "new", threads=2)
    lines = [trial(old, index, 8.0) for index in range(6)]
    lines += [trial(new, index, 8.0, controls={"lock_xadd_ns": 4.0, "line_transfer_ns": 80.0 if index else None}) for index in range(6)]
    rows = {row.scheme: row for row in load(tmp_path / "out", lines).rows}
    assert rows["old"].ratio("lock_xadd") is None and rows["old"].ratio("plain") == 16.0
    assert rows["new"].ratio("lock_xadd") == 2.0 and rows["new"].ratios("line_transfer") == [0.1] * 5


def test_added_is_the_difference_or_the_paired_level_0(tmp_path):
    of = cell("netpath", "one", level="L7")
    lines = [trial(of, 0, 210.0, metrics={"l0_ns": 200.0}), trial(of, 1, 210.0, added=7.0), trial(of, 2, 210.0)]
    assert load(tmp_path / "out", lines).rows[0].added() == [10.0, 7.0]


def test_csv_has_a_column_for_each_parameter_and_one_for_the_cell(driver):
    of = cell("pairs", "one", objects=64, unit="mine")
    write(driver.folder / "out", [trial(of, index, 3.0 + index) for index in range(8)])
    row = next(csv.DictReader(io.StringIO(driver("summary", "out", "--format", "csv")[0])))
    assert row["cell"] == of["name"] and row["objects"] == "64" and row["param_unit"] == "mine" and row["unit"] == "ns/op"
    assert (row["min_ns"], row["max_ns"], row["n"]) == ("3.0", "10.0", "8") and float(row["variation"]) > 0 and "params" not in row
