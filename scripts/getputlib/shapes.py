# SPDX-License-Identifier: MIT
"""The shapes that readers of a results directory take for granted, so that damage is one line and never a traceback.

A dictionary lists required keys, a list of one shape describes each element, a Leaf tests a value;
problem() returns the first violation as text. Keys that no shape names are not examined:
checks.py says which values are possible, and reports/schema/ states the whole format.
"""
from dataclasses import dataclass

from .checks import TRIAL_SCHEMAS, is_number, line_problem
from .errors import EXIT_BAD_RESULT, GetputError
from .selection import PROFILES

REMEDY = "see `getput validate`"
LINE_REMEDY = f"{REMEDY}; restore the line, or remove it and measure it again with `getput run --resume`"


@dataclass(frozen=True)
class Leaf:
    """A value that `test` accepts, and that `wanted` describes."""

    wanted: str
    test: object


@dataclass(frozen=True)
class Maybe:
    """Null, absent, or of this shape."""

    shape: object


def one_of(*words):
    return Leaf(" or ".join(words), lambda value: value in words)


NUMBER = Leaf("a finite number", is_number)
POSITIVE = Leaf("a finite number above 0", lambda value: is_number(value) and value > 0)
NOT_NEGATIVE = Leaf("a finite number from 0 on", lambda value: is_number(value) and value >= 0)
COUNT = Leaf("a whole number from 0 on", lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0)
TEXT = Leaf("text", lambda value: isinstance(value, str))
BOOL = Leaf("true or false", lambda value: isinstance(value, bool))
OBJECT = Leaf("an object", lambda value: isinstance(value, dict))
LIST = Leaf("a list", lambda value: isinstance(value, list))

PLACEMENT = {"policy": TEXT, "pus": [COUNT]}
CELL = {"name": TEXT, "workload": TEXT, "scheme": TEXT, "params": OBJECT, "placement": PLACEMENT, "possible": BOOL,
        "why": Maybe(TEXT), "est_trial_ms": NOT_NEGATIVE}
SCHEME = {"name": TEXT, "safe": BOOL, "control": BOOL, "available": BOOL, "why": Maybe(TEXT)}
PLAN_SHAPE = {
    "schema": one_of("getput.plan/1"), "seed": COUNT, "burst_ms": POSITIVE, "trials": [{"cell": TEXT, "trial": COUNT}],
    "run": {"selection": {"profile": one_of(*PROFILES)}, "trials_per_cell": COUNT, "remarks": [TEXT], "batches": [COUNT], "schemes": [SCHEME],
            "workloads": LIST, "cells": [CELL]},
}
ENV_SHAPE = {
    "schema": one_of("getput.env/1"), "binary": {"sha256": TEXT}, "source": {"commit": Maybe(TEXT), "dirty": Maybe(BOOL)},
    "machine": {"hostname": TEXT, "os": TEXT, "cpu": {"model": TEXT}, "allowed_cpus": [COUNT], "kernel": {"release": TEXT},
                "topology": {"nodes": COUNT, "last_level_caches": COUNT, "cores": COUNT}},
    "load": {"before": OBJECT, "after": Maybe(OBJECT)},
}
MANIFEST_SHAPE = {
    "schema": one_of("getput.manifest/1"), "state": TEXT, "remarks": [TEXT],
    "sessions": [{"start_unix_s": NUMBER, "end_unix_s": Maybe(NUMBER)}],
    "crashes": [{"cell": Maybe(TEXT), "detail": TEXT}],
    "hunts": Maybe([{"scheme": TEXT, "caught": Maybe(BOOL), "how": Maybe(TEXT)}]),
}
CONTROLS_SHAPE = {name: Maybe(POSITIVE) for name in ("plain_ns", "fetch_add_ns", "chain_ns", "lock_xadd_ns", "line_transfer_ns")}
ALONE = {"best_issue_rate": NOT_NEGATIVE, "pairs": COUNT, "ns": Maybe(NUMBER), "se_ns": Maybe(NOT_NEGATIVE),
         "subject_ns": Maybe(POSITIVE), "baseline_ns": Maybe(POSITIVE)}
PASS = {"received": COUNT, "delivered": COUNT, "forwarded": COUNT, "dropped": OBJECT}
TRIAL_SHAPE = {
    "schema": one_of(*TRIAL_SCHEMAS), "cell": TEXT, "workload": TEXT, "scheme": TEXT, "params": OBJECT, "placement": PLACEMENT,
    "trial": COUNT, "attempt": COUNT, "pid": COUNT, "start_unix_ns": COUNT, "valid": BOOL, "reject_reasons": [TEXT],
    "unit": TEXT, "ns_per_op": Maybe(POSITIVE), "ops": COUNT, "wall_ns": COUNT, "thread_ops": [COUNT],
    "controls": CONTROLS_SHAPE, "metrics": OBJECT, "oracle": {"ok": BOOL, "detail": Maybe(TEXT)},
    "difference": Maybe({"baseline_ns": POSITIVE, "ns": NUMBER, "copy_sd_ns": Maybe(NOT_NEGATIVE), "alone": Maybe(ALONE)}),
}
METRICS_SHAPE = {"pass": Maybe(PASS), "input": Maybe({"frames": COUNT, "wire_bytes": Maybe(COUNT)}), "l0_ns": Maybe(POSITIVE),
                 "pairs_per_packet": Maybe(NOT_NEGATIVE), "gets_l3_per_packet": Maybe(NOT_NEGATIVE),
                 "pairs_of_computed_levels": Maybe(OBJECT)}


def problem(value, shape, where=""):
    """The first place where a value does not have the shape, as "place is 3, not text"; None when it has."""
    if isinstance(shape, Maybe):
        return None if value is None else problem(value, shape.shape, where)
    if isinstance(shape, dict):
        return _object_problem(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where} is {_shown(value)}, not a list"
        found = (problem(element, shape[0], f"{where}[{index}]") for index, element in enumerate(value))
        return next(filter(None, found), None)
    return None if shape.test(value) else f"{where} is {_shown(value)}, not {shape.wanted}"


def _object_problem(value, shape, where):
    if not isinstance(value, dict):
        return f"{where or 'the document'} is {_shown(value)}, not an object"
    for key, inner in shape.items():
        place = f"{where}.{key}" if where else key
        if key not in value and not isinstance(inner, Maybe):
            return f"{place} is missing"
        if found := problem(value.get(key), inner, place):
            return found
    return None


def _shown(value):
    text = repr(value) if not isinstance(value, (dict, list)) else ("an object" if isinstance(value, dict) else "a list")
    return text if len(text) <= 40 else text[:37] + "..."


def plan_problem(plan):
    """What is wrong with a plan, by itself; None when nothing is."""
    if found := problem(plan, PLAN_SHAPE):
        return found
    schemes = {entry["name"] for entry in plan["run"]["schemes"]}
    cells = {cell["name"] for cell in plan["run"]["cells"]}
    if unknown := next((cell["scheme"] for cell in plan["run"]["cells"] if cell["scheme"] not in schemes), None):
        return f"run.cells has the scheme {unknown}, which run.schemes does not"
    if unknown := next((entry["cell"] for entry in plan["trials"] if entry["cell"] not in cells), None):
        return f"trials has the cell {unknown}, which run.cells does not"
    return None


class LineChecker:
    """Judges the lines of one trials.jsonl in their order: each by itself, against the plan, and against those before.

    It does not repeat the arithmetic of a line: a copy whose values were changed on purpose can be
    compared, and `getput validate` says that they were.
    """

    def __init__(self, plan):
        self.cells = {cell["name"]: cell for cell in plan["run"]["cells"]}
        self.planned = {(entry["cell"], entry["trial"]) for entry in plan["trials"]}
        self.kept, self.seen = {}, {}

    def problem(self, number, trial):
        """What is wrong with line `number`; None when nothing is."""
        found = problem(trial, TRIAL_SHAPE) or problem(trial["metrics"], METRICS_SHAPE, "metrics")
        found = found or line_problem(trial, arithmetic=False)
        return found or self._plan_problem(trial) or self._repeated(number, trial)

    def _plan_problem(self, trial):
        cell = self.cells.get(trial["cell"])
        if cell is None or (trial["cell"], trial["trial"]) not in self.planned:
            return f"{trial['cell']} trial {trial['trial']} is not in the plan"
        differs = next((key for key in ("workload", "scheme", "params", "placement") if trial[key] != cell[key]), None)
        return f"{differs} of {trial['cell']} differs from the plan's" if differs else None

    def _repeated(self, number, trial):
        key = (trial["cell"], trial["trial"])
        if trial["valid"] and key in self.kept:
            return f"{key[0]} trial {key[1]} was already kept on line {self.kept[key]}"
        again = (*key, trial["attempt"], trial["start_unix_ns"])
        if again in self.seen:
            return f"the line repeats line {self.seen[again]}"
        self.seen[again] = number
        if trial["valid"]:
            self.kept[key] = number
        return None


def refuse(path, found, remedy=REMEDY):
    """Raises the one line that a damaged file is answered with; does nothing when nothing was found."""
    if found:
        raise GetputError(f"{path}: {found}; {remedy}", EXIT_BAD_RESULT)
