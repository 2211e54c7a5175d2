# SPDX-License-Identifier: MIT
"""Damaged runs: one line with file and line number, exit 1, and no traceback, whichever command reads them."""
import json

import numpy
import pytest
from made_runs import packets, pairs, write

COMMANDS = (("summary", "out"), ("summary", "out", "--format", "csv"), ("summary", "out", "--self-test"), ("report", "out"),
            ("compare", "out", "out"), ("power", "out"), ("coverage", "out"))
LINES = {
    "text for a time": (lambda t: t.update(ns_per_op="1"), "ns_per_op is '1'"),
    "no time": (lambda t: t.pop("ns_per_op"), "ns_per_op is not a number"),
    "a list for a time": (lambda t: t.update(ns_per_op=[]), "ns_per_op is a list"),
    "a negative time": (lambda t: t.update(ns_per_op=-3.0), "ns_per_op is -3.0"),
    "an endless time": (lambda t: t.update(ns_per_op="1e999"), "1e999 is not a finite number"),
    "no number": (lambda t: t.update(ns_per_op=float("nan")), "NaN is not JSON"),
    "no process": (lambda t: t.pop("pid"), "pid is missing"),
    "text for a process": (lambda t: t.update(pid="1"), "pid is '1'"),
    "no placement": (lambda t: t.pop("placement"), "placement is missing"),
    "placement without a policy": (lambda t: t["placement"].pop("policy"), "placement.policy is missing"),
    "text for a control": (lambda t: t["controls"].update(plain_ns="x"), "controls.plain_ns is 'x'"),
    "a control of zero": (lambda t: t["controls"].update(plain_ns=0), "controls.plain_ns is 0"),
    "no controls": (lambda t: t.update(controls=None), "controls is None"),
    "no metrics": (lambda t: t.pop("metrics"), "metrics is missing"),
    "text for level 0": (lambda t: t["metrics"].update(l0_ns="x"), "metrics.l0_ns is 'x'"),
    "a pass without counts": (lambda t: t["metrics"].update({"pass": {}}), "metrics.pass.received is missing"),
    "text for an oracle": (lambda t: t.update(oracle="fine"), "oracle is 'fine'"),
    "reasons as text": (lambda t: t.update(reject_reasons="x"), "reject_reasons is 'x'"),
    "valid with a reason": (lambda t: t.update(reject_reasons=["x"]), "valid is true"),
    "a scheme of another cell": (lambda t: t.update(scheme="plain"), "scheme of pairs/one"),
    "other parameters": (lambda t: t["params"].update(objects=9), "params of pairs/one"),
    "a trial that was not planned": (lambda t: t.update(trial=99), "is not in the plan"),
    "a trial that was kept before": (lambda t: t.update(trial=0), "was already kept on line 1"),
    "an unknown schema": (lambda t: t.update(schema="getput.trial/9"), "schema is 'getput.trial/9'"),
    "a difference of text": (lambda t: t.update(difference={"ns": "x", "baseline_ns": 3.0}), "difference.ns is 'x'"),
}


@pytest.fixture(name="run")
def fixture_run(driver):
    chance = numpy.random.default_rng(1)
    lines = pairs(chance, "one", 3.0) + packets(chance, "one", "L7", 8.0) + packets(chance, "none", "L7", 3.0)
    return write(driver.folder / "out", lines, safe={"none": False}, control=("none",))


def refused(driver, words, commands=COMMANDS):
    for command in commands:
        _, err = driver(*command, code=1)
        assert words in err and "Traceback" not in err and err.count("\n") == 1, f"{command}: {err}"


@pytest.mark.parametrize("damage", LINES)
def test_a_damaged_line_is_named_with_its_number(driver, run, damage):
    change, words = LINES[damage]
    path = run / "trials.jsonl"
    lines = path.read_text().splitlines()
    line = json.loads(lines[3])
    change(line)
    lines[3] = json.dumps(line).replace('"1e999"', "1e999")
    path.write_text("\n".join(lines) + "\n")
    refused(driver, "trials.jsonl:4: ", COMMANDS if damage in ("text for a time", "no process") else COMMANDS[:1])
    refused(driver, words, COMMANDS[:1])
    assert "see `getput validate`" in driver("summary", "out", code=1)[1]


def test_a_line_given_twice_is_refused(driver, run):
    path = run / "trials.jsonl"
    lines = path.read_text().splitlines()
    rejected = json.loads(lines[0])
    rejected.update(valid=False, reject_reasons=["involuntary_switch"], start_unix_ns=5)
    path.write_text("\n".join([*lines, json.dumps(rejected), json.dumps(rejected)]) + "\n")
    refused(driver, f"trials.jsonl:{len(lines) + 2}: the line repeats line {len(lines) + 1}", COMMANDS[:1])


@pytest.mark.parametrize("name, change, words", [
    ("plan", lambda d: d.update(schema="getput.plan/2"), "schema is 'getput.plan/2', not getput.plan/1"),
    ("plan", lambda d: d["run"].pop("cells"), "run.cells is missing"),
    ("plan", lambda d: d["run"].update(schemes=[3]), "run.schemes[0] is 3"),
    ("plan", lambda d: d["run"]["selection"].update(profile="huge"), "run.selection.profile is 'huge'"),
    ("plan", lambda d: d["run"]["cells"][0].update(scheme="gone"), "has the scheme gone"),
    ("plan", lambda d: d["trials"].append({"cell": "gone", "trial": 0}), "has the cell gone"),
    ("env", lambda d: d.pop("machine"), "machine is missing"),
    ("env", lambda d: d["machine"].update(cpu=None), "machine.cpu is None"),
    ("manifest", lambda d: d.update(crashes=[3]), "crashes[0] is 3"),
    ("manifest", lambda d: d.update(state=7), "state is 7"),
    ("manifest", lambda d: d.update(hunts=[{"scheme": "one", "caught": "yes"}]), "hunts[0].caught is 'yes'"),
])
def test_a_damaged_document_is_named(driver, run, name, change, words):
    path = run / f"{name}.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    refused(driver, f"{name}.json: ", COMMANDS if "schema" in words or "machine is" in words else COMMANDS[:1])
    refused(driver, words, COMMANDS[:1])


@pytest.mark.parametrize("name", ["plan", "env", "manifest"])
@pytest.mark.parametrize("text", ["[]", "", "{", "\xff", '"getput"'])
def test_a_document_that_is_none_is_refused(driver, run, name, text):
    (run / f"{name}.json").write_text(text, encoding="latin-1")
    refused(driver, f"{name}.json cannot be read", COMMANDS[:1])


def test_a_copy_with_altered_values_can_still_be_compared(driver, run):
    """What `validate` calls altered, `compare` has to be able to see: a doctored copy is how it is tested."""
    path = run / "trials.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    other = driver.folder / "other"
    write(other, [{**line, "ns_per_op": 10 * line["ns_per_op"]} if line["workload"] == "pairs" else line for line in lines])
    driver("compare", "out", "other", "--fail-if-slower", code=1)
