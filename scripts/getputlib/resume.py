# SPDX-License-Identifier: MIT
"""`getput run --resume`: whether an old run may go on here, and what of it is finished."""
import os
import sys

from . import environment, seal
from .bench import Bench
from .errors import EXIT_BAD_RESULT, GetputError, bad_request, note
from .files import file_sha256
from .plan import plan_lines
from .selection import ASKED, describe_capture
from .store import ENV, MANIFEST, PLAN, TRIALS, Ledger, RunDirectory, new_manifest


def pair_of(path):
    """The folder of the pair that a results directory is one half of (`getput ab`); None for an ordinary run."""
    looked = RunDirectory.look(path)
    plan = looked.read_json(PLAN)
    run = plan.get("run") if isinstance(plan, dict) else None
    return looked.path.parent if isinstance(run, dict) and run.get("pair") else None


def identity(record):
    """What must not change within one directory: the build and the machine."""
    cpu, kernel = record["machine"]["cpu"], record["machine"]["kernel"]
    return {
        "binary": record["binary"]["sha256"],
        "machine": (record["machine"]["hostname"], cpu["model"], cpu["architecture"]),
        "allowed CPUs": tuple(record["machine"]["allowed_cpus"]),
        "kernel": kernel["release"],
        "modules": tuple((plugin["name"], plugin["sha256"]) for plugin in record.get("plugins", ())),
    }


def check_resumable(arguments, plan, stored, now):
    """Refuses a resume that would mix builds, machines, inputs or requests in one directory."""
    selection = plan["run"]["selection"]
    given = {name: getattr(arguments, name) for name in (*ASKED, "profile", "seed")}
    given = {name: value for name, value in given.items() if value is not None}
    kept = {**selection, "seed": plan["seed"]}
    for name, value in given.items():
        if value != kept.get(name):
            raise bad_request(f"--resume goes on with the stored plan, whose {name} is {kept.get(name)!r}, not {value!r}; "
                              "leave the option away, or start a new run with --out")
    if arguments.pcap and describe_capture(arguments.pcap)["sha256"] != (selection["pcap"] or {}).get("sha256"):
        raise bad_request("--resume goes on with the stored plan, whose capture is another one")
    if selection["pcap"]:
        path = selection["pcap"]["path"]
        if not os.path.isfile(path) or file_sha256(path) != selection["pcap"]["sha256"]:
            raise bad_request(f"the capture {path} is gone or has changed since the run began")
    then, current = identity(stored), identity(now)
    if "plugins" not in stored:  # written before the modules were hashed
        del then["modules"]
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


def start(arguments):
    """What a new session needs of an old run: (bench, directory, plan, manifest, ledger, record); None for --dry-run."""
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
    seal.remove(directory)
    if arguments.until_width or arguments.max_trials:
        plan["run"].update({name: value for name in ("until_width", "max_trials") if (value := getattr(arguments, name))})
        directory.write_json(PLAN, plan)
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
