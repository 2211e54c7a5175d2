# SPDX-License-Identifier: MIT
"""The cheap checks of a line and of a document: what they accept, and every planted fault that they find."""
import copy

import pytest
from fake_bench import cells, trial_line

from getputlib import checks
from getputlib.bench import strict_loads

KNOWN = {cell["name"]: cell for cell in cells([1, 2], ["compact"])}


def line(workload, threads, scheme="brlock"):
    name = next(name for name, cell in KNOWN.items() if cell["workload"] == workload and cell["scheme"] == scheme
                and cell["params"]["threads"] == threads)
    return trial_line(KNOWN, {"cell": name, "trial": 0}, 0, 5)


@pytest.mark.parametrize("workload", ["pairs", "removal", "netpath"])
@pytest.mark.parametrize("threads", [1, 2])
def test_honest_lines_have_no_problem(workload, threads):
    assert checks.line_problem(line(workload, threads)) is None


@pytest.mark.parametrize("workload, change, words", [
    ("pairs", lambda t: t.update(ns_per_op=t["ns_per_op"] * 1.1), "ns_per_op"),
    ("pairs", lambda t: t.update(ns_per_op=0.001), "ns_per_op"),
    ("pairs", lambda t: t.update(ns_per_op=float("inf")), "ns_per_op"),
    ("pairs", lambda t: t.update(ns_per_op="1"), "not a number"),
    ("pairs", lambda t: t.update(ns_per_op=True), "not a number"),
    ("pairs", lambda t: t.update(ns_per_op=-3.0), "must be above 0"),
    ("pairs", lambda t: t.pop("ns_per_op"), "ns_per_op"),
    ("pairs", lambda t: t.update(wall_ns=t["wall_ns"] * 2), "is not wall_ns / ops"),
    ("pairs", lambda t: t.update(ops=-1), "must not be negative"),
    ("pairs", lambda t: t.pop("controls"), "controls is missing"),
    ("pairs", lambda t: t["controls"].update(lock_xadd_ns=-1.0), "controls/lock_xadd_ns"),
    ("pairs", lambda t: t.update(valid=False), "0 reject_reasons"),
    ("pairs", lambda t: t["oracle"].update(ok=False), "without a detail"),
    ("pairs", lambda t: t.update(schema="getput.trial/9"), "getput.trial/2"),
    ("pairs", lambda t: t["metrics"].update(jain=float("inf")), "metrics/jain is not a finite number"),
    ("pairs", lambda t: t["bursts"][0].update(ns_per_op=99.0), "outside its bursts"),
    ("removal", lambda t: t.update(ns_per_op=-3.0), "must be above 0"),
    ("netpath", lambda t: t["difference"].update(ns=t["difference"]["ns"] + 1.0), "difference/ns"),
    ("netpath", lambda t: t["difference"].update(baseline_ns=100.0), "difference/baseline_ns"),
    ("netpath", lambda t: t.update(ns_per_op=t["ns_per_op"] * 1.1), "ns_per_op is"),
    ("netpath", lambda t: t["slices"]["subject"].pop(), "difference/pairs is 24"),
    ("netpath", lambda t: t["slices"]["subject"].__setitem__(3, -1.0), "no positive time"),
    ("netpath", lambda t: t["slices"].update(subject=None), "not a list of numbers"),
    ("netpath", lambda t: t.update(difference=3), "wrong type"),
])
def test_every_planted_fault_is_found(workload, change, words):
    trial = copy.deepcopy(line(workload, 1))
    change(trial)
    assert words in checks.line_problem(trial)


def test_the_result_of_two_threads_lies_within_its_bursts():
    trial = line("pairs", 2)
    trial["ns_per_op"] *= 10
    assert "outside its bursts" in checks.line_problem(trial)


@pytest.mark.parametrize("document", [None, [], 3, "text", {}])
def test_what_is_no_line_or_document_is_said_and_no_exception(document):
    assert checks.line_problem(document)
    for name in checks.DOCUMENT_SCHEMAS:
        assert checks.document_problem(name, document)


def test_documents_are_checked_for_schema_keys_and_types():
    manifest = {"schema": "getput.manifest/1", "state": "finished", "sessions": [], "crashes": [], "remarks": [], "arguments": []}
    assert checks.document_problem("manifest", manifest) is None
    assert "getput.manifest/1" in checks.document_problem("manifest", {**manifest, "schema": "getput.manifest/2"})
    assert "crashes has the wrong type" in checks.document_problem("manifest", {**manifest, "crashes": "none"})
    plan = {"schema": "getput.plan/1", "seed": 1, "max_attempts": 4, "burst_ms": 3.0, "trials": [], "run": {}}
    assert checks.document_problem("plan", plan).startswith("run/")


def test_a_trimmed_mean_leaves_out_a_tenth_at_each_end():
    assert checks.trimmed_mean([1.0] * 8 + [1e9, -1e9]) == 1.0
    assert checks.trimmed_mean([1.0, 3.0]) == 2.0 and checks.trimmed_mean([]) == 0.0


def test_numbers_beyond_the_finite_are_not_read():
    with pytest.raises(ValueError, match="1e999 is not a finite number"):
        strict_loads('{"ns_per_op": 1e999}')
