# SPDX-License-Identifier: MIT
"""`getput resolution --check-run`: does a finished netpath run resolve what it claims to resolve?"""
import json

from . import setting, stats
from .errors import EXIT_BAD_RESULT, EXIT_OK, EXIT_UNDERPOWERED, bad_request
from .results import Results
from .words import counted

AA_BOUND_NS = 0.6  # level 0 against level 0, each process
HALF_WIDTH_NS = 1.5  # of what an uncontended scheme adds to a packet, 95 %
CONTENDED_FACTOR, CONTENDED_NS = 2.0, 2.0


def half_width(interval):
    return (interval.high - interval.low) / 2.0


def _sliced(row):
    return [trial["difference"] for trial in row.kept if trial.get("difference")]


def contended(row, rows):
    """True when the scheme's cost grows with the workers: more than twice, and 2 ns beyond, what one worker pays."""
    alone = next((other for other in rows if other.threads == 1 and other.scheme == row.scheme
                  and {**other.params, "threads": 0} == {**row.params, "threads": 0}), None)
    if row.threads == 1 or alone is None:
        return False
    one, many = (stats.median(other.added()) for other in (alone, row))
    return many > CONTENDED_FACTOR * max(one, 0.0) + CONTENDED_NS


def bounded(row):
    """False for a path with other work between the references: its packets cost several times as much, and vary accordingly."""
    return row.params.get("work", setting.ORDINARY["work"]) == setting.ORDINARY["work"]


def _name(row):
    """`plain at L7, Linux 6, staged, 1 worker`."""
    words = (f"{row.scheme} at {row.params['level']}", setting.words(setting.of(row)), counted(row.threads, "worker"))
    return ", ".join(filter(None, words))


def _rows(results):
    """(rows of level 0, rows of other levels) that were measured in time slices; an error where they cannot be checked."""
    rows = [row for row in results.rows if row.workload == "netpath" and _sliced(row)]
    base = [row for row in rows if row.params.get("level") == "L0"]
    if not base:
        raise bad_request(f"{results.directory.path} has no netpath trials of level 0 in time slices; "
                          "measure some with `getput run --workload netpath`")
    if any(difference.get("planted_ns") for row in rows for difference in _sliced(row)):
        raise bad_request(f"{results.directory.path} was measured with a planted shift; check an ordinary run")
    return base, [row for row in rows if row not in base]


def check(results):
    """(faults, remarks, counts) of a run: lines about what fails, and what could not be judged."""
    base, charged = _rows(results)
    faults, remarks, counts = [], [], {"processes": 0, "cells": 0, "contended": 0, "other_work": 0}
    for row in base:
        counts["processes"] += len(row.added())
        faults += [f"L0 against L0, {_name(row).partition(', ')[2]}: {value:+.2f} ns in one process, the bound is {AA_BOUND_NS} ns"
                   for value in row.added() if abs(value) > AA_BOUND_NS]
    for row in charged:
        interval = stats.interval(row.added())
        name = _name(row)
        if not bounded(row):
            counts["other_work"] += 1
        elif contended(row, charged):
            counts["contended"] += 1
        elif interval.kind != stats.CONFIDENT:
            remarks.append(f"{name}: {interval.n} processes of {stats.LEAST_FOR_CONFIDENCE} needed for an interval")
        else:
            counts["cells"] += 1
            if half_width(interval) > HALF_WIDTH_NS:
                faults.append(f"{name}: half-width {half_width(interval):.2f} ns, the bound is {HALF_WIDTH_NS} ns")
    return faults, remarks, counts


def command(arguments):
    """Exit 1 when a bound is exceeded, 4 when cells have too few processes to be judged."""
    results = Results.load(arguments.check_run)
    faults, remarks, counts = check(results)
    if arguments.json:
        print(json.dumps({"schema": "getput.netpath-check/1", "ok": not faults, "faults": faults, "remarks": remarks, **counts}, indent=1))
    else:
        for line in (*faults, *(f"not judged: {remark}" for remark in remarks)):
            print(line)
        print(f"L0 against L0 in {counts['processes']} processes, half-widths of {counts['cells']} uncontended cells "
              f"({counts['contended']} contended ones and {counts['other_work']} with work beside the path are not bounded): {len(faults)} beyond their bounds, {len(remarks)} not judged")
    return EXIT_BAD_RESULT if faults else EXIT_UNDERPOWERED if remarks else EXIT_OK
