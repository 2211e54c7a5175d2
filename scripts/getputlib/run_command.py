# SPDX-License-Identifier: MIT
"""`getput run`: plan, show the plan, measure, and leave a directory that can be resumed."""
import json
import platform
import random
import shlex
import shutil
import subprocess
import sys
import time

from . import environment, instructions, provenance, resume
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_OK, REPORTS, bad_request, environment_error, note
from .plan import make_plan, plan_lines, unmeasured
from .selection import ASKED, Selection, bench_flags, check_request, describe_capture, select_cells
from .session import Session
from .store import ENV, PLAN, Ledger, RunDirectory, new_manifest

BYTES_PER_LINE = 2000
BYTES_PER_SLICE_PAIR, SLICE_PAIRS = 40, 1500  # a line of a sliced cell keeps every pair


def asked_selection(arguments):
    return Selection(
        profile=arguments.profile or "quick",
        pcap=describe_capture(arguments.pcap) if arguments.pcap is not None else None,
        **{name: getattr(arguments, name) for name in ASKED},
    )


def default_directory(build):
    """reports/runs/<UTC>-<host>-<commit of the binary>, so that a listing by name sorts it by time."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return REPORTS / "runs" / f"{stamp}-{platform.node() or 'host'}-{provenance.commit_text(build)}"


def new_plan(arguments):
    """(bench, plan) for a fresh run."""
    selection = asked_selection(arguments)
    flags = bench_flags(selection)
    bench = Bench.find(arguments.bench, flags)
    listing = bench.list()
    cells, remarks = select_cells(listing, selection)
    width, most = arguments.until_width, arguments.max_trials
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    plan = make_plan(listing, cells, selection, seed, remarks, flags)
    plan["run"].update({"until_width": width, "max_trials": most} if width else {})
    return bench, plan


def write_topology(directory):
    """hwloc's own file and picture of the machine, where its tool is installed."""
    tool = shutil.which("lstopo-no-graphics") or shutil.which("lstopo")
    if tool is None:
        directory.log("no lstopo: no topology.xml (Debian package hwloc)")
        return
    for name, kind in (("topology.xml", "xml"), ("topology.svg", "svg")):
        done = subprocess.run(
            [tool, "--of", kind, "--force", str(directory.file(name))], capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            directory.log(f"lstopo --of {kind} failed: {done.stderr.strip()}")


def keep_instructions(bench, directory, listing_schemes):
    """Copies what the build found in its code, so that the report of this run can show it."""
    found = instructions.read(bench.path.parent / instructions.FILE)
    if found is None:
        directory.log(f"no {instructions.FILE} beside {bench.path}: the report will not show instructions")
        return
    foreign = instructions.differences(found, listing_schemes)
    if foreign:
        note(f"{bench.path.parent / instructions.FILE} is of another build ({foreign[0]}): not kept; rebuild the target getput-run")
        return
    directory.write_json(instructions.FILE, found)


def bytes_needed(plan):
    """About how large the results of a plan become."""
    sliced = sum(entry["cell"].startswith("netpath/") for entry in plan["trials"])
    return len(plan["trials"]) * BYTES_PER_LINE + sliced * SLICE_PAIRS * BYTES_PER_SLICE_PAIR


def check_space(directory, plan):
    needed = bytes_needed(plan)
    free = shutil.disk_usage(directory.path).free
    if free < needed:
        raise environment_error(f"{directory.path} has {free >> 20} MiB free, this run may need {(needed >> 20) + 1} MiB: "
                                "free some, or choose another place with --out")


def check_current(record, required):
    """A binary older than the checkout is named; `required` (scripts/run has just built it) refuses one of another commit."""
    if required and (other := provenance.other_commit(record.get("build"))):
        raise environment_error(f"{other}, although it has just been built: remove the build folder and try again")
    if record["stale"]:
        note(f"WARNING: {record['stale']}: results will carry the binary's commit; rebuild with scripts/run")


def start_new(arguments):
    """(bench, directory, plan, manifest, ledger, record) of a fresh run; None when only the plan was asked for."""
    if arguments.out and not arguments.dry_run:
        RunDirectory.refuse_used(arguments.out)
    bench, plan = new_plan(arguments)
    record = environment.record(bench)
    path = arguments.out or default_directory(record.get("build"))
    check_current(record, arguments.require_current)
    if arguments.dry_run:
        print(json.dumps(plan, indent=1) if arguments.json else "\n".join(plan_lines(plan, path)))
        return None
    for line in plan_lines(plan, path):
        note(line)
    if not plan["trials"]:
        raise environment_error(f"nothing of this request can be measured here: {next(unmeasured(plan['run']['cells']))}")
    directory = RunDirectory.create(path)
    check_space(directory, plan)
    directory.write_json(PLAN, plan)
    directory.write_json(ENV, record)
    write_topology(directory)
    keep_instructions(bench, directory, plan["run"]["schemes"])
    return bench, directory, plan, new_manifest(sys.argv[1:]), Ledger(plan["max_attempts"]), record


def command(arguments):
    """Exit 1 when a safe scheme is WRONG, a cell crashed or lacks promised trials; 3 when the machine did not
    allow the measurement; 128 + signal when interrupted. The path of the results is printed in each case."""
    if arguments.check:
        check_request(asked_selection(arguments))
        return EXIT_OK
    if arguments.resume and (pair := resume.pair_of(arguments.resume)):
        raise bad_request(f"{arguments.resume} is one half of a pair that `getput ab` measures in turn: continue both with "
                          f"getput ab BIN_A BIN_B --resume {shlex.quote(str(pair))}")
    started = resume.start(arguments) if arguments.resume else start_new(arguments)
    if started is None:
        return EXIT_OK
    session = Session(started, arguments)
    directory = session.directory
    try:
        session.measure()
    finally:
        directory.close()
        print(directory.path)
    if session.stop is not None:
        left = f"{len(session.plan['trials']) - len(session.ledger.kept)} trials are missing"
        note(f"{session.stop.state} ({session.stop}): {left}; continue with: {session.continued_by}")
        if session.stop.state == "interrupted":
            return 128 + session.received
    return _judge(session)


def _judge(session):
    """The worse of what the results and what the run's promise say; the cause is the last line but one."""
    from .results import Results

    results = Results.load(session.directory.path)
    for line in results.closing_lines():
        note(line)
    code, lines = session.judge()
    for line in lines:
        note(f"getput: {line}")
    path = shlex.quote(str(session.directory.path))
    note(f"next: scripts/getput summary {path}; scripts/getput report {path}")
    return code or (EXIT_BAD_RESULT if results.bad() else EXIT_OK)
