# SPDX-License-Identifier: MIT
"""Published claims (reports/reproduce.toml) and what a run of the cells they need shows about them."""
import math
import tomllib
from dataclasses import dataclass, field

from . import doctor, environment, stats
from .errors import REPORTS, bad_request
from .row import NOT_ENOUGH, OK
from .targeted import find_cell
from .words import counted

FILE = REPORTS / "reproduce.toml"
SCHEMA = "getput.claims/1"
HELD, NOT_HELD, CANNOT_TELL, NOT_HERE = "held", "not held", "cannot tell", "not on this machine"
CONFIDENCE = stats.CONFIDENCE
TEXTS = ("id", "says", "source", "url", "read", "published", "machine")


@dataclass(frozen=True)
class Side:
    """One cell of a ratio and the value taken from its trials."""

    workload: str
    scheme: str
    threads: int
    value: str = "ns_per_op"

    def cell(self, listing):
        return find_cell(listing, self.workload, self.scheme, threads=self.threads)

    def name(self):
        """scheme, and what is not a pair's time of it: `rcu_mb drained_ns_p50 (removal), 2 threads`."""
        value = "" if self.value == "ns_per_op" else f" {self.value.partition('.')[2]}"
        workload = "" if self.workload == "pairs" else f" ({self.workload})"
        return f"{self.scheme}{value}{workload}, {counted(self.threads, 'thread')}"


@dataclass(frozen=True)
class Ratio:
    """What must lie between `at_least` and `at_most` (None: no limit)."""

    over: Side
    under: Side
    at_least: float
    at_most: float | None = None


@dataclass(frozen=True)
class Claim:
    """One published result. `needs` are CPUs and kernel interfaces of the machine that checks it."""

    id: str
    says: str
    source: str
    url: str
    read: str
    published: str
    machine: str
    must_hold: bool
    needs: dict
    ratios: tuple

    def cells(self, listing):
        return [side.cell(listing) for ratio in self.ratios for side in (ratio.over, ratio.under)]


@dataclass
class Judged:
    """A claim with its outcome; `ratios` are (Ratio, outcome, Estimate | None)."""

    claim: Claim
    outcome: str
    why: str | None = None
    ratios: list = field(default_factory=list)


@dataclass(frozen=True)
class Estimate:
    """A ratio of two cells' geometric means over processes with its 95 % interval; n are the processes of each."""

    ratio: float
    low: float
    high: float
    n: tuple


def load(path=FILE):
    """Every claim of the file; a GetputError that names the claim where one is not complete."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise bad_request(f"{path} cannot be read: {error}")
    if document.get("schema") != SCHEMA:
        raise bad_request(f"{path}: schema {document.get('schema')!r} is not {SCHEMA!r}")
    most = len(environment.allowed_cpus())
    claims = [_claim(path, entry, most) for entry in document.get("claim", [])]
    names = [claim.id for claim in claims]
    if len(set(names)) != len(names):
        raise bad_request(f"{path}: two claims have the same id")
    return claims


def _claim(path, entry, most):
    try:
        texts = {name: entry[name] for name in TEXTS}
        ratios = tuple(Ratio(_side(ratio["over"], most), _side(ratio["under"], most), float(ratio["at_least"]),
                             float(ratio["at_most"]) if "at_most" in ratio else None) for ratio in entry["ratio"])
        return Claim(**texts, must_hold=bool(entry["must_hold"]), needs=dict(entry["needs"]), ratios=ratios)
    except (KeyError, TypeError, ValueError) as error:
        raise bad_request(f"{path}: claim {entry.get('id', '?')}: {type(error).__name__}: {error}")


def _side(entry, most):
    return Side(**{**entry, "threads": most if entry["threads"] == "max" else entry["threads"]})


def missing_here(claim, listing):
    """Why this machine or binary cannot check the claim; None when it can."""
    cpus = len(environment.allowed_cpus())
    if cpus < claim.needs.get("cpus", 1):
        return f"needs {claim.needs['cpus']} CPUs, {cpus} may be used"
    if claim.needs.get("rseq") and not doctor.rseq_size():
        return "needs rseq, which the C library has not registered"
    if claim.needs.get("membarrier") and not (doctor.membarrier_commands() or 0) & doctor.PRIVATE_EXPEDITED:
        return "needs membarrier, which this kernel does not offer"
    schemes = {entry["name"]: entry for entry in listing["schemes"]}
    for side in (side for ratio in claim.ratios for side in (ratio.over, ratio.under)):
        scheme, cell = schemes.get(side.scheme), side.cell(listing)
        if scheme is None or cell is None:
            return f"this binary has no cell {side.workload}/{side.scheme} with {counted(side.threads, 'thread')}"
        if not cell["possible"]:
            return (cell["why"] or scheme["why"] or "not possible").removeprefix("not possible: ")
    return None


def process_values(row, value):
    """One positive value per process of what a Side names; processes without it are left out."""
    def of(trial):
        for key in value.split("."):
            trial = trial.get(key) if isinstance(trial, dict) else None
        return float(trial) if isinstance(trial, (int, float)) and not isinstance(trial, bool) and trial > 0.0 else None

    return row.per_process(of)


def ratio_of(over, under):
    """The ratio of geometric means of two samples, with Welch's interval of the difference of mean logarithms."""
    logs = [[math.log(value) for value in values] for values in (under, over)]
    found = stats.Difference.of(*logs)
    low, high = found.bounds(CONFIDENCE)
    return Estimate(math.exp(found.point), math.exp(low), math.exp(high), (len(over), len(under)))


def judge_ratio(ratio, estimate):
    """held: the interval is inside the band; not held: it is outside; else cannot tell."""
    most = math.inf if ratio.at_most is None else ratio.at_most
    if ratio.at_least <= estimate.low and estimate.high <= most:
        return HELD
    return NOT_HELD if estimate.high < ratio.at_least or estimate.low > most else CANNOT_TELL


def judge(claim, listing, results):
    """The claim's outcome in this run: the worst of its ratios'."""
    if why := missing_here(claim, listing):
        return Judged(claim, NOT_HERE, why)
    rows = {row.cell["name"]: row for row in results.rows}
    judged = Judged(claim, HELD)
    for ratio in claim.ratios:
        sides = [(side, rows[side.cell(listing)["name"]]) for side in (ratio.over, ratio.under)]
        values = [process_values(row, side.value) for side, row in sides]
        why = next((f"{side.name()}: {row.verdict}" for side, row in sides if row.verdict not in (OK, NOT_ENOUGH)), None)
        if why is None and min(map(len, values)) < stats.LEAST_FOR_CONFIDENCE:
            why = f"{min(map(len, values))} processes of {stats.LEAST_FOR_CONFIDENCE} needed for an interval"
        estimate = None if why else ratio_of(*values)
        judged.ratios.append((ratio, CANNOT_TELL if why else judge_ratio(ratio, estimate), estimate))
        judged.why = judged.why or why
    outcomes = [outcome for _, outcome, _ in judged.ratios]
    judged.outcome = next((worst for worst in (NOT_HELD, CANNOT_TELL) if worst in outcomes), HELD)
    return judged
