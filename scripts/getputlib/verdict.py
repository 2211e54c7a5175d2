# SPDX-License-Identifier: MIT
"""How a run is judged when it ends: did it keep its promise, and if not, what was the cause?"""
from collections import Counter

from .errors import EXIT_BAD_RESULT, EXIT_ENVIRONMENT, EXIT_OK
from .words import counted

SHOWN_REASONS = 3
WORTH_A_REMARK = 0.1  # share of rejected attempts


def promised(plan):
    """Kept trials per cell below which a run has failed."""
    return plan["run"].get("promised") or plan["run"]["trials_per_cell"]


def missing_cells(plan, ledger, crashed=()):
    """{cell: kept trials} of planned cells below the promise; neither WRONG nor crashed cells, which are told by themselves."""
    kept = Counter(cell for cell, _ in ledger.kept)
    planned = {entry["cell"] for entry in plan["trials"]}
    return {cell: kept[cell] for cell in sorted(planned)
            if kept[cell] < promised(plan) and cell not in ledger.wrong and cell not in crashed}


def rejections_text(ledger):
    """`501 of 732 attempts rejected: involuntary_switch 480, migrated 21`; empty when none was."""
    kept, rejected = ledger.attempts()
    if not rejected:
        return ""
    reasons = ", ".join(f"{reason} {count}" for reason, count in ledger.reasons.most_common(SHOWN_REASONS))
    return f"{rejected:,} of {counted(kept + rejected, 'attempt')} rejected: {reasons}"


def load_text(load, cpus):
    """`load 4.0 on 2 CPUs` from the snapshots before and after; empty where there is no load average."""
    seen = [snapshot["loadavg"][0] for snapshot in (load.get("before"), load.get("after")) if snapshot and snapshot["loadavg"]]
    return f"load {max(seen):.1f} on {counted(cpus, 'CPU')}" if seen else ""


def judge(plan, ledger, state, load, cpus, crashed=()):
    """(exit code, lines) of a run that ended in order: 0 when every cell has its promised trials.

    1 when cells lack trials or most attempts were rejected; 3 when the machine let no cell reach its promise.
    """
    lacking = missing_cells(plan, ledger, crashed)
    kept, rejected = ledger.attempts()
    cause = "; ".join(filter(None, (rejections_text(ledger), load_text(load, cpus))))
    if not lacking:
        if rejected > kept:
            return EXIT_BAD_RESULT, [f"most attempts were lost: {cause}; end what else runs and measure again"]
        return EXIT_OK, []
    planned = {entry["cell"] for entry in plan["trials"]}
    text = f"{len(lacking)} of {counted(len(planned), 'cell')} lack the promised {counted(promised(plan), 'trial')}"
    if state == "cut":
        text += ", the run was cut at its deadline"
    text += f": {cause}" if cause else ""
    if rejected > kept and len(lacking) == len(planned):
        return EXIT_ENVIRONMENT, [f"{text}; this machine is too busy to measure: end what else runs"]
    return EXIT_BAD_RESULT, [text]


def remarks(ledger, load, cpus, quota=None):
    """What the report has to show beside the numbers: rejections, load, throttling."""
    kept, rejected = ledger.attempts()
    if rejected > WORTH_A_REMARK * (kept + rejected):
        yield f"{100.0 * rejected / (kept + rejected):.0f} % of the attempts were rejected ({rejections_text(ledger)})"
    before = (load.get("before") or {}).get("loadavg")
    if before and before[0] > 0.5 * cpus:
        yield f"other programs were running when the run began: load {before[0]:.1f} on {counted(cpus, 'CPU')}"
    periods = [(snapshot or {}).get("throttled") for snapshot in (load.get("before"), load.get("after"))]
    if all(periods) and periods[1]["periods"] > periods[0]["periods"]:
        yield (f"the control group throttled this run in {periods[1]['periods'] - periods[0]['periods']} periods"
               + (f" (quota {quota:g} CPUs)" if quota else ""))
