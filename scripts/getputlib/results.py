# SPDX-License-Identifier: MIT
"""A results directory, checked and read: one row per cell, and what the run records about itself."""
import json
from collections import Counter, defaultdict

import numpy

from . import shapes
from .core_sharing import Sharing
from .instructions import FILE as INSTRUCTIONS
from .instructions import read as read_instructions
from .levels import Levels
from .row import CRASHED, NO_VALID_TRIALS, NOT_AVAILABLE, NOT_ENOUGH, NOT_POSSIBLE, OK, UNSAFE, WRONG, Row
from .selection import PROFILES
from .store import ENV, MANIFEST, PLAN, TRIALS, RunDirectory

FLOOR_QUANTILE = 0.01  # the floor of a control: its smallest values, but not a single outlier


class Results:
    """Everything that a run left behind."""

    def __init__(self, directory, plan, env, manifest, rows):
        self.directory, self.plan, self.env, self.manifest, self.rows = directory, plan, env, manifest, rows
        self.schemes = {entry["name"]: entry for entry in plan["run"]["schemes"]}
        self.sharing = Sharing(rows)
        self.levels = Levels(plan["run"]["workloads"])
        self.instructions = read_instructions(directory.file(INSTRUCTIONS)) if directory else None

    @classmethod
    def load(cls, path):
        """Reads and checks a results directory; the first thing that is damaged is a GetputError with file and line."""
        directory = RunDirectory.look(path)
        plan, env = directory.read_json(PLAN), directory.read_json(ENV)
        shapes.refuse(directory.file(PLAN), shapes.plan_problem(plan))
        shapes.refuse(directory.file(ENV), shapes.problem(env, shapes.ENV_SHAPE))
        manifest = {"state": "running", "crashes": [], "sessions": [], "remarks": []}
        if directory.file(MANIFEST).exists():
            manifest = directory.read_json(MANIFEST)
            shapes.refuse(directory.file(MANIFEST), shapes.problem(manifest, shapes.MANIFEST_SHAPE))
        return cls(directory, plan, env, manifest, _rows(directory, plan, manifest))

    def of(self, workload, **params):
        """The rows of a workload whose parameters have these values."""
        return [
            row for row in self.rows
            if row.workload == workload and all(row.params.get(key) == value for key, value in params.items())
        ]

    def with_verdict(self, *verdicts):
        return [row for row in self.rows if row.verdict in verdicts]

    def wrong_schemes(self):
        """{scheme: first detail} of schemes that claim to be safe and were found not to be."""
        found = {}
        for row in self.with_verdict(WRONG):
            if row.safe:
                found.setdefault(row.scheme, row.wrong)
        return found

    def bad(self):
        """A result that must not pass unnoticed: a safe scheme WRONG, or a crash."""
        return bool(self.wrong_schemes() or self.manifest["crashes"])

    def rejected_by_reason(self):
        """{workload: (kept, rejected, Counter of reasons)}."""
        table = defaultdict(lambda: [0, 0, Counter()])
        for row in self.rows:
            entry = table[row.workload]
            entry[0] += len(row.kept)
            entry[1] += row.rejected
            entry[2].update(row.reasons)
        return dict(table)

    def _passes(self):
        """{(input, counts of one pass as JSON text): rows}: the cells whose passes ended alike."""
        alike = defaultdict(list)
        for row in self.rows:
            if counts := row.packets():
                name = (row.kept[-1]["metrics"].get("input") or {}).get("name", "the input")
                alike[name, json.dumps(counts, sort_keys=True)].append(row)
        return alike

    def packet_lines(self):
        """Where the packets went: one line for all cells whose passes ended alike."""
        for (name, text), rows in self._passes().items():
            counts = json.loads(text)
            dropped = ", ".join(f"{reason} {count}" for reason, count in counts["dropped"].items()) or "none"
            levels = ", ".join(map(self.levels.name, sorted({row.params.get("level") for row in rows}, key=self.levels.key)))
            yield (f"{name}: {counts['received']} frames a pass = {counts['delivered']} delivered + {counts['forwarded']} forwarded "
                   f"+ {sum(counts['dropped'].values())} dropped ({dropped}), in {len(rows)} cells of "
                   f"{len({row.scheme for row in rows})} schemes at {levels}")

    def all_dropped(self):
        """One line for each input of which no packet was delivered or forwarded."""
        passes = [(name, json.loads(text)) for name, text in self._passes()]
        names = dict.fromkeys(name for name, counts in passes if not counts["delivered"] + counts["forwarded"])
        return [f"every packet of {name} was dropped: no route, socket or transmit queue was used, and their references cost nothing here"
                for name in names]

    def closing_lines(self):
        """What a person must know at the end of a run."""
        counts = Counter(row.verdict for row in self.rows)
        kept, rejected = sum(len(row.kept) for row in self.rows), sum(row.rejected for row in self.rows)
        yield f"{kept} trials kept, {rejected} attempts rejected; cells: " + ", ".join(
            f"{count} {verdict}" for verdict, count in counts.most_common())
        for scheme, detail in self.wrong_schemes().items():
            yield f"WRONG: {scheme}: {detail}"
        for scheme, detail in {row.scheme: row.detail() for row in self.with_verdict(UNSAFE)}.items():
            yield f"UNSAFE, as expected: {scheme}: {detail}"
        yield from (group.text() for group in self.sharing.groups.values() if group.disturbed)
        yield from self.all_dropped()
        for crash in self.manifest["crashes"]:
            yield f"CRASHED: {crash['cell'] or 'after the last trial of a process'}: {crash['detail']}"


def _least(run):
    """Kept trials that a cell needs: what the profile promises, or what an older getput planned for it."""
    least = PROFILES[run["selection"]["profile"]].least
    return least if run["selection"].get("trials") else min(least, run["trials_per_cell"])


def _empty_rows(plan, manifest):
    """{cell name: Row without trials}."""
    schemes = {entry["name"]: entry for entry in plan["run"]["schemes"]}
    hunts = {hunt["scheme"]: hunt for hunt in manifest.get("hunts") or []}
    least = _least(plan["run"])
    rows = {}
    for cell in plan["run"]["cells"]:
        scheme = schemes[cell["scheme"]]
        why = cell.get("why") if scheme["available"] else scheme.get("why")
        rows[cell["name"]] = Row(cell, available=scheme["available"], why=why, safe=scheme["safe"],
                                 control_scheme=scheme["control"], session=scheme.get("session", False), least=least,
                                 hunt=hunts.get(cell["scheme"]))
    for crash in manifest["crashes"]:
        if crash.get("cell") in rows:
            rows[crash["cell"]].crash = crash["detail"]
    return rows


def _rows(directory, plan, manifest):
    """The rows with their trials. The slices of a trial are checked, but not kept: they are most of a run, and no reader uses them."""
    rows, checker = _empty_rows(plan, manifest), shapes.LineChecker(plan)
    for number, _, trial in directory.trials():
        shapes.refuse(f"{directory.file(TRIALS)}:{number}", checker.problem(number, trial), shapes.LINE_REMEDY)
        row, trial["slices"] = rows[trial["cell"]], None
        if not trial["oracle"]["ok"] and row.wrong is None:
            row.wrong = trial["oracle"]["detail"]
        if trial["valid"]:
            row.kept.append(trial)
        else:
            row.rejected += 1
            row.reasons.update(trial["reject_reasons"])
    _set_floors(rows.values())
    return list(rows.values())


def _set_floors(rows):
    """The floor of each control for each thread count of the run.

    With several threads only controls that do not depend on where a line is located have a floor: a
    contended fetch_add and a line transfer differ by up to a factor of two between lines.
    """
    found = defaultdict(list)
    for row in rows:
        for name in ("plain", "chain", "lock_xadd", *(("fetch_add",) if row.threads == 1 else ())):
            found[row.threads, name].extend(value for value in row.control(name) if value)
    floors = defaultdict(dict)
    for (threads, name), values in found.items():
        if values:
            floors[threads][name] = float(numpy.quantile(values, FLOOR_QUANTILE))
    for row in rows:
        row.floors = floors[row.threads]


__all__ = ["CRASHED", "NOT_AVAILABLE", "NOT_ENOUGH", "NOT_POSSIBLE", "NO_VALID_TRIALS", "OK", "UNSAFE", "WRONG", "Results", "Row"]
