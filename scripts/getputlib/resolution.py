# SPDX-License-Identifier: MIT
"""`getput resolution`: does this build, on this machine, find 2 ns per packet that were planted, and none where none were?

The cell is netpath's level 0 against level 0, whose two arms run the same code. A run measures it in several processes;
in half of the runs the binary spins planted_ns more per packet in one arm. docs/methodology.md explains the bounds.
"""
import json
import math
import random
from dataclasses import dataclass

import numpy

from . import netpath_check, stats
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_OK, EXIT_UNDERPOWERED, GetputError, bad_request, environment_error, note
from .plan import duration
from .targeted import describe, find_cell, make_targeted_plan, results_directory, run_plan
from .words import counted

SCHEMA = "getput.resolution/1"
CONFIDENCE = 0.99  # of one run: 20 runs without a shift then exceed one false alarm with a probability below 2 %
EXCEPTION_RATE = 1.0 - CONFIDENCE  # how often a sound run may miss a shift, or see one that is not there
RISK = 0.05  # of failing a sound build
ERRORS_WIDE = 3.0  # standard errors by which --widen may raise the bound of one run
TRIALS = 8
PASSED, FAILED, CANNOT_TELL = "passed", "failed", "cannot tell"


@dataclass(frozen=True)
class Run:
    """One run of the cell: per process the difference of the two arms and its standard error there, in ns per packet."""

    planted_ns: float
    differences: tuple
    errors: tuple
    widened: bool = False

    @property
    def mean(self):
        return sum(self.differences) / len(self.differences)

    @property
    def half_width(self):
        """Of the t interval at CONFIDENCE: the range of 8 values is the narrowest order-statistic interval of 99 %."""
        return half_width(self.differences)

    @property
    def bound(self):
        """A shift up to here is not told from none: what level 0 against level 0 may show."""
        inside = math.sqrt(sum(error * error for error in self.errors)) / len(self.errors)
        return max(netpath_check.AA_BOUND_NS, ERRORS_WIDE * inside if self.widened else 0.0)

    @property
    def found(self):
        """The report's rule: the interval excludes 0 and the mean is beyond the bound."""
        return abs(self.mean) > max(self.half_width, self.bound)

    def blind_to(self, shift_ns):
        """True when a shift of this size could not be relied upon to be found: its interval would reach the bound."""
        return self.half_width > shift_ns - self.bound


def half_width(values):
    """Half the t interval of the mean of independent values at CONFIDENCE."""
    error = float(numpy.var(values, ddof=1)) / len(values)
    low, high = stats.Difference.total(0.0, [(error, len(values) - 1)]).bounds(CONFIDENCE)
    return (high - low) / 2.0


def exceptions_allowed(runs):
    """The fewest exceptions that a sound build exceeds with a probability of at most RISK: 1 of 20 runs, 0 of up to 5."""
    below = 0.0
    for count in range(runs + 1):
        below += math.comb(runs, count) * EXCEPTION_RATE ** count * (1.0 - EXCEPTION_RATE) ** (runs - count)
        if 1.0 - below <= RISK:
            return count
    return runs


@dataclass(frozen=True)
class Judgement:
    """What all runs together show. `told` are the runs that could have seen the shift (all of them without --widen)."""

    shift_ns: float
    planted: list
    zero: list
    missed: int
    false_alarms: int
    allowed_missed: int
    allowed_false: int
    told: int
    verdict: str


def judge(runs, shift_ns):
    planted = [run for run in runs if run.planted_ns > 0.0]
    zero = [run for run in runs if run.planted_ns == 0.0]
    told = [run for run in planted if not (run.widened and run.blind_to(shift_ns))]
    missed, false_alarms = sum(not run.found for run in told), sum(run.found for run in zero)
    allowed_missed, allowed_false = exceptions_allowed(len(told)), exceptions_allowed(len(zero))
    pooled = Run(0.0, tuple(value for run in zero for value in run.differences),
                 tuple(error for run in zero for error in run.errors), widened=True)
    if missed > allowed_missed or false_alarms > allowed_false or pooled.found:
        verdict = FAILED
    else:
        verdict = PASSED if 2 * len(told) >= len(planted) else CANNOT_TELL
    return Judgement(shift_ns, planted, zero, missed, false_alarms, allowed_missed, allowed_false, len(told), verdict)


def read_run(results, planted_ns, widened):
    """The Run of a results directory; an error when the binary did not do what the plan asked for."""
    (row,) = results.rows
    trials = [trial for trial in row.kept if trial.get("difference")]
    if len(row.kept) < stats.LEAST_FOR_CONFIDENCE:
        raise GetputError(f"cannot tell: {len(row.kept)} of {results.plan['run']['trials_per_cell']} trials were kept "
                          f"({row.rejected} attempts rejected): end what else runs on this machine", EXIT_UNDERPOWERED)
    if len(trials) < len(row.kept):
        raise environment_error("the binary wrote no differences of time slices for netpath at L0: rebuild with scripts/run")
    if wrong := [trial["difference"]["planted_ns"] for trial in trials if trial["difference"]["planted_ns"] != planted_ns]:
        raise environment_error(f"the binary planted {wrong[0]:g} ns, not {planted_ns:g} ns: rebuild with scripts/run")
    errors = row.per_process(lambda trial: trial["difference"]["se_ns"])
    return Run(planted_ns, tuple(row.added()), tuple(errors), widened)


def measure(bench, arguments, path):
    """Pairs of runs, one with and one without the shift, in random order within each pair."""
    listing = bench.list()
    cell = find_cell(listing, "netpath", "none", level="L0", threads=arguments.threads)
    if cell is None or not cell["possible"]:
        raise environment_error(f"this binary has no netpath cell of level 0 with {arguments.threads} workers: rebuild with scripts/run")
    record, chance, runs = describe(bench), random.Random(arguments.seed), []
    for number in range(arguments.runs):
        for planted_ns in chance.sample((0.0, arguments.planted), 2):
            plan = make_targeted_plan(listing, [cell], arguments.trials or TRIALS, chance.randrange(1 << 32),
                                      planted_ns=planted_ns, slices_ms=arguments.slices_ms)
            if not runs:
                note(f"getput resolution: {cell['name']}")
                note(f"getput resolution: 2 x {arguments.runs} runs of {len(plan['trials'])} processes, "
                     f"about {duration(2 * arguments.runs * plan['run']['estimated_s'])}")
            kind = "planted" if planted_ns else "zero"
            results = run_plan(bench, plan, path / f"{number:02}-{kind}", record)
            if failed := next((row for row in results.rows if row.wrong or row.crash), None):
                raise GetputError(f"{failed.cell['name']}: {failed.verdict}: {failed.detail()}", EXIT_BAD_RESULT)
            runs.append(read_run(results, planted_ns, arguments.widen))
    return runs


def _pooled(runs):
    """`2.03 ns +- 0.05 (n = 160)` over the processes of all runs."""
    values = [value for run in runs for value in run.differences]
    return f"{sum(values) / len(values):.2f} ns +- {half_width(values):.2f} (n = {len(values)})"


def lines(found):
    shift, count = found.shift_ns, len(found.zero)
    blind = len(found.planted) - found.told
    beside = f", {counted(blind, 'run')} too noisy to tell" if blind else ""
    yield (f"planted +{shift:g} ns: found in {found.told - found.missed} of {found.told} "
           f"(at most {found.allowed_missed} may be missed){beside}")
    yield f"planted +0 ns: found in {found.false_alarms} of {count} (at most {found.allowed_false} may be)"
    yield (f"measured: +{shift:g} ns as {_pooled(found.planted)}, +0 ns as {_pooled(found.zero)}, "
           f"{100 * CONFIDENCE:g} % intervals over processes")
    processes = [value for run in found.zero for value in run.differences]
    inside = sum(abs(value) <= netpath_check.AA_BOUND_NS for value in processes)
    yield (f"L0 against L0 in each process: {inside} of {len(processes)} within {netpath_check.AA_BOUND_NS} ns of 0, "
           f"the farthest at {max(processes, key=abs):.2f} ns")
    yield f"resolution: {found.verdict}"


def _document(found):
    def entry(run):
        return {"planted_ns": run.planted_ns, "mean_ns": run.mean, "half_width_ns": run.half_width, "bound_ns": run.bound,
                "found": run.found, "processes_ns": list(run.differences)}

    return {
        "schema": SCHEMA, "shift_ns": found.shift_ns, "confidence": CONFIDENCE, "verdict": found.verdict,
        "planted": {"runs": len(found.planted), "told": found.told, "found": found.told - found.missed,
                    "missed_allowed": found.allowed_missed},
        "zero": {"runs": len(found.zero), "found": found.false_alarms, "found_allowed": found.allowed_false},
        "runs": [entry(run) for run in (*found.planted, *found.zero)],
    }


def command(arguments):
    """Exit 1 when shifts are missed or imagined too often, 4 when the machine is too noisy to tell."""
    if arguments.check_run is not None:
        return netpath_check.command(arguments)
    if (arguments.trials or TRIALS) < stats.LEAST_FOR_CONFIDENCE:
        raise bad_request(f"--trials {arguments.trials}: a run needs {stats.LEAST_FOR_CONFIDENCE} processes for an interval")
    bench = Bench.find(arguments.bench)
    with results_directory(arguments.out) as path:
        found = judge(measure(bench, arguments, path), arguments.planted)
    print(json.dumps(_document(found), indent=1, allow_nan=False) if arguments.json else "\n".join(lines(found)))
    return {PASSED: EXIT_OK, FAILED: EXIT_BAD_RESULT, CANNOT_TELL: EXIT_UNDERPOWERED}[found.verdict]
