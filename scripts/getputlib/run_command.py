# SPDX-License-Identifier: MIT
"""`getput run`: plan, show the plan, measure, and leave a directory that can be resumed."""
import json
import os
import platform
import random
import shlex
import shutil
import subprocess
import sys
import time

from . import environment, instructions, progress
from .bench import Bench, file_sha256
from .errors import EXIT_BAD_RESULT, EXIT_OK, REPORTS, GetputError, bad_request, environment_error, note
from .plan import make_plan, plan_lines, unmeasured
from .runner import Runner, Signals, Stop, failure_state
from .selection import Selection, bench_flags, describe_capture, select_cells
from .store import ENV, MANIFEST, PLAN, TRIALS, Ledger, RunDirectory, new_manifest

ASKED = ("scheme", "workload", "threads", "place", "trials")
BYTES_PER_LINE = 2000
QUIET_S = 30.0


def asked_selection(arguments):
    return Selection(
        profile=arguments.profile or "quick",
        pcap=describe_capture(arguments.pcap) if arguments.pcap is not None else None,
        **{name: getattr(arguments, name) for name in ASKED},
    )


def default_directory():
    """reports/runs/<UTC>-<host>-<commit>, as a listing by name sorts it by time."""
    source = environment.source()
    commit = (source["commit"] or "nocommit")[:10] + ("-dirty" if source["dirty"] else "")
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return REPORTS / "runs" / f"{stamp}-{platform.node() or 'host'}-{commit}"


def new_plan(arguments):
    """(bench, plan) for a fresh run."""
    selection = asked_selection(arguments)
    flags = bench_flags(selection)
    bench = Bench.find(arguments.bench, flags)
    listing = bench.list()
    cells, remarks = select_cells(listing, selection)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(1 << 32)
    return bench, make_plan(listing, cells, selection, seed, remarks, flags)


def identity(record):
    """What must not change within one directory: the build and the machine."""
    cpu, kernel = record["machine"]["cpu"], record["machine"]["kernel"]
    return {
        "binary": record["binary"]["sha256"],
        "machine": (record["machine"]["hostname"], cpu["model"], cpu["architecture"]),
        "allowed CPUs": tuple(record["machine"]["allowed_cpus"]),
        "kernel": kernel["release"],
    }


def check_resumable(arguments, plan, stored, now):
    """Refuses a resume that would mix builds, machines, inputs or requests in one directory."""
    selection = plan["run"]["selection"]
    given = {name: getattr(arguments, name) for name in (*ASKED, "profile", "seed")}
    given = {name: value for name, value in given.items() if value is not None}
    kept = {**selection, "seed": plan["seed"]}
    for name, value in given.items():
        if value != kept[name]:
            raise bad_request(f"--resume goes on with the stored plan, whose {name} is {kept[name]!r}, not {value!r}; "
                              "leave the option away, or start a new run with --out")
    if arguments.pcap and describe_capture(arguments.pcap)["sha256"] != (selection["pcap"] or {}).get("sha256"):
        raise bad_request("--resume goes on with the stored plan, whose capture is another one")
    if selection["pcap"]:
        path = selection["pcap"]["path"]
        if not os.path.isfile(path) or file_sha256(path) != selection["pcap"]["sha256"]:
            raise bad_request(f"the capture {path} is gone or has changed since the run began")
    then, current = identity(stored), identity(now)
    changed = [name for name in then if then[name] != current[name]]
    if changed and not arguments.resume_anyway:
        raise bad_request(f"{', '.join(changed)} changed since the run began: results would not belong together; "
                          "start a new run, or force it with --resume-anyway")
    return changed


def load_ledger(directory, plan):
    """Validates every finished line, cuts a torn one, and says which trials need no repetition."""
    from .validate import trial_problems

    cut = directory.repair_tail()
    if cut:
        note(f"cut a torn last line ({cut} bytes) off {directory.file(TRIALS)}")
        directory.log(f"cut a torn line of {cut} bytes off trials.jsonl")
    ledger = Ledger(plan["max_attempts"])
    known = {cell["name"] for cell in plan["run"]["cells"]}
    for number, _, trial in directory.trials():
        problem = next(trial_problems(trial), None)
        if problem is None and trial["cell"] not in known:
            problem = f"cell {trial['cell']} is not in the plan"
        if problem is None and trial["valid"] and (trial["cell"], trial["trial"]) in ledger.kept:
            problem = "this trial was already kept by an earlier line"
        if problem:
            raise GetputError(f"{directory.file(TRIALS)} line {number}: {problem}; see `getput validate`", EXIT_BAD_RESULT)
        ledger.add(trial)
    return ledger


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


def check_space(directory, plan):
    needed = len(plan["trials"]) * BYTES_PER_LINE
    free = shutil.disk_usage(directory.path).free
    if free < needed:
        raise environment_error(f"{directory.path} has {free >> 20} MiB free, this run may need {(needed >> 20) + 1} MiB: "
                                "free some, or choose another place with --out")


def start_new(arguments):
    path = arguments.out or default_directory()
    if not arguments.dry_run:
        RunDirectory.refuse_used(path)
    bench, plan = new_plan(arguments)
    if arguments.dry_run:
        if arguments.json:
            print(json.dumps(plan, indent=1))
        else:
            print("\n".join(plan_lines(plan, path)))
        return None
    for line in plan_lines(plan, path):
        note(line)
    if not plan["trials"]:
        raise environment_error(f"nothing of this request can be measured here: {next(unmeasured(plan['run']['cells']))}")
    record = environment.record(bench)
    directory = RunDirectory.create(path)
    check_space(directory, plan)
    directory.write_json(PLAN, plan)
    directory.write_json(ENV, record)
    write_topology(directory)
    keep_instructions(bench, directory, plan["run"]["schemes"])
    return bench, directory, plan, new_manifest(sys.argv[1:]), Ledger(plan["max_attempts"]), record


def start_resumed(arguments):
    from .validate import schema_problems

    if arguments.out and os.path.realpath(arguments.out) != os.path.realpath(arguments.resume):
        raise bad_request("--resume DIR goes on in DIR; leave --out away")
    looked = RunDirectory.look(arguments.resume)
    plan, stored = looked.read_json(PLAN), looked.read_json(ENV)
    if problem := next(schema_problems("plan", plan), None):
        raise GetputError(f"{looked.file(PLAN)}: {problem}; see `getput validate`", EXIT_BAD_RESULT)
    bench = Bench.find(arguments.bench, plan["run"]["flags"])
    now = environment.record(bench)
    changed = check_resumable(arguments, plan, stored, now)
    if arguments.dry_run:
        print("\n".join(plan_lines(plan, looked.path)))
        return None
    directory = RunDirectory.reopen(arguments.resume)
    ledger = load_ledger(directory, plan)
    try:
        manifest = directory.read_json(MANIFEST)
    except GetputError:
        manifest = new_manifest(sys.argv[1:])
    if arguments.retry_crashed:
        manifest["remarks"].extend(f"retried after a crash: {crash['cell']}" for crash in manifest["crashes"])
        manifest["crashes"] = []
    if changed:
        manifest["remarks"].append(f"resumed although these had changed: {', '.join(changed)}")
    note(f"resuming {directory.path}: {len(ledger.kept)} of {len(plan['trials'])} trials are there, seed {plan['seed']}")
    return bench, directory, plan, manifest, ledger, stored


def measure(started, arguments):
    """One session: the manifest says how it began and how it ended, whatever happened between."""
    bench, directory, plan, manifest, ledger, record = started
    session = {"start_unix_s": time.time(), "end_unix_s": None, "pid": os.getpid(), "load": environment.load_snapshot()}
    manifest["sessions"].append(session)
    manifest["state"] = "running"
    directory.write_json(MANIFEST, manifest)
    stop = None
    with Signals() as signals:
        try:
            Runner(bench, directory, plan, manifest, ledger, arguments.timeout or QUIET_S).run(progress.start, signals)
            manifest["state"] = "finished"
        except Stop as reason:
            stop, manifest["state"] = reason, reason.state
        except BaseException as error:
            manifest["state"] = failure_state(error)
            note(f"finished trials are kept; go on with: {resume_command(directory)}")
            raise
        finally:
            session["end_unix_s"] = time.time()
            manifest["counts"] = {**ledger.counts(), "planned": len(plan["trials"])}
            record["load"]["after"] = environment.load_snapshot()
            _write_end(directory, manifest, record)
    return stop, signals.received


def _write_end(directory, manifest, record):
    """The closing documents. A full disk must not hide the error that the user has to see."""
    try:
        directory.write_json(MANIFEST, manifest)
        directory.write_json(ENV, record)
    except GetputError as error:
        note(f"getput: {error}")


def resume_command(directory):
    return f"scripts/getput run --resume {shlex.quote(str(directory.path))}"


def command(arguments):
    """Exit 1 when a scheme that claims to be safe is WRONG, or a cell crashed; 128 + signal when interrupted."""
    started = start_resumed(arguments) if arguments.resume else start_new(arguments)
    if started is None:
        return EXIT_OK
    directory = started[1]
    try:
        stop, received = measure(started, arguments)
    finally:
        directory.close()
    print(directory.path)
    if stop is not None:
        left = f"{len(started[2]['trials']) - len(started[4].kept)} trials are missing"
        note(f"{stop.state} ({stop}): {left}; go on with: {resume_command(directory)}")
        if stop.state == "interrupted":
            return 128 + received
    return _judge(directory)


def _judge(directory):
    from .results import Results

    results = Results.load(directory.path)
    for line in results.closing_lines():
        note(line)
    note(f"next: scripts/getput summary {shlex.quote(str(directory.path))}; scripts/getput report {shlex.quote(str(directory.path))}")
    return EXIT_BAD_RESULT if results.bad() else EXIT_OK
