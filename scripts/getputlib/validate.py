# SPDX-License-Identifier: MIT
"""`getput validate`: the schema, and the facts that no schema can state."""
import functools
import json

from . import seal, setting
from .bench import strict_loads
from .checks import line_problem
from .errors import EXIT_BAD_RESULT, EXIT_OK, REPORTS, GetputError, note
from .instructions import FILE as INSTRUCTIONS
from .levels import BASELINE
from .store import ENV, MANIFEST, PLAN, TRIALS, Ledger, RunDirectory, open_trials

SCHEMAS = REPORTS / "schema"
TRIAL_SCHEMA_FILES = {"getput.trial/1": "trial_1"}  # by the line's own schema; else the newest
COUNTED = {"planned": "trials planned", "kept": "trials kept", "rejected_attempts": "attempts rejected"}
TOLERATED_LINES = 20


@functools.cache
def _validator(name):
    """A compiled schema; references between the schemas are resolved within this folder."""
    from jsonschema import Draft202012Validator, RefResolver

    documents = {}
    for path in SCHEMAS.glob("*.schema.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        documents[document["$id"]] = document
    own = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(own, resolver=RefResolver(own["$id"], own, store=documents))


def schema_problems(name, document):
    """One line a violation of reports/schema/<name>.schema.json."""
    for error in _validator(name).iter_errors(document):
        place = "/".join(map(str, error.absolute_path)) or "document"
        yield f"{place}: {error.message[:200]}"


def _equation_problem(counts, what):
    dropped = counts.get("dropped") or {}
    parts = counts["delivered"] + counts["forwarded"] + sum(dropped.values())
    if counts["received"] == parts:
        return None
    return (f"{what}received {counts['received']} is not delivered {counts['delivered']} + forwarded {counts['forwarded']} "
            f"+ dropped {sum(dropped.values())}")


def netpath_problem(trial):
    """Era, shape, free and work, all or none; level 0 as the other arm; received = delivered + forwarded + dropped by reason,
    for the whole trial, and for one pass over the input."""
    if trial["workload"] != "netpath":
        return None
    if problem := setting.problem(trial["params"]):
        return problem
    baseline = (trial.get("difference") or {}).get("baseline", BASELINE)
    if baseline != BASELINE:
        return f"the difference is one to {baseline}, not to {BASELINE}"
    metrics = trial["metrics"]
    if "received" not in metrics:
        return None
    problem = _equation_problem(metrics, "")
    if problem is None and metrics.get("pass"):
        problem = _equation_problem(metrics["pass"], "in one pass ")
    return problem


def _consistency_problems(trial):
    name = trial["cell"].split("/")
    if name[:2] != [trial["workload"], trial["scheme"]]:
        yield f"cell {trial['cell']} does not begin with {trial['workload']}/{trial['scheme']}"
    policy = f"place:{trial['placement']['policy']}"
    if policy not in name:
        yield f"cell {trial['cell']} does not have {policy}"
    said = [f"{key}:{value}" for key, value in trial["params"].items()]
    missing = [word for word in said if word not in name]
    if missing:
        yield f"cell {trial['cell']} does not have {', '.join(missing)}"
    if trial["valid"] and not all(trial["controls"][key] for key in ("plain_ns", "fetch_add_ns", "chain_ns")):
        yield "a kept trial without its controls"
    if problem := line_problem(trial):
        yield problem
    if problem := netpath_problem(trial):
        yield problem


def trial_problems(trial):
    """Everything wrong with one line, by itself."""
    broken = False
    for problem in schema_problems(TRIAL_SCHEMA_FILES.get(trial.get("schema"), "trial"), trial):
        broken = True
        yield problem
    if not broken:
        yield from _consistency_problems(trial)


def _lines(path):
    with open_trials(path) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line


def _line_problems(path, plan):
    """Problems of every line, and of the lines together."""
    cells = {cell["name"]: cell for cell in plan["run"]["cells"]}
    planned = {(entry["cell"], entry["trial"]) for entry in plan["trials"]}
    kept, attempts = {}, {}
    for number, line in _lines(path):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("torn: no newline; --resume cuts it off")
            trial = strict_loads(line.decode("utf-8"))
        except ValueError as error:
            yield f"line {number}: {error}"
            continue
        problems = list(trial_problems(trial))
        yield from (f"line {number}: {problem}" for problem in problems)
        if problems:
            continue
        key = (trial["cell"], trial["trial"])
        if key not in planned:
            yield f"line {number}: {key[0]} trial {key[1]} is not in the plan"
        elif trial["params"] != cells[key[0]]["params"] or trial["placement"] != cells[key[0]]["placement"]:
            yield f"line {number}: params or placement differ from the plan's"
        attempt = (*key, trial["pid"], trial["attempt"])
        if trial["valid"] and key in kept:
            yield f"line {number}: {key[0]} trial {key[1]} was already kept on line {kept[key]}"
        elif attempt in attempts:
            yield f"line {number}: attempt {trial['attempt']} of {key[0]} trial {key[1]} is a copy of line {attempts[attempt]}"
        elif trial["valid"]:
            kept[key] = number
        attempts[attempt] = number


def _document_problems(directory, name, schema):
    try:
        document = directory.read_json(name)
    except GetputError as error:
        yield str(error)
        return
    yield from (f"{name}: {problem}" for problem in schema_problems(schema, document))


def count_problems(path, plan, manifest):
    """The lines of trials.jsonl against the counts that the manifest keeps of them: removed lines show here."""
    counts = manifest["counts"]
    if counts is None or manifest["state"] == "running":
        return
    ledger = Ledger(plan["max_attempts"])
    for _, line in _lines(path):
        try:
            ledger.add(strict_loads(line.decode("utf-8")))
        except (ValueError, KeyError, TypeError):
            continue  # told by its line
    now = ledger.counts(plan)
    for name in ("planned", "kept", "rejected_attempts"):
        if counts[name] != now[name]:
            yield f"{MANIFEST}: {counts[name]} {COUNTED[name]}, there are {now[name]}"
    for workload, told in counts.get("workloads", {}).items():
        found = now["workloads"].get(workload, {})
        for name, number in told.items():
            if found.get(name) != number:
                yield f"{MANIFEST}: {number} {COUNTED[name]} of {workload}, there are {found.get(name, 0)}"


def directory_problems(path):
    """Everything wrong with a results directory; empty when it can be trusted."""
    directory = RunDirectory.look(path)
    documents = [(PLAN, "plan"), (ENV, "env"), (MANIFEST, "manifest")]
    documents += [(INSTRUCTIONS, "instructions")] if directory.file(INSTRUCTIONS).exists() else []
    broken = set()
    for name, schema in documents:
        for problem in _document_problems(directory, name, schema):
            broken.add(name)
            yield problem
    if PLAN in broken:
        return  # the trials would be judged by a plan that cannot be trusted
    plan = directory.read_json(PLAN)
    if sum(plan["run"]["batches"]) != len(plan["trials"]):
        yield f"{PLAN}: the processes do not add up to the trials"
    if directory.has_trials():
        yield from (f"{TRIALS} {problem}" for problem in _line_problems(directory.file(TRIALS), plan))
        if MANIFEST not in broken:
            yield from count_problems(directory.file(TRIALS), plan, directory.read_json(MANIFEST))
    else:
        yield f"no {TRIALS}"
    if ENV not in broken and (stale := directory.read_json(ENV).get("stale")):
        yield f"{ENV}: {stale}"
    yield from seal.problems(directory)


def command(arguments):
    """Exit 1 when anything in the directory breaks the schema or contradicts itself."""
    problems = list(directory_problems(arguments.directory))
    if arguments.json:
        print(json.dumps({"ok": not problems, "problems": problems}, indent=1))
    else:
        for problem in problems[:TOLERATED_LINES]:
            print(problem)
        if len(problems) > TOLERATED_LINES:
            print(f"... and {len(problems) - TOLERATED_LINES} more")
        note(f"{arguments.directory}: {'valid' if not problems else f'{len(problems)} problems'}")
    return EXIT_BAD_RESULT if problems else EXIT_OK
