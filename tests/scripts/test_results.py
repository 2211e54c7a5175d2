# SPDX-License-Identifier: MIT
"""summary, validate, list: what they print about a run, and what they refuse."""
import csv
import io
import json

import pytest
from getputlib import summary

PROMISED = {"cell", "n", "interval_kind", "floor_ns", "ratio_to_lock_xadd", "ratio_to_line_transfer", "added_ns", "scheme", "workload", "threads", "params", "median_ns", "ci_low_ns", "ci_high_ns", "ratio_to_plain",
            "ratio_to_fetch_add", "trials_kept", "trials_rejected", "verdict"}


def one(rows, scheme, threads=1, put="same"):
    found = [r for r in rows if r["workload"] == "pairs" and r["scheme"] == scheme and r["threads"] == threads
             and r["params"]["put"] == put]
    assert len(found) == 1
    return found[0]


def test_json_is_strict_and_has_a_row_a_cell(measured):
    rows = measured.summary()
    assert all(PROMISED <= set(row) for row in rows)
    assert sorted(row["cell"] for row in rows) == sorted(c["name"] for c in measured.document("plan.json")["run"]["cells"])


def test_medians_and_ratios_are_those_of_the_trials(measured):
    import numpy

    row = one(measured.summary(), "percpu_split")
    kept = [t for t in measured.trials() if t["cell"] == row["cell"] and t["valid"]]
    assert row["trials_kept"] == len(kept) == 10
    assert row["median_ns"] == pytest.approx(numpy.median([t["ns_per_op"] for t in kept]))
    assert row["ratio_to_plain"] == pytest.approx(numpy.median([t["ns_per_op"] / t["controls"]["plain_ns"] for t in kept]))
    assert row["ci_low_ns"] <= row["median_ns"] <= row["ci_high_ns"]
    assert row["ratio_to_plain_low"] <= row["ratio_to_plain"] <= row["ratio_to_plain_high"]
    assert row["plain_to_fetch_add"] == pytest.approx(0.75 / 4.9)


def test_every_verdict(measured):
    rows = measured.summary()
    assert one(rows, "needs_rseq")["verdict"] == "NOT AVAILABLE"
    impossible = one(rows, "rcu_memb", 2, "other")
    assert impossible["verdict"] == "NOT POSSIBLE" and impossible["detail"] == "same thread must put"
    assert impossible["median_ns"] is None and one(rows, "brlock")["verdict"] == "OK"


def test_too_few_trials_are_not_enough(driver):
    driver.run("--workload", "pairs", "--scheme", "plain", "--trials", "4")
    assert {row["verdict"] for row in driver.summary()} == {"NOT ENOUGH"}


def test_table_and_csv_have_the_same_rows(measured):
    table, _ = measured("summary", "out")
    rows = list(csv.DictReader(io.StringIO(measured("summary", "out", "--format", "csv")[0])))
    assert len(rows) == len(measured.summary())
    line = next(line for line in table.splitlines() if line.startswith("percpu_split  netpath"))
    row = next(row for row in measured.summary() if row["scheme"] == "percpu_split" and row["workload"] == "netpath")
    assert summary.ratio_text(row) in line and " [" in summary.ratio_text(row) and rows[0]["ratio_to_plain_low"]
    controls, packets = table.splitlines()[-2:]
    assert "plain is 0.153 of a fetch_add" in controls
    assert "4096 frames a pass = 1000 delivered + 2996 forwarded + 100 dropped (no_handler 40, not_ip 60)" in packets


def test_validate_accepts_what_was_measured(measured):
    measured("validate", "out")


def edit_line(driver, number, change):
    path = driver.folder / "out" / "trials.jsonl"
    lines = path.read_text().splitlines()
    trial = json.loads(lines[number])
    change(trial)
    lines[number] = json.dumps(trial)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("change, words", [
    (lambda t: t.update(valid=False), "reject_reasons"),
    (lambda t: t.update(ns_per_op=None), "ns_per_op"),
    (lambda t: t.update(ns_per_op=float("nan")), "NaN is not JSON"),
    (lambda t: t.update(extra=1), "extra"),
    (lambda t: t.pop("controls"), "controls"),
    (lambda t: t["controls"].update(plain_ns=None), "without its controls"),
    (lambda t: t.update(scheme="plain"), "does not begin with"),
    (lambda t: t["placement"].update(policy="scatter"), "place:scatter"),
    (lambda t: t["params"].update(put="other"), "put:other"),
    (lambda t: t["placement"].update(pus=[7]), "differ from the plan's"),
    (lambda t: t.update(trial=99), "not in the plan"),
    (lambda t: t["oracle"].update(ok=False), "oracle"),
    (lambda t: t.update(schema="getput.trial/3"), "getput.trial/2"),
])
def test_validate_finds_what_was_changed(driver, change, words):
    driver.finished_run("--workload", "pairs", "--scheme", "brlock", "--threads", "1")
    edit_line(driver, 3, change)
    out, _ = driver("validate", "out", code=1)
    assert "line 4" in out and words in out


def test_validate_checks_the_packets_equation(driver):
    driver.behave(imbalance=True)
    driver.run("--workload", "netpath", "--scheme", "plain")
    out, _ = driver("validate", "out", code=1)
    assert "received 4096 is not delivered 1000 + forwarded 2995 + dropped 100" in out


def test_validate_reports_a_torn_line(driver):
    driver.run("--workload", "pairs", "--scheme", "brlock")
    with open(driver.folder / "out" / "trials.jsonl", "a") as stream:
        stream.write('{"schema"')
    assert "torn" in driver("validate", "out", code=1)[0]


def test_list_is_the_binarys(driver):
    listing = json.loads(driver("list", "--json")[0])
    assert listing["schema"] == "getput.list/1" and len(listing["schemes"]) == 10
    tree, _ = driver("list", "--tree", "--scheme", "rcu_memb", "--workload", "pairs")
    assert "same thread must put" in tree and "percpu" not in tree
    assert "not available here: kernel or libc without rseq" in driver("list")[0]
