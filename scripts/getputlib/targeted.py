# SPDX-License-Identifier: MIT
"""A run of exactly the cells that a check needs: the ordinary plan, runner and results directory, without a profile's grid."""
import contextlib
import random
import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from . import environment, setting
from .errors import EXIT_ENVIRONMENT, GetputError, environment_error
from .plan import Extent, estimate_s, make_plan
from .results import Results
from .run_command import check_current, check_space
from .selection import Selection
from .session import Session
from .store import ENV, PLAN, Ledger, RunDirectory, new_manifest

PROFILE = "quick"  # its deadline bounds the run


def find_cell(listing, workload, scheme, **params):
    """The cell with these parameters, of netpath in the setting that figures show, of the lowest tier; None where the binary lists none."""
    found = [cell for cell in listing["cells"] if (cell["workload"], cell["scheme"]) == (workload, scheme)
             and all(cell["params"].get(key) == value for key, value in params.items())]

    def key(cell):
        shown = setting.rank(tuple(cell["params"].items())) if workload == "netpath" else ()
        return shown, cell["tier"], cell["name"]

    return min(found, key=key, default=None)


def make_targeted_plan(listing, cells, trials, seed=None, **extra):
    """A plan of `trials` trials of each cell, each in a process of its own; `extra` are optional keys of getput.plan/1."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    plan = {**make_plan(listing, cells, Selection(profile=PROFILE, trials=trials), seed), **extra}
    extent = Extent(trials, plan["slices_ms"])
    plan["run"]["estimated_s"] = round(estimate_s(cells, extent, plan["run"]["batch_cells"]), 1)
    return plan


def describe(bench):
    """The environment record of the runs to come; a binary older than the checkout is named once."""
    record = environment.record(bench)
    check_current(record, required=False)
    return record


def run_plan(bench, plan, path, record):
    """Measures a plan into a new directory; returns its Results. GetputError when it was cut or interrupted."""
    record = {**record, "load": {"before": environment.load_snapshot(), "after": None}}
    directory = RunDirectory.create(path)
    try:
        check_space(directory, plan)
        directory.write_json(PLAN, plan)
        directory.write_json(ENV, record)
        started = (bench, directory, plan, new_manifest(sys.argv[1:]), Ledger(plan["max_attempts"]), record)
        session = Session(started, SimpleNamespace(timeout=None, alongside=False, no_settle=True))
        session.measure()
    finally:
        directory.close()
    if session.stop is not None and session.received:
        raise GetputError(f"interrupted ({session.stop}); what was measured is in {path}", 128 + session.received)
    if session.stop is not None:
        raise environment_error(f"not finished in time ({session.stop}): this machine is too busy for the check; end what else runs")
    return Results.load(path)


@contextlib.contextmanager
def results_directory(given):
    """The directory that was asked for, which stays, or a temporary one, which does not."""
    if given is not None:
        RunDirectory.refuse_used(given)
        yield Path(given)
        return
    try:
        path = tempfile.mkdtemp(prefix="getput-")
    except OSError as error:
        raise GetputError(f"no temporary directory: {error.strerror}; name a directory with --out", EXIT_ENVIRONMENT)
    try:
        yield Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
