# SPDX-License-Identifier: MIT
"""A results directory as rows: one a cell, with its statistics and its verdict."""
import functools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from . import stats
from .errors import EXIT_BAD_RESULT, GetputError
from .instructions import FILE as INSTRUCTIONS
from .instructions import read as read_instructions
from .store import ENV, MANIFEST, PLAN, RunDirectory

ENOUGH_TRIALS = 5
OK, WRONG, NOT_POSSIBLE, NOT_AVAILABLE = "OK", "WRONG", "NOT POSSIBLE", "NOT AVAILABLE"
CRASHED, NO_VALID_TRIALS, NOT_ENOUGH = "CRASHED", "NO VALID TRIALS", "NOT ENOUGH"
CONTROLS = ("plain", "fetch_add", "chain")


@dataclass
class Row:
    """One cell. `values` are the kept trials' ns_per_op, in the order in which they were measured."""

    cell: dict
    kept: list = field(default_factory=list)
    rejected: int = 0
    reasons: Counter = field(default_factory=Counter)
    wrong: str | None = None
    crash: str | None = None
    available: bool = True
    why: str | None = None
    safe: bool = True
    session: bool = False

    @property
    def scheme(self):
        return self.cell["scheme"]

    @property
    def workload(self):
        return self.cell["workload"]

    @property
    def params(self):
        return self.cell["params"]

    @property
    def threads(self):
        return self.params.get("threads", len(self.cell["placement"]["pus"]))

    @property
    def in_session(self):
        """Were these pairs of one object timed inside a session? Not where another thread puts (bench/workloads/pairs/loops.hpp)."""
        return (self.session and self.workload == "pairs" and self.params.get("objects", 1) == 1
                and self.params.get("put") != "other")

    @property
    def values(self):
        return [trial["ns_per_op"] for trial in self.kept]

    @property
    def unit(self):
        return self.kept[0]["unit"] if self.kept else None

    @property
    def verdict(self):
        if not self.available:
            return NOT_AVAILABLE
        if not self.cell["possible"]:
            return NOT_POSSIBLE
        if self.wrong is not None:
            return WRONG
        if self.crash is not None:
            return CRASHED
        if not self.kept:
            return NO_VALID_TRIALS
        return OK if len(self.kept) >= ENOUGH_TRIALS else NOT_ENOUGH

    @property
    def shown(self):
        """A figure may draw it: measured and not wrong."""
        return bool(self.kept) and self.verdict in (OK, NOT_ENOUGH)

    def control(self, name):
        return [trial["controls"][f"{name}_ns"] for trial in self.kept]

    def ratios(self, name):
        """Each kept trial over its own control."""
        return [value / control for value, control in zip(self.values, self.control(name)) if control]

    def ratio(self, name):
        return stats.median(self.ratios(name))

    def metric(self, name):
        """The kept trials' values of one metric, without the trials that have none."""
        found = (trial["metrics"].get(name) for trial in self.kept)
        return [float(value) for value in found if isinstance(value, (int, float)) and not isinstance(value, bool)]

    def added(self):
        """What each kept trial's packets cost beyond those of level 0 that it timed in turn with them (netpath)."""
        return [trial["ns_per_op"] - base for trial in self.kept if (base := trial["metrics"].get("l0_ns")) is not None]

    def packets(self):
        """Where the frames of one pass over the input went (netpath); None where nothing is counted."""
        return next((trial["metrics"]["pass"] for trial in reversed(self.kept) if trial["metrics"].get("pass")), None)

    def detail(self):
        """Why the verdict is not OK; None when it is."""
        if self.verdict in (NOT_AVAILABLE, NOT_POSSIBLE):
            return (self.why or "").removeprefix("not possible: ") or None
        if self.verdict == NO_VALID_TRIALS and not self.reasons:
            return "no trial was run"
        if self.verdict == NO_VALID_TRIALS:
            return "rejected: " + ", ".join(f"{reason} {count}" for reason, count in self.reasons.most_common())
        if self.verdict == NOT_ENOUGH:
            return f"{len(self.kept)} kept trials, {ENOUGH_TRIALS} are the least"
        return self.wrong or self.crash

    @functools.cached_property
    def interval(self):
        """95 % interval of the median; bootstrapping is slow enough to be done once."""
        return stats.median_interval(self.values)

    def record(self):
        """The row as `summary --format json` prints it."""
        low, high = self.interval
        ratio_low, ratio_high = stats.median_interval(self.ratios("plain"))
        plain = [value for value in self.control("plain") if value]
        fetch_add = [value for value in self.control("fetch_add") if value]
        return {
            "scheme": self.scheme, "workload": self.workload, "threads": self.threads,
            "params": {key: value for key, value in self.params.items() if key != "threads"},
            "place": self.cell["placement"]["policy"], "cell": self.cell["name"], "unit": self.unit,
            "median_ns": stats.median(self.values), "ci_low_ns": low, "ci_high_ns": high,
            "min_ns": min(self.values, default=None), "max_ns": max(self.values, default=None),
            "mad_ns": stats.median_absolute_deviation(self.values), "variation": stats.variation(self.values),
            "ratio_to_plain": self.ratio("plain"), "ratio_to_fetch_add": self.ratio("fetch_add"),
            "ratio_to_chain": self.ratio("chain"), "ratio_to_plain_low": ratio_low, "ratio_to_plain_high": ratio_high,
            "plain_ns": stats.median(plain), "fetch_add_ns": stats.median(fetch_add),
            "chain_ns": stats.median([value for value in self.control("chain") if value]),
            "plain_to_fetch_add": stats.median_of_ratios(self.control("plain"), self.control("fetch_add")),
            "added_to_l0_ns": stats.median(self.added()),
            "trials_kept": len(self.kept), "trials_rejected": self.rejected,
            "verdict": self.verdict, "detail": self.detail(), "packets_a_pass": self.packets(),
            "in_session": self.in_session,
        }


class Results:
    """Everything that a run left behind."""

    def __init__(self, directory, plan, env, manifest, rows):
        self.directory, self.plan, self.env, self.manifest, self.rows = directory, plan, env, manifest, rows
        self.schemes = {entry["name"]: entry for entry in plan["run"]["schemes"]}
        self.instructions = read_instructions(directory.file(INSTRUCTIONS)) if directory else None

    @classmethod
    def load(cls, path):
        directory = RunDirectory.look(path)
        plan, env = directory.read_json(PLAN), directory.read_json(ENV)
        try:
            manifest = directory.read_json(MANIFEST)
        except GetputError:
            manifest = {"state": "running", "crashes": [], "sessions": [], "remarks": []}
        try:
            return cls(directory, plan, env, manifest, _rows(directory, plan, manifest))
        except (KeyError, TypeError) as error:
            raise GetputError(f"{directory.path}: a document lacks what belongs there ({type(error).__name__}: {error}); "
                              "see `getput validate`", EXIT_BAD_RESULT)

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

    def packet_lines(self):
        """Where the packets went: one line for all cells whose passes ended alike."""
        alike = defaultdict(list)
        for row in self.rows:
            if counts := row.packets():
                name = (row.kept[-1]["metrics"].get("input") or {}).get("name", "the input")
                alike[(name, json.dumps(counts, sort_keys=True))].append(row)
        for (name, text), rows in alike.items():
            counts = json.loads(text)
            dropped = ", ".join(f"{reason} {count}" for reason, count in counts["dropped"].items()) or "none"
            levels = ", ".join(sorted({str(row.params.get("level")) for row in rows}))
            yield (f"{name}: {counts['received']} frames a pass = {counts['delivered']} delivered + {counts['forwarded']} forwarded "
                   f"+ {sum(counts['dropped'].values())} dropped ({dropped}), in {len(rows)} cells of "
                   f"{len({row.scheme for row in rows})} schemes at {levels}")

    def closing_lines(self):
        """What a person must know at the end of a run."""
        counts = Counter(row.verdict for row in self.rows)
        kept, rejected = sum(len(row.kept) for row in self.rows), sum(row.rejected for row in self.rows)
        yield f"{kept} trials kept, {rejected} attempts rejected; cells: " + ", ".join(
            f"{count} {verdict}" for verdict, count in counts.most_common())
        for scheme, detail in self.wrong_schemes().items():
            yield f"WRONG: {scheme}: {detail}"
        for crash in self.manifest["crashes"]:
            yield f"CRASHED: {crash['cell'] or 'after the last trial of a process'}: {crash['detail']}"


def _rows(directory, plan, manifest):
    schemes = {entry["name"]: entry for entry in plan["run"]["schemes"]}
    rows = {}
    for cell in plan["run"]["cells"]:
        scheme = schemes[cell["scheme"]]
        why = cell["why"] if scheme["available"] else scheme["why"]
        rows[cell["name"]] = Row(cell, available=scheme["available"], why=why, safe=scheme["safe"],
                                 session=scheme.get("session", False))
    for crash in manifest["crashes"]:
        if crash["cell"] in rows:
            rows[crash["cell"]].crash = crash["detail"]
    for _, _, trial in directory.trials():
        row = rows.get(trial["cell"])
        if row is None:
            raise GetputError(f"{directory.path}: cell {trial['cell']} is not in its plan; see `getput validate`", 1)
        if not trial["oracle"]["ok"] and row.wrong is None:
            row.wrong = trial["oracle"]["detail"]
        if trial["valid"]:
            row.kept.append(trial)
        else:
            row.rejected += 1
            row.reasons.update(trial["reject_reasons"])
    return list(rows.values())
