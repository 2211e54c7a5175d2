# SPDX-License-Identifier: MIT
"""`getput dst-series`: Eric Dumazet's series of 2010, commit by commit, on this machine.

Each commit took one shared reference out of the transmit path. A cell of the workload dst_series measures the path before a commit
against the path after it, in time slices of the same process. What is compared with the published figures is the shape: which steps
cost something once several CPUs send, and in which order. Absolute times cannot agree: the published bench is a whole kernel on 16
threads and two sockets, this is the route's life alone. The last step is the null control: the same path in both arms.
"""
import json
from dataclasses import asdict, dataclass

from . import stats
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_OK, EXIT_UNDERPOWERED, GetputError, environment_error, note
from .plan import duration
from .row import added_of
from .words import aligned
from .targeted import describe, find_cell, make_targeted_plan, results_directory, run_plan

SCHEMA = "getput.dst_series/1"
WORKLOAD = "dst_series"
TRIALS = 8
PUBLISHED_THREADS = 16


@dataclass(frozen=True)
class Line:
    """A commit: what it took off a frame there, and what it takes off here with one and with all workers."""

    step: str
    commit: str
    removed: str
    published_before_us: float
    published_saved_us: float
    threads: int
    after_ns: float | None
    saved: stats.Interval | None

    @property
    def published_share(self):
        """The part of a frame's time that the commit saved, published; None for the control."""
        return self.published_saved_us / self.published_before_us if self.published_before_us else None

    @property
    def share(self):
        return None if self.saved is None else self.saved.point / (self.after_ns + self.saved.point)


def steps_of(listing):
    """The steps as the binary lists them."""
    for workload in listing["workloads"]:
        if workload["name"] == WORKLOAD:
            return workload["steps"]
    raise environment_error(f"the binary has no workload {WORKLOAD}; rebuild it: scripts/run --smoke")


def cells_of(listing, steps):
    """{(step, threads): cell} of one worker and of all."""
    all_threads = max(cell["params"]["threads"] for cell in listing["cells"] if cell["workload"] == WORKLOAD and cell["possible"])
    return {(step["id"], threads): find_cell(listing, WORKLOAD, "none", step=step["id"], threads=threads)
            for step in steps for threads in sorted({1, all_threads})}


def measured(results, steps, cells):
    rows = {row.cell["name"]: row for row in results.of(WORKLOAD)}
    for (step_id, threads), cell in cells.items():
        step = next(step for step in steps if step["id"] == step_id)
        row = rows.get(cell["name"])
        saved = row.per_process(added_of) if row else []
        after = row.per_process(lambda trial: (trial["difference"] or {}).get("baseline_ns")) if row else []
        yield Line(step_id, step["commit"], step["removed"], step["before_us"], step["before_us"] - step["after_us"], threads,
                   stats.median(after), stats.interval(saved) if saved else None)


def _text(line):
    published = ("-", "-") if line.published_share is None else (f"{line.published_saved_us:.2f}", f"{line.published_share:.0%}")
    here = ("-", "-", "-") if line.saved is None else (f"{line.after_ns:.1f}", line.saved.text(), f"{line.share:.0%}")
    return line.step, line.commit or "-", *published, str(line.threads), *here


def lines_of(found):
    header = ("step", "commit", "saved there us", "share", "workers", "after ns", "saved here ns", "share")
    yield from aligned([header, *map(_text, found)])
    threads = max(line.threads for line in found)
    yield (f"there: CPU time a frame, {PUBLISHED_THREADS} threads on two sockets (Linux commit messages of 2010); here: ns a frame of the "
           f"route's life alone, {threads} workers. What deviates: the number of CPUs, no qdisc, no socket, no copy of payload.")


def exit_code(found, results):
    if results.bad() or any(row.wrong is not None for row in results.of(WORKLOAD)):  # `none` is a control, which bad() passes over
        return EXIT_BAD_RESULT
    return EXIT_OK if all(line.saved is not None for line in found) else EXIT_UNDERPOWERED


def command(arguments):
    bench = Bench.find(arguments.bench)
    listing = bench.list()
    steps = steps_of(listing)
    cells = cells_of(listing, steps)
    if any(cell is None for cell in cells.values()):
        raise GetputError(f"the binary lists no cell for some steps of {WORKLOAD}", EXIT_BAD_RESULT)
    with results_directory(arguments.out) as path:
        plan = make_targeted_plan(listing, list(cells.values()), arguments.trials or TRIALS, arguments.seed)
        note(f"getput dst-series: {len(cells)} cells in {plan['run']['trials_per_cell']} processes each, about "
             f"{duration(plan['run']['estimated_s'])}")
        results = run_plan(bench, plan, path, describe(bench))
        found = list(measured(results, steps, cells))
        if arguments.json:
            print(json.dumps({"schema": SCHEMA, "steps": [{**asdict(line), "saved": line.saved and line.saved.record()}
                                                          for line in found]}, indent=1, allow_nan=False))
        else:
            print("\n".join(lines_of(found)))
    for line in results.closing_lines():
        note(line)
    return exit_code(found, results)
