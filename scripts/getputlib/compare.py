# SPDX-License-Identifier: MIT
"""`getput compare A B`: has B regressed, improved, stayed the same, or could this comparison not have told?

A cell is compared by Welch's t test of its process values: of their logarithms, so that a shift is
a factor, or plain for `added`, whose shift is in ns per packet. Each workload is a family of its
own, corrected after Holm: its cells are one family, its schemes another. The global line of a scheme
is the mean of its cells' shifts, with the error that the processes give it; it finds what every
single cell is too noisy to show. In netpath a scheme has a line for each setting (era, shape, free,
work and the like): their packets differ, so a mean over them describes none of them. "Same" is an equivalence test at the same level (two one-sided
tests) and needs no correction: each claim is about one cell.
"""
import json
import math
from dataclasses import dataclass

from . import setting, stats
from .core_sharing import common_references
from .errors import EXIT_BAD_RESULT, EXIT_OK, EXIT_UNDERPOWERED, bad_request, note, write_data
from .results import Results
from .row import added_of, ns_of, ratio_of
from .selection import matching, parse_threads
from .words import counted, number, params_text

REGRESSED, IMPROVED, SAME, UNDERPOWERED = "regressed", "improved", "same", "underpowered"
VERDICTS = (REGRESSED, IMPROVED, UNDERPOWERED, SAME)
ADDED = "added"
LEAST_VALUES = 2  # below that there is no variance
SAME_SHARING = 0.1  # shares of the slices that differ by less between two runs are not worth a remark
SAME_MACHINE = 0.02  # controls that differ by less between two runs are not worth a remark


@dataclass(frozen=True)
class Limits:
    """What the verdicts go by: the level of the tests, and the smallest shift worth a verdict (share, or ns for `added`)."""

    alpha: float = 0.05
    effect: float = 0.02
    effect_ns: float = 1.0

    def of(self, metric):
        """The smallest shift on the scale of the test."""
        return self.effect_ns if metric == ADDED else math.log1p(self.effect)


def sample(row, metric):
    """{process: value} of a metric; empty where the cell has none."""
    known = {"ns": ns_of, ADDED: added_of}
    return row.by_process(known.get(metric) or ratio_of(metric.removeprefix("ratio_to_")))


def metric_of(row, asked):
    """The metric that was asked for; else what a packet costs beyond level 0, where it was measured in turn, or ns."""
    return asked or (ADDED if row.workload == "netpath" and row.added() else "ns")


@dataclass
class Compared:
    """A cell, or all cells of a scheme in a workload, with the shift from A to B on the scale of the test."""

    name: str
    scheme: str
    workload: str
    metric: str
    shift: stats.Difference
    entry: dict
    samples: list | None = None  # [{process: value} of A, of B] on that scale
    verdict: str = ""
    p: float = 1.0
    setting: tuple = ()  # of netpath

    def shown(self, value):
        """A shift for people: a share, or ns for `added`."""
        return value if self.metric == ADDED else math.expm1(value)

    def judge(self, p, limits):
        """Sets the verdict from the corrected p and from an equivalence test."""
        least = limits.of(self.metric)
        low, high = self.shift.bounds(1.0 - 2.0 * limits.alpha)
        self.p = p
        if -least < low and high < least:
            self.verdict = SAME
        elif p < limits.alpha and abs(self.shift.point) >= least:
            self.verdict = REGRESSED if self.shift.point > 0 else IMPROVED
        else:
            self.verdict = UNDERPOWERED

    def record(self):
        low, high = self.shift.bounds()
        return {"name": self.name, "scheme": self.scheme, "workload": self.workload, "metric": self.metric, "verdict": self.verdict,
                "shift": self.shown(self.shift.point), "shift_low": self.shown(low), "shift_high": self.shown(high), "p": self.p,
                **self.entry}

    def shift_text(self):
        low, high = (self.shown(bound) for bound in self.shift.bounds())
        if self.metric == ADDED:
            return f"{self.shift.point:+.2f} ns [{low:+.2f}, {high:+.2f}]"
        if abs(self.shift.point) >= math.log(2.0):
            return f"x{number(math.exp(self.shift.point))} [x{number(1.0 + low)}, x{number(1.0 + high)}]"
        return f"{100 * self.shown(self.shift.point):+.1f} % [{100 * low:+.1f}, {100 * high:+.1f}]"


def _cell(row, other, asked):
    """The comparison of one cell; None where either run has too little of it."""
    metric = metric_of(row, asked)
    a, b = sample(row, metric), sample(other, metric)
    if min(len(a), len(b)) < LEAST_VALUES:
        return None
    values = [list(found.values()) for found in (a, b)]
    identical = sorted(values[0]) == sorted(values[1])
    if identical:
        on_scale = [{process: 0.0 for process in found} for found in (a, b)]
    else:
        on_scale = [found if metric == ADDED else {process: math.log(value) for process, value in found.items()} for found in (a, b)]
    return Compared(row.cell["name"], row.scheme, row.workload, metric, stats.Difference.mean_of([on_scale]), {
        "threads": row.threads, "params": {key: value for key, value in row.params.items() if key != "threads"},
        "n": [len(a), len(b)], "medians": [stats.median(own) for own in values], "identical": identical}, samples=on_scale,
        setting=setting.of(row) if row.workload == "netpath" else ())


def _global(workload, scheme, of, cells):
    """All cells of a scheme in one workload and setting that have the same metric: their mean shift, with the processes' error."""
    shift = stats.Difference.mean_of([cell.samples for cell in cells])
    name = "/".join([workload, scheme, *(f"{key}:{value}" for key, value in of)])
    return Compared(name, scheme, workload, cells[0].metric, shift, {
        "cells": len(cells), "slower": sum(cell.shift.point > 0 for cell in cells), "faster": sum(cell.shift.point < 0 for cell in cells)},
        setting=of)


def _by(cells, *keys):
    groups = {}
    for cell in cells:
        groups.setdefault(tuple(getattr(cell, key) for key in keys), []).append(cell)
    return groups


def compare(first, second, asked, limits, chosen=lambda row: True):
    """(global entries, cell entries) of what both runs measured, judged; `chosen` selects the rows of the first run.

    Both runs are adjusted to a common state of the cores (core_sharing) first, and stay so.
    """
    references = common_references(first.sharing, second.sharing)
    for run in (first, second):
        run.sharing.refer_to(references)
    others = {row.cell["name"]: row for row in second.rows}
    pairs = [(row, others.get(row.cell["name"])) for row in first.rows if row.shown and chosen(row)]
    cells = [cell for row, other in pairs if other is not None and other.shown and (cell := _cell(row, other, asked))]
    schemes = [_global(workload, scheme, of, own)
               for (workload, scheme, of, _), own in _by(cells, "workload", "scheme", "setting", "metric").items()]
    for entries in (cells, schemes):
        for family in _by(entries, "workload").values():
            for entry, p in zip(family, stats.holm([entry.shift.p() for entry in family])):
                entry.judge(p, limits)
    return schemes, cells


def _facts(results):
    """{what: value} of a run that a reader has to know before comparing it with another."""
    machine, run = results.env["machine"], results.plan["run"]
    return {
        "machine": (machine["hostname"], machine["cpu"]["model"]), "kernel": machine["kernel"]["release"],
        "mitigations": machine["kernel"].get("vulnerabilities"), "compiler": _compiler(results.env),
        "profile": run["selection"]["profile"], "burst_ms": results.plan["burst_ms"], "slices_ms": results.plan.get("slices_ms"),
        "input": (run["selection"].get("pcap") or {}).get("sha256", "generated"),
    }


def _compiler(env):
    build = env.get("build") if isinstance(env.get("build"), dict) else {}
    return env.get("compiler") or build.get("compiler")


def _control_remarks(first, second):
    """Controls that moved between the runs: then the machine did, and not the schemes."""
    for name in ("plain", "chain", "lock_xadd"):
        a, b = (stats.median([value for row in run.rows if row.threads == 1 for value in row.control(name) if value])
                for run in (first, second))
        if a and b and abs(math.log(b / a)) > SAME_MACHINE:
            yield (f"the control {name} moved from {number(a)} to {number(b)} ns: the machine changed between the runs; compare "
                   f"--metric ratio_to_{name}, or measure both with `getput ab`")


def _sharing_remarks(first, second):
    """Runs that met other guests on the cores in different shares."""
    for key, group in first.groups.items():
        if (other := second.groups.get(key)) and abs(group.shared - other.shared) > SAME_SHARING:
            yield (f"{group.where}: other guests used the cores in {100.0 * group.shared:.0f} % of the slices of A and in "
                   f"{100.0 * other.shared:.0f} % of those of B; both are adjusted to the middle of the two")


def remarks(first, second, cells, left):
    """What the reader must know before believing the verdicts."""
    if first.directory.path.resolve() == second.directory.path.resolve():
        yield "A and B are the same run"
    a, b = _facts(first), _facts(second)
    for name in a:
        if a[name] != b[name]:
            detail = f": {a[name]} and {b[name]}" if isinstance(a[name], (str, int, float)) else ""
            yield f"the two runs differ in {name}{detail}"
    if first.env["binary"]["sha256"] == second.env["binary"]["sha256"]:
        yield "the two runs are of the same binary: a difference is noise or the machine's"
    yield from _control_remarks(first, second)
    yield from _sharing_remarks(first.sharing, second.sharing)
    if left:
        yield f"{counted(left, 'cell')} of A could not be compared: not measured in both runs, or in fewer than {LEAST_VALUES} processes"
    few = sum(min(cell.entry["n"]) < stats.LEAST_FOR_CONFIDENCE for cell in cells)
    if few:
        yield f"{counted(few, 'cell')} rest on fewer than {stats.LEAST_FOR_CONFIDENCE} processes in a run: only large shifts can be seen"


def _scheme_line(entry):
    facts = entry.entry
    agree = max(facts["slower"], facts["faster"])
    word = "slower" if facts["slower"] >= facts["faster"] else "faster"
    mean = "mean" if entry.metric == ADDED else "geometric mean"
    return (f"{entry.verdict:<12} {entry.name}: {agree} of {counted(facts['cells'], 'cell')} {word}, {mean} {entry.shift_text()}, "
            f"p {entry.p:.2g} ({entry.metric})")


def _cell_line(cell):
    a, b = cell.entry["medians"]
    name = f"{cell.workload}/{cell.scheme} threads:{cell.entry['threads']} {params_text(cell.entry['params'])}"
    return (f"{cell.verdict:<12} {cell.shift_text():<28} p {cell.p:.2g}  n {cell.entry['n'][0]}, {cell.entry['n'][1]}  "
            f"{number(a)} -> {number(b)}  {name}")


def _counts(entries):
    return ", ".join(f"{sum(entry.verdict == verdict for entry in entries)} {verdict}" for verdict in VERDICTS)


def _lines(schemes, cells, limits):
    def order(entry):
        return VERDICTS.index(entry.verdict), -abs(entry.shift.point)

    yield f"schemes: {_counts(schemes)}"
    yield from map(_scheme_line, sorted(schemes, key=order))
    yield f"cells: {_counts(cells)}"
    yield from map(_cell_line, sorted(cells, key=order))
    families = ", ".join(f"{name} {len(own)}" for (name,), own in _by(cells, "workload").items())
    yield (f"corrected after Holm within each workload at {limits.alpha:g} (cells: {families}); \"same\" is an equivalence test within "
           f"{100 * limits.effect:g} %, or {limits.effect_ns:g} ns of `added`")


def choice(results, arguments):
    """The predicate on rows that --scheme, --workload and, where the command has it, --threads ask for."""
    schemes = matching("scheme", arguments.scheme, list(results.schemes))
    workloads = matching("workload", arguments.workload, sorted({row.workload for row in results.rows}))
    asked = getattr(arguments, "threads", None)
    threads = set(parse_threads(asked)) if asked else None
    return lambda row: row.scheme in schemes and row.workload in workloads and (threads is None or row.threads in threads)


def exit_code(entries, fail_if_slower):
    """1 for a regression, 4 when none was found but --min-effect could not have been seen everywhere, else 0."""
    if not fail_if_slower:
        return EXIT_OK
    if any(entry.verdict == REGRESSED for entry in entries):
        return EXIT_BAD_RESULT
    return EXIT_UNDERPOWERED if any(entry.verdict == UNDERPOWERED for entry in entries) else EXIT_OK


def command(arguments):
    """Exit codes as exit_code(); 1 always when B has a WRONG scheme or a crash that A has not, 2 when nothing can be compared."""
    first, second = Results.load(arguments.first), Results.load(arguments.second)
    limits = Limits(arguments.alpha, arguments.min_effect / 100.0, arguments.min_effect_ns)
    chosen = choice(first, arguments)
    schemes, cells = compare(first, second, arguments.metric, limits, chosen)
    if not cells:
        raise bad_request(f"{arguments.first} and {arguments.second} have no selected cell with {arguments.metric or 'a result'} in at least "
                          f"{LEAST_VALUES} processes of both")
    left = sum(row.shown and chosen(row) for row in first.rows) - len(cells)
    told = list(remarks(first, second, cells, left))
    for remark in told:
        note(f"note: {remark}")
    if arguments.json:
        write_data(json.dumps({
            "schema": "getput.compare/1", "alpha": limits.alpha, "min_effect": limits.effect, "min_effect_ns": limits.effect_ns,
            "remarks": told, "schemes": [entry.record() for entry in schemes], "cells": [entry.record() for entry in cells]},
            indent=1, allow_nan=False) + "\n")
    else:
        write_data("\n".join(_lines(schemes, cells, limits)) + "\n")
    code = exit_code([*schemes, *cells], arguments.fail_if_slower)
    if arguments.fail_if_slower and left and code == EXIT_OK:
        code = EXIT_UNDERPOWERED  # a cell that only A has measured may hide a regression
    return EXIT_BAD_RESULT if second.wrong_schemes() else code
