# SPDX-License-Identifier: MIT
"""Which scheme should I use? A table made of contracts and of this run's measurements, of nothing else.

It answers what Andrew Morton asked when percpu_ref was proposed: under which circumstances should a
subsystem use it? The rules are QUESTIONS: each names what SchemeInfo has to promise (`require`: a key
and the value, or the values, that will do) and what the schemes that are left are ranked by. No
scheme is named anywhere. A control, a scheme that protects nothing or cannot be removed, one that is
not available here and one that the oracle found WRONG in this run are never advised.

Ranked by a measured value, the answer is the set of schemes that may be the best (stats.best_subset):
it contains the scheme that is truly the best with 95 % probability, however many are compared. A set
of one is "use"; a larger one is a tie, "cannot tell". The smallest of many noisy medians alone never
decides.
Pairs that were timed inside a session are cheap only for a caller who has what the session stands for
anyway. Where such a scheme is among the best, a further answer leaves these out. Where the cost that
ranks is computed and equal, a further one ranks by a pair.
"""
import math
from dataclasses import dataclass, field

from . import contract, footprint, stats
from .figures.pairs import basic_rows, handed_rows
from .figures.removal import busiest_rows
from .results import WRONG
from .summary import number, short_time

ALONE, CROWD, HANDED, DRAINED, MILLION = "alone", "crowd", "handed", "drained", "million"
PAIRS = (ALONE, CROWD)


@dataclass(frozen=True)
class Question:
    """A circumstance: the promises it asks for, and what then decides."""

    asked: str
    require: dict = field(default_factory=dict)
    rank: tuple = PAIRS


QUESTIONS = (
    Question("Calls are short: who gets also puts, and does not sleep in between"),
    Question("Another thread may put: the reference is handed over", {"put_on_other_thread": True}, (HANDED, *PAIRS)),
    Question("The holder may sleep", {"hold_across_sleep": True}),
    Question("References live in objects: any thread puts them, on any CPU, whenever, and who holds one may take more", {
        "put_on_other_thread": True, "put_on_other_cpu": True, "hold_across_sleep": True, "shared_by_threads": True,
        "get_while_going": True}),
    Question("All threads use one object", {"shared_by_threads": True}, (CROWD,)),
    Question("There are a million objects", {"shared_by_threads": True}, (MILLION,)),
    Question("Removal is decided at once, and an attempt that fails refuses nobody", {
        "try_stop": True, "spurious_failure": False}),
    Question("A device or a module: any thread puts, holders sleep and take more, removal is decided at once and refuses nobody if it fails", {
        "put_on_other_thread": True, "hold_across_sleep": True, "try_stop": True, "spurious_failure": False,
        "get_while_going": True}),
    Question("Nobody may come in after stop", {"certain_after_stop": True}),
    Question("The object is freed as soon as it is drained", {"destroy_when_drained": True}),
    Question("The module has to be gone soon", {}, (DRAINED,)),
    Question("Too many references must not make the count wrong", {"overflow": ("sum_wraps", "saturates", "no_counter")}),
    Question("Somebody acts on the count", {"count": ("exact",)}),
    Question("Get and put may not wait for another thread", {
        "get_progress": ("wait_free", "lock_free"), "put_progress": ("wait_free", "lock_free")}),
    Question("There is neither rseq nor membarrier", {"needs_rseq": False, "needs_membarrier": False}),
    Question("Threads come and go, and cannot be registered", {"needs_registration": False}),
    Question("The process forks while other threads get and put, and the child goes on", {"fork_any_moment": True}),
)


@dataclass(frozen=True)
class Value:
    """A median with its interval and the process values behind it, or a computed value, which has neither."""

    estimate: stats.Interval
    values: tuple = ()
    computed: bool = False

    @classmethod
    def measured(cls, values):
        return cls(stats.interval(values), tuple(values))

    @classmethod
    def exact(cls, value):
        return cls(stats.Interval(value, None, None, 0, stats.NONE), computed=True)

    @property
    def middle(self):
        return self.estimate.point


def keeps(scheme, require):
    """Does a scheme promise all of it? What it does not tell it does not promise."""
    return all(
        scheme.get(key) in wanted if isinstance(wanted, tuple) else scheme.get(key) is wanted for key, wanted in require.items())


def filter_text(require):
    """The promises in the words of the contract table."""
    words = []
    for key, wanted in require.items():
        column = contract.BY_KEY[key]
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        words.append(f"{column.heading}: " + " or ".join(contract.word({key: value}, column) for value in values))
    return "; ".join(words) or "nothing more"


class Measured:
    """What this run knows of each scheme: {measure: {scheme: Value}}, and what each measure is called."""

    def __init__(self, results):
        pairs = [row for row in basic_rows(results) if row.shown]
        self.threads = max((row.threads for row in pairs), default=1)
        self.sessions = {row.scheme for row in pairs if row.in_session}
        million = footprint.here(results, 1_000_000)
        self.by = {
            ALONE: {row.scheme: _ratio(row) for row in pairs if row.threads == 1 and row.ratio("plain")},
            CROWD: {row.scheme: _ratio(row) for row in pairs if row.threads == self.threads > 1 and row.ratio("plain")},
            HANDED: {row.scheme: _ratio(row) for row in handed_rows(results)
                     if row.shown and row.threads == self.threads and row.ratio("plain")},
            DRAINED: {row.scheme: Value.measured(values) for row in busiest_rows(results) if (values := row.metric("drained_ns_p50"))},
            MILLION: {name: Value.exact(total) for name, scheme in results.schemes.items()
                      if (total := footprint.total(scheme, million)) is not None},
        }
        self.heading = {
            ALONE: "a pair, 1 thread, / plain", CROWD: f"a pair, {self.threads} threads on one object, / plain",
            HANDED: f"a pair handed over, {self.threads} threads, / plain", DRAINED: "stop to drained", MILLION: "a million objects",
        }

    def text(self, measure, name):
        """Value and interval of a scheme, or a dash."""
        value = self.by[measure].get(name)
        if value is None:
            return "-"
        show = {MILLION: footprint.size, DRAINED: short_time}.get(measure, number)
        dagger = "† " if measure in PAIRS and name in self.sessions else ""
        return dagger + (show(value.middle) if value.computed else value.estimate.text(show))

    def ranked(self, measure, names):
        """Names by their median, those without one last."""
        found = self.by[measure]
        return sorted(names, key=lambda name: (name not in found, found[name].middle if name in found else 0.0, name))


def _ratio(row):
    return Value.measured(row.ratios("plain"))


def _may_be_best(values):
    """The names among which the best is; of computed values exactly the smallest."""
    if all(value.computed for value in values.values()):
        least = min(value.middle for value in values.values())
        return [name for name, value in values.items() if value.middle == least]
    return stats.best_subset({name: [math.log(one) for one in value.values] for name, value in values.items()})


def verdict(measured, measure, names):
    """(word, names): the one scheme, the ones that are tied for the best, or none."""
    known = [name for name in measured.ranked(measure, names) if name in measured.by[measure]]
    if not known:
        return "not measured", []
    values = {name: measured.by[measure][name] for name in known}
    best = set(_may_be_best(values))
    tied = [name for name in known if name in best]
    if len(tied) == 1:
        return "use", tied
    return ("equal" if values[tied[0]].computed else "cannot tell"), tied


def candidates(results):
    """(schemes that may be advised, why others were not: {reason: names})."""
    wrong = {row.scheme for row in results.with_verdict(WRONG)}
    left, out = [], {}
    for name, scheme in sorted(results.schemes.items()):
        reason = None
        if scheme["control"] or not scheme["safe"] or not scheme.get("removal"):
            reason = "controls, and what protects nothing or cannot be removed"
        elif contract.is_peer(scheme):
            reason = "another project's code, which this one does not install"
        elif not scheme["available"]:
            reason = "not available here"
        elif name in wrong:
            reason = "found WRONG in this run"
        if reason:
            out.setdefault(reason, []).append(name)
        else:
            left.append(scheme)
    return left, out


def _answer(measured, measure, names, heading="{}"):
    word, chosen = verdict(measured, measure, names)
    if word == "equal":
        text = f"{measured.text(measure, chosen[0])} each with {', '.join(chosen)}"
    else:
        text = ", ".join(f"{name} {measured.text(measure, name)}" for name in chosen[:4])
        text += f", and {len(chosen) - 4} more" if len(chosen) > 4 else ""
    return {"by": heading.format(measured.heading[measure]), "word": word, "text": text, "names": chosen}


def _answers(measured, measure, names):
    """The answer by one measure, and what has to be said besides (see above)."""
    first = _answer(measured, measure, names)
    yield first
    if first["word"] == "equal" and measured.by[ALONE]:
        yield from _answers(measured, ALONE, first["names"])
    alone = [name for name in names if name not in measured.sessions]
    if measure in PAIRS and len(alone) > 0 and measured.sessions.intersection(first["names"]):
        yield _answer(measured, measure, alone, "{}, without a session")


def _when(rows, left):
    """The same the other way round: [(scheme, numbers of the questions it answers, of those where it may be the best)]."""
    found = []
    for scheme in left:
        alone = [number for number, row in enumerate(rows, 1)
                 if any(answer["names"] == [scheme["name"]] for answer in row["answers"])]
        among = [number for number, row in enumerate(rows, 1) if number not in alone
                 and any(scheme["name"] in answer["names"] for answer in row["answers"])]
        found.append((scheme["name"], alone, among))
    return sorted(found, key=lambda one: (-len(one[1]), -len(one[2]), one[0]))


def _row(question, measured, left, columns):
    names = [scheme["name"] for scheme in left if keeps(scheme, question.require)]
    rank = [measure for measure in question.rank if measure not in (CROWD, HANDED) or measured.threads > 1]
    ranked = measured.ranked(rank[0], names) if rank else sorted(names)
    return {
        "asked": question.asked, "filter": filter_text(question.require), "left": len(names), "same": None,
        "answers": [answer for measure in rank for answer in _answers(measured, measure, names)] if names else [],
        "ranking": [[name, *[measured.text(measure, name) for measure in columns]] for name in ranked],
    }


def _refer_back(rows):
    """A row whose ranking and answers are those of an earlier one says so instead of repeating it."""
    for number, row in enumerate(rows):
        alike = (earlier for earlier in range(number) if row["answers"] and rows[earlier]["same"] is None
                 and (rows[earlier]["ranking"], rows[earlier]["answers"]) == (row["ranking"], row["answers"]))
        row["same"] = next((earlier + 1 for earlier in alike), None)


def table(results):
    """Everything that the report shows: questions with their answers, and each question's ranking."""
    measured = Measured(results)
    left, out = candidates(results)
    columns = [key for key in (ALONE, CROWD, HANDED, DRAINED, MILLION) if measured.by[key]]
    rows = [_row(question, measured, left, columns) for question in QUESTIONS]
    _refer_back(rows)
    when = _when(rows, left)
    return {"rows": rows, "when": [one for one in when if one[1] or one[2]],
            "never": [name for name, alone, among in when if not alone and not among],
            "session": contract.SESSION if measured.sessions else None, "columns": [measured.heading[key] for key in columns],
            "of": len(left), "left_out": [(reason, ", ".join(names)) for reason, names in out.items()]}
