# SPDX-License-Identifier: MIT
"""Can I trust this run? One line for the first screen, and a table: rejected, disturbed, load, the A/A control, copies, controls."""
from collections import Counter

from . import environment, headline, setting, stats
from .row import CONTROLS
from .stats import LEAST_FOR_CONFIDENCE
from .words import counted, number

BUSY_LOAD_SHARE = 0.5  # load per CPU at the start above which other programs compete for the CPUs
LEAST_KEPT_SHARE = 0.8
RUN_WAIT_SHARE = 0.01  # of the timed wall time of all workers
LONG_GAP_NS = 50_000
STEAL_SHARE_PERCENT = 0.5
INTERRUPT_FACTOR, LEAST_INTERRUPTS = 3.0, 50  # times the usual rate, and that many more than usual


def _interrupt_rate(trial):
    """Interrupts per ns of the timed windows; None where they were not recorded."""
    count = (trial.get("covariates") or {}).get("interrupts")
    return count / trial["wall_ns"] if count is not None and trial["wall_ns"] else None


def _interrupted(trial, usual_rate):
    """True when a trial took far more interrupts than its workload usually does."""
    rate = _interrupt_rate(trial)
    if not rate or not usual_rate:
        return False
    return rate > INTERRUPT_FACTOR * usual_rate and (rate - usual_rate) * trial["wall_ns"] > LEAST_INTERRUPTS


def disturbances(trial, usual_rate=None):
    """The names of what disturbed a valid trial, by its covariates; None where the trial has none (getput.trial/1).

    `usual_rate` is the median number of interrupts per ns of the workload.
    """
    seen = trial.get("covariates")
    if seen is None:
        return None
    threads = max(len(trial["placement"]["pus"]), 1)
    waited = (seen.get("run_wait_ns") or 0) > RUN_WAIT_SHARE * trial["wall_ns"] * threads
    return [name for name, disturbed in (
        ("run-queue wait", waited), ("voluntary switch", seen.get("voluntary_switches")), ("major fault", seen.get("major_faults")),
        ("steal", seen.get("steal_ms")), ("clock gap", (seen.get("clock_gap_max_ns") or 0) > LONG_GAP_NS),
        ("interrupts", _interrupted(trial, usual_rate)),
    ) if disturbed]


def _disturbed(trials):
    """(disturbed trials, Counter of causes); None where no trial has covariates."""
    usual = stats.median([rate for trial in trials if (rate := _interrupt_rate(trial)) is not None])
    found = [causes for trial in trials if (causes := disturbances(trial, usual)) is not None]
    if not found:
        return None
    return sum(bool(causes) for causes in found), Counter(cause for causes in found for cause in causes)


def _percent(part, whole):
    return f"{100.0 * part / whole:.1f} %" if whole else "-"


def _counts(counter):
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "-"


def workloads(results):
    """A row per workload: kept, rejected with share and reasons, valid but disturbed with share and causes."""
    table = []
    for workload, (kept, rejected, reasons) in sorted(results.rejected_by_reason().items()):
        disturbed = _disturbed([trial for row in results.of(workload) for trial in row.kept])
        shown = ("not recorded", "-") if disturbed is None else (
            f"{disturbed[0]} ({_percent(disturbed[0], kept)})", _counts(disturbed[1]))
        table.append((workload, kept, f"{rejected} ({_percent(rejected, kept + rejected)})", _counts(reasons), *shown))
    return table


def control_intervals(results):
    """[(workers, placement, setting, Interval)] of level 0 against level 0: the difference is 0 by construction."""
    rows = [row for row in results.of("netpath", level=headline.BASELINE) if row.shown and row.added()]
    return [(row.threads, row.place, setting.of(row), stats.interval(row.added())) for row in rows]


def _load(results, when):
    snapshot = results.env["load"].get(when)
    return snapshot["loadavg"][0] if snapshot and snapshot.get("loadavg") else None


def _covariate(results, name):
    return [value for row in results.rows for trial in row.kept if (value := (trial.get("covariates") or {}).get(name)) is not None]


def _copies(results):
    """Standard deviations over compiled copies, ns per operation, of the cells that have them."""
    return [value for row in results.rows if row.shown and (value := row.difference("copy_sd_ns")) is not None]


def facts(results):
    """(name, text) rows below the table."""
    cpus = len(results.env["machine"]["allowed_cpus"])
    before, after = (_load(results, when) for when in ("before", "after"))
    told = ["not recorded" if value is None else f"{value:.1f}" for value in (before, after)]
    yield "load", f"{told[0]} before, {told[1]} after, on {counted(cpus, 'CPU')}"
    settled = _covariate(results, "settle_ms")
    yield "settling wait", (f"median {number(stats.median(settled))} ms, longest {number(max(settled))} ms" if settled else "not recorded")
    for group in results.sharing.groups.values():
        yield "cores", group.text()
        for of, (alone, every) in group.baseline_alone.items():
            where = ", ".join(filter(None, (setting.words(of), counted(group.threads, "worker"), group.place)))
            yield f"L0 with the cores alone, {where}", f"{number(alone)} ns per packet; {number(every)} in all slices"
    steal = environment.steal_percent(results.env["load"])
    yield "stolen time", "not readable" if steal is None else f"{steal:.2f} % of the CPU time of the run"
    controls = control_intervals(results)
    for threads, place, of, interval in controls:
        where = ", ".join(filter(None, (setting.words(of), counted(threads, "worker"), place)))
        yield f"L0 against L0, {where}", f"{interval.text()} ns per packet; 0 by construction"
    if not controls:
        yield "L0 against L0", "not measured"
    copies = _copies(results)
    yield "compiled copies", (f"standard deviation per cell: median {number(stats.median(copies))}, largest {number(max(copies))} ns per operation"
                              if copies else "not recorded")
    for threads in sorted({row.threads for row in results.rows if row.kept}):
        rows = [row for row in results.rows if row.threads == threads]
        values = {name: stats.median([value for row in rows if (value := row.control_ns(name)) is not None]) for name in CONTROLS}
        known = ", ".join(f"{name} {number(value)}" for name, value in values.items() if value is not None)
        yield f"controls, {counted(threads, 'thread')}", f"{known} ns" if known else "not recorded"


def table(results):
    return {"headings": ("workload", "kept", "rejected", "reasons", "valid but disturbed", "causes"), "rows": workloads(results),
            "facts": list(facts(results))}


def _trials(results):
    """n of the numbers that are shown."""
    counts = sorted({row.estimate.n for row in results.rows if row.shown})
    if not counts:
        return False, "no number in this run"
    span = str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"
    enough = counts[0] >= LEAST_FOR_CONFIDENCE
    few = sum(row.estimate.n < LEAST_FOR_CONFIDENCE for row in results.rows if row.shown)
    return enough, f"n={span} per number" + ("" if enough else f"; {counted(few, 'number')} with fewer than {LEAST_FOR_CONFIDENCE} have a range, no 95 % interval")


def _biased(results, paths):
    """[(setting, Interval)] of the controls of these paths whose mean is not 0, corrected after Holm for their number."""
    shown = [(of, row.added()) for row in headline.measured(results) if row.params.get("level") == headline.BASELINE
             for of in [setting.of(row)] if any(row.place == path.group[0] and setting.same_path(of, path.group[1]) for path in paths)]
    tested = [(of, values) for of, values in shown if len(values) >= LEAST_FOR_CONFIDENCE]
    tests = stats.holm([stats.Difference.sum_of([(1.0, dict(enumerate(values)))]).p() for _, values in tested])
    return [(of, stats.interval(values)) for (of, values), p in zip(tested, tests) if p < 1.0 - stats.CONFIDENCE]


def _control(results, paths):
    known = [(path, threads, bound) for path in paths for threads in path.extremes if (bound := path.bound(threads)) is not None]
    if not known:
        return False, "L0 against L0 not measured: the resolution of this run is unknown"
    if biased := _biased(results, paths):
        where = f" ({setting.words(biased[0][0])})" if setting.words(biased[0][0]) else ""
        return False, f"L0 against L0 is not 0{where}: {biased[0][1].text()} ns; every difference may be off by as much"
    named = [(f"{path.words}, " if path.words and len(paths) > 1 else "") + counted(threads, "worker") for path, threads, _ in known]
    return True, "L0 against L0 within " + ", ".join(f"{number(bound)} ns ({name})" for name, (_, _, bound) in zip(named, known))


def line(results, paths):
    """[(good, text)]: what a reader has to know before believing a number, each computed from this run."""
    kept, rejected = (sum(parts) for parts in zip(*((len(row.kept), row.rejected) for row in results.rows)))
    cpus, before = len(results.env["machine"]["allowed_cpus"]), _load(results, "before")
    items = [_trials(results)]
    items.append((before is not None and before <= BUSY_LOAD_SHARE * cpus,
                  f"load {before:.1f} on {counted(cpus, 'CPU')} at the start" if before is not None else "load at the start not recorded"))
    share = kept / (kept + rejected) if kept + rejected else 0.0
    items.append((share >= LEAST_KEPT_SHARE, f"{100.0 * share:.0f} % of {counted(kept + rejected, 'attempt')} kept"))
    if results.of("netpath"):
        items.append(_control(results, paths))
    items += [(False, text) for text in results.all_dropped()]
    if results.env["machine"]["virtualisation"]["hypervisor"]:
        items.append((False, "virtual machine: the frequency and most of what neighbours do are not visible"))
    items += [(False, group.text()) for group in results.sharing.groups.values() if group.disturbed]
    steal = environment.steal_percent(results.env["load"])
    if steal is not None and steal > STEAL_SHARE_PERCENT:
        items.append((False, f"{steal:.1f} % of CPU time stolen by other virtual machines"))
    if results.manifest["state"] != "finished":
        items.append((False, f"not finished: {results.manifest['state']}"))
    items += [(False, remark) for remark in (*results.manifest["remarks"], *results.plan["run"]["remarks"])]
    return items
