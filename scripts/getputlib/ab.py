# SPDX-License-Identifier: MIT
"""`getput ab BIN_A BIN_B`: two binaries in one interleaved plan, then their comparison.

The processes of both alternate, and which one is first is drawn anew for each pair, so that drift
of the machine meets both alike. DIR/a and DIR/b are ordinary results directories, except that an
interrupted pair goes on as a pair: `ab A B --resume DIR` takes the batches that either side lacks in
turn, and `run --resume DIR/a` refuses, because it would measure one side hours after the other. Only
the two processes that the interruption met are then apart in time.
"""
import argparse
import platform
import random
import shlex
import sys
import time
from pathlib import Path

from . import compare, environment, machine_lock, progress, resume
from .bench import Bench
from .errors import EXIT_OK, REPORTS, bad_request, note
from .plan import duration, make_plan, plan_lines
from .run_command import asked_selection, check_space
from .runner import Signals
from .selection import bench_flags, select_cells
from .session import Session, recorded
from .store import ENV, PLAN, Ledger, RunDirectory, new_manifest

SIDES = ("a", "b")


def default_directory():
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return REPORTS / "runs" / f"{stamp}-{platform.node() or 'host'}-ab"


def shared_cells(listings, selection):
    """(cells of A, cells of B, remarks): the selected cells that both binaries can measure, and what only one can."""
    chosen = [select_cells(listing, selection) for listing in listings]
    names = [{cell["name"] for cell in cells if cell["possible"]} for cells, _ in chosen]
    both = names[0] & names[1]
    if not both:
        raise bad_request("the two binaries have no selected cell in common; compare `getput list --tree --bench` of both")
    remarks = [*dict.fromkeys(remark for _, told in chosen for remark in told)]
    remarks += [f"{len(own - both)} cells are measured by binary {side} alone and are left out"
                for side, own in zip("AB", names) if own - both]
    return *([cell for cell in cells if cell["name"] in both] for cells, _ in chosen), remarks


def make_plans(benches, selection, seed, flags):
    """The plans of both binaries: the same trials in the same order."""
    listings = [bench.list() for bench in benches]
    cells_a, cells_b, remarks = shared_cells(listings, selection)
    batch_cells = min(listing.get("batch_cells") or 48 for listing in listings)
    plans = [make_plan({**listing, "batch_cells": batch_cells}, cells, selection, seed, remarks, flags)
             for listing, cells in zip(listings, (cells_a, cells_b))]
    shorter = min(plans, key=lambda plan: (plan["run"]["trials_per_cell"], plan["slices_ms"]))
    for plan in plans:  # estimates may differ between the binaries; the extent must not
        plan.update({key: shorter[key] for key in ("trials", "slices_ms")})
        plan["run"].update({key: shorter["run"][key] for key in ("trials_per_cell", "rounds", "promised", "batches", "estimated_s")})
        plan["run"]["pair"] = True
    return plans


def start(arguments):
    """[Session of A, Session of B] with their directories written; None when only the plan was asked for."""
    if arguments.resume:
        return _continued(arguments)
    path = Path(arguments.out or default_directory())
    selection = asked_selection(arguments)
    flags = bench_flags(selection)
    benches = [Bench.find(binary, flags) for binary in (arguments.first, arguments.second)]
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    plans = make_plans(benches, selection, seed, flags)
    for line in plan_lines(plans[0], path):
        note(line)
    note(f"  twice, for the binaries A and B: about {duration(2 * plans[0]['run']['estimated_s'])}")
    if arguments.dry_run:
        return None
    RunDirectory.refuse_used(path)
    return [_session(bench, plan, path / side, arguments) for bench, plan, side in zip(benches, plans, SIDES)]


def _session(bench, plan, path, arguments):
    # Which of two given binaries belongs to this checkout, if any, is not a question here.
    record = {**environment.record(bench), "stale": None}
    directory = RunDirectory.create(path)
    check_space(directory, plan)
    directory.write_json(PLAN, plan)
    directory.write_json(ENV, record)
    return Session((bench, directory, plan, new_manifest(sys.argv[1:]), Ledger(plan["max_attempts"]), record), arguments,
                   resume_command(arguments, path.parent))


def resume_command(arguments, folder):
    return "scripts/getput ab " + " ".join(map(shlex.quote, (arguments.first, arguments.second, "--resume", str(folder))))


def _continued(arguments):
    """[Session of A, Session of B] of an interrupted pair; None when only the plans were asked for."""
    folder = Path(arguments.resume)
    halves = [folder / side for side in SIDES]
    if not all(half.is_dir() and resume.pair_of(half) for half in halves):
        raise bad_request(f"{folder} holds no pair of `getput ab`: it needs the results directories a and b of one")
    plans = [RunDirectory.look(half).read_json(PLAN) for half in halves]
    if plans[0]["trials"] != plans[1]["trials"]:
        raise bad_request(f"{folder}/a and {folder}/b are not halves of one pair: their trials differ")
    started = []
    for bench, half in zip((arguments.first, arguments.second), halves):
        options = {"bench": bench, "resume": str(half), "out": None, "until_width": None, "max_trials": None}
        started.append(resume.start(argparse.Namespace(**{**vars(arguments), **options})))
    if arguments.dry_run:
        return None
    return [Session(one, arguments, resume_command(arguments, folder)) for one in started]


class _Shared:
    """One display for both runners: each shows its own half of the work."""

    def __init__(self):
        self.inner, self.halves = None, {}

    def of(self, side):
        def make(total, work, deadline):
            self.inner = self.inner or progress.start(2 * total, 2 * work, deadline)
            self.halves[side] = (0, 0.0)
            return _Half(self, side)
        return make


class _Half:
    def __init__(self, shared, side):
        self.shared, self.side = shared, side

    def update(self, done, work_done, doing):
        self.shared.halves[self.side] = (done, work_done)
        trials, work = (sum(column) for column in zip(*self.shared.halves.values()))
        self.shared.inner.update(trials, work, f"{self.side} {doing}")

    def say(self, text):
        self.shared.inner.say(f"{self.side}: {text}")

    def close(self):
        if self.shared.inner is not None:
            self.shared.inner.close()
            self.shared.inner = None


def measure(sessions, alongside):
    """Both plans, a process of one and a process of the other in turn. Raises GetputError."""
    lock = machine_lock.acquire(sessions[0].directory.path.parent, alongside)
    chance = random.Random(sessions[0].plan["seed"])
    try:
        for session in sessions:
            session.begin(lock.other)
        with Signals() as signals, recorded(sessions, signals):
            for session in sessions:
                session.prepare(signals)
            _interleave([session.runner() for session in sessions], chance, signals)
    finally:
        lock.release()


def _interleave(runners, chance, signals):
    shared = _Shared()
    for runner in runners:
        if runner.deadline is not None:  # the profile's time is for one binary
            runner.deadline += runner.deadline - runner.started
    try:
        numbers = [runner.begin(shared.of(side), signals) for side, runner in zip(SIDES, runners)]
        for number in sorted(set().union(*numbers)):
            for runner in chance.sample(runners, len(runners)):
                runner.step(number)
    finally:
        for runner in runners:
            runner.finish()


def command(arguments):
    """The exit code of `compare`; 128 + signal when interrupted (resumable); that of a run which did not keep its promise."""
    sessions = start(arguments)
    if sessions is None:
        return EXIT_OK
    try:
        measure(sessions, arguments.alongside)
    finally:
        for session in sessions:
            session.directory.close()
    folder = sessions[0].directory.path.parent
    if sessions[0].stop is not None and sessions[0].stop.state == "interrupted":
        note(f"interrupted; continue with: {sessions[0].continued_by}")
        return 128 + sessions[0].received
    worst = EXIT_OK
    for side, session in zip(SIDES, sessions):
        code, lines = session.judge()
        worst = max(worst, code)
        for line in lines:
            note(f"getput: {side}: {line}")
    directories = {name: str(folder / side) for name, side in zip(("first", "second"), SIDES)}
    # Everything that was measured is compared: the selection has been made.
    asked = argparse.Namespace(**{**vars(arguments), **directories, "scheme": None, "workload": None, "threads": None})
    compared = compare.command(asked)
    note(f"results: {folder}/a, {folder}/b")
    return worst or compared
