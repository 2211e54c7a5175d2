# SPDX-License-Identifier: MIT
"""Cheap checks that every reader of a results directory makes before it uses a number.

`line_problem` checks one trial, `document_problem` one of the documents beside them. Both return
one line that says what is wrong, or None. They cost microseconds per line and need no schema
library; `getput validate` applies the complete schema on top of them. Standard library only.
"""
import math

TRIAL_SCHEMAS = ("getput.trial/1", "getput.trial/2")
DOCUMENT_SCHEMAS = {"plan": "getput.plan/1", "env": "getput.env/1", "manifest": "getput.manifest/1"}
CONTROLS = {
    "getput.trial/1": ("plain_ns", "fetch_add_ns", "chain_ns"),
    "getput.trial/2": ("plain_ns", "fetch_add_ns", "chain_ns", "lock_xadd_ns", "line_transfer_ns"),
}
ALONE_SHARE = 0.9  # of the highest issue rate, from which on a core is taken to be ours alone (bench/trial/slice_pairs.hpp)
TRIM = 0.1  # the share of the slice pairs that a trimmed mean leaves out at each end

_NUMBER, _TEXT, _BOOL = (int, float), str, bool
_FIELDS = {
    "cell": _TEXT, "workload": _TEXT, "scheme": _TEXT, "params": dict, "placement": dict, "trial": int, "attempt": int,
    "seed": int, "pid": int, "start_unix_ns": int, "valid": _BOOL, "reject_reasons": list, "unit": _TEXT, "ops": int,
    "wall_ns": int, "thread_ops": list, "controls": dict, "metrics": dict, "oracle": dict,
}
_FIELDS_2 = {"bursts": list, "covariates": dict}
_DOCUMENT_KEYS = {
    "plan": {"seed": int, "max_attempts": int, "burst_ms": _NUMBER, "trials": list, "run": dict},
    "env": {"binary": dict, "source": dict, "machine": dict, "load": dict},
    "manifest": {"state": _TEXT, "sessions": list, "crashes": list, "remarks": list, "arguments": list},
}
_RUN_KEYS = {"selection": dict, "flags": list, "batches": list, "trials_per_cell": int, "schemes": list, "workloads": list, "cells": list}


def trimmed_mean(values, share=TRIM):
    """The mean without the `share` smallest and the `share` largest values (rounded down); 0.0 of nothing."""
    if not values:
        return 0.0
    cut = int(share * len(values))
    kept = sorted(values)[cut:len(values) - cut]
    return math.fsum(kept) / len(kept)


def is_number(value):
    """A finite JSON number; true and false are none."""
    return isinstance(value, _NUMBER) and not isinstance(value, bool) and math.isfinite(value)


def _is(value, kind):
    return isinstance(value, kind) and (kind is _BOOL or not isinstance(value, bool))


def _wrong_field(document, fields):
    for name, kind in fields.items():
        if name not in document:
            return f"{name} is missing"
        if not _is(document[name], kind):
            return f"{name} has the wrong type: {str(document[name])[:60]!r}"
    return None


def _bad_number(value, place=""):
    """The first number anywhere in a document that is not finite: JSON cannot hold one, a large exponent can."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{place or 'document'} is not a finite number"
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        if isinstance(part, (float, dict, list)) and (found := _bad_number(part, f"{place}/{key}" if place else str(key))):
            return found
    return None


def _time_problem(trial):
    """ns_per_op and the controls are positive, and a kept trial has them."""
    ns = trial.get("ns_per_op")
    if "ns_per_op" not in trial or not (ns is None or is_number(ns)):
        return f"ns_per_op is not a number: {str(ns)[:60]!r}"
    if ns is not None and ns <= 0:
        return f"ns_per_op is {ns:g}, must be above 0"
    for name in ("ops", "wall_ns", "trial", "attempt"):
        if trial[name] < 0:
            return f"{name} is {trial[name]}, must not be negative"
    for name in CONTROLS[trial["schema"]]:
        value = trial["controls"].get(name)
        if value is not None and not (is_number(value) and value > 0):
            return f"controls/{name} is not a positive number: {str(value)[:60]!r}"
    if trial["valid"] and (ns is None or trial["ops"] < 1):
        return "a kept trial without a measured value"
    return None


def _verdict_problem(trial):
    if trial["valid"] == bool(trial["reject_reasons"]):
        return f"valid is {str(trial['valid']).lower()} with {len(trial['reject_reasons'])} reject_reasons"
    if not _is(trial["oracle"].get("ok"), bool):
        return "oracle/ok is missing"
    if not trial["oracle"]["ok"] and not trial["oracle"].get("detail"):
        return "the oracle failed without a detail"
    if not isinstance(trial["placement"].get("policy"), str) or not isinstance(trial["placement"].get("pus"), list):
        return "placement lacks policy or pus"
    return None


def _differs(told, computed, share, absolute=0.0):
    return abs(told - computed) > max(share * abs(computed), absolute)


def _bursts_problem(trial):
    """The result lies within the range of the kept bursts of the subject.

    Each thread's cost lies between its cost in either burst, but a mean over threads that were fast in different
    bursts may leave the range of the bursts' means, by at most the number of threads.
    """
    values = []
    for burst in trial.get("bursts", ()):
        if not isinstance(burst, dict) or not isinstance(burst.get("arm"), str) or not is_number(burst.get("ns_per_op")):
            return "a burst lacks arm or ns_per_op"
        if burst["ns_per_op"] <= 0:
            return f"a burst of {burst['arm']} has ns_per_op {burst['ns_per_op']:g}, must be above 0"
        if burst["arm"] == "subject":
            values.append(burst["ns_per_op"])
    if trial["workload"] != "pairs" or not trial["valid"] or not values:
        return None
    threads = max(1, len(trial["thread_ops"]))
    if min(values) * 0.999 / threads <= trial["ns_per_op"] <= max(values) * 1.001 * threads:
        return None
    return f"ns_per_op {trial['ns_per_op']:g} is outside its bursts, {min(values):g} to {max(values):g}"


def _rate_problem(trial):
    """ns_per_op of one thread's timed bursts is wall_ns / ops.

    With several threads wall_ns is the time in which all of them ran, which may be less than half of
    what the operations took, so nothing follows from it.
    """
    if trial["workload"] == "removal" or not trial["valid"] or trial.get("difference") or not trial["wall_ns"] or len(trial["thread_ops"]) > 1:
        return None
    computed = trial["wall_ns"] / trial["ops"]
    if not _differs(trial["ns_per_op"], computed, 1e-5, 2.0 / trial["ops"]):
        return None
    return f"ns_per_op {trial['ns_per_op']:g} is not wall_ns / ops = {computed:g}"


def _slices_problem(trial):
    """The result of a sliced trial against its slices: as many as said, and their trimmed means."""
    difference, slices = trial.get("difference"), trial.get("slices")
    if difference is None:
        return None if slices is None else "slices without a difference"
    for name in ("ns", "baseline_ns", "pairs"):
        if not is_number(difference.get(name)):
            return f"difference/{name} is not a number"
    if slices is None:
        return None
    subject, baseline = slices.get("subject"), slices.get("baseline")
    if not isinstance(subject, list) or not isinstance(baseline, list) or not all(map(is_number, subject + baseline)):
        return "slices/subject or slices/baseline is not a list of numbers"
    if not len(subject) == len(baseline) == difference["pairs"]:
        return f"{len(subject)} and {len(baseline)} slices, difference/pairs is {difference['pairs']}"
    if any(value <= 0 for value in subject + baseline):
        return "a slice has no positive time"
    if not subject:
        return None
    told = (("difference/ns", difference["ns"], trimmed_mean([a - b for a, b in zip(subject, baseline)])),
            ("difference/baseline_ns", difference["baseline_ns"], trimmed_mean(baseline)))
    told += (("ns_per_op", trial["ns_per_op"], trimmed_mean(subject)),) if trial["workload"] == "netpath" and trial["valid"] else ()
    for name, value, computed in told:
        # Slices are written rounded, and a bound of the trimming may fall on either of two neighbours.
        if _differs(value, computed, 0.002, 0.05):
            return f"{name} is {value:g}, the trimmed mean of the slices is {computed:g}"
    return _alone_problem(difference.get("alone"), slices)


def _alone_problem(alone, slices):
    """The result of the slices with the cores alone, against their issue rates."""
    rates = slices.get("issue_rate")
    if alone is None or alone["ns"] is None or rates is None:
        return None
    if not isinstance(rates, list) or not all(map(is_number, rates)) or len(rates) != len(slices["subject"]):
        return "slices/issue_rate is not a list of as many numbers as there are slices"
    least = ALONE_SHARE * alone["best_issue_rate"]
    pairs = list(zip(slices["subject"], slices["baseline"], rates))
    # Rates are written rounded, so a pair at the bound may be on either side of it.
    surely, perhaps = (sum(rate >= least + slack for *_, rate in pairs) for slack in (0.011, -0.011))
    if not surely <= alone["pairs"] <= perhaps:
        return f"difference/alone/pairs is {alone['pairs']}, the issue rates of the slices give {surely}"
    if surely == perhaps:
        own = [(subject, baseline) for subject, baseline, rate in pairs if rate >= least]
        computed = trimmed_mean([subject - baseline for subject, baseline in own])
        if _differs(alone["ns"], computed, 0.002, 0.05):
            return f"difference/alone/ns is {alone['ns']:g}, the trimmed mean of its slices is {computed:g}"
    return None


def line_problem(trial, arithmetic=True):
    """What makes one line of trials.jsonl unfit for use; None when nothing was found.

    `arithmetic` also compares ns_per_op with what it was computed from, which finds altered values, and
    looks at every single slice. A reader leaves that to `getput validate`; strict_loads refuses infinities.
    """
    if not isinstance(trial, dict):
        return "not an object"
    schema = trial.get("schema")
    if schema not in TRIAL_SCHEMAS:
        return f"schema {schema!r} is not known; known: {', '.join(TRIAL_SCHEMAS)}"
    fields = _FIELDS if schema == TRIAL_SCHEMAS[0] else {**_FIELDS, **_FIELDS_2}
    checks = [lambda line: _wrong_field(line, fields), _time_problem, _verdict_problem]
    checks += [_bad_number, _slices_problem, _bursts_problem, _rate_problem] if arithmetic else []
    try:
        return next((problem for check in checks if (problem := check(trial))), None)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        return f"a value has the wrong type ({type(error).__name__}: {error})"


def document_problem(name, document):
    """What makes plan, env or manifest unfit for use; None when nothing was found."""
    known = DOCUMENT_SCHEMAS[name]
    if not isinstance(document, dict):
        return "not an object"
    if document.get("schema") != known:
        return f"schema {document.get('schema')!r} is not known; known: {known}"
    if problem := _wrong_field(document, _DOCUMENT_KEYS[name]) or _bad_number(document):
        return problem
    if name == "plan" and (problem := _wrong_field(document["run"], _RUN_KEYS)):
        return f"run/{problem}"
    return None
