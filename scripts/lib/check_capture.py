# SPDX-License-Identifier: MIT
"""check_capture.py DIR FRAMES: did each pass over a capture account for every one of its frames?

One pass is received = delivered + forwarded + dropped by reason, and received is FRAMES, at every
charge level with every scheme for which the plan says that it is possible. Ends with 1 and says
which cell did not.
"""
import json
import sys
from pathlib import Path


def problem_of(trial, frames):
    """What is wrong with the account of one netpath trial; None when it is right."""
    account = trial["metrics"]["pass"]
    accounted = account["delivered"] + account["forwarded"] + sum(account["dropped"].values())
    if account["received"] != frames:
        return f"a pass received {account['received']} of {frames} frames"
    if accounted != frames:
        return f"a pass accounts for {accounted} of {frames} frames"
    if not trial["oracle"]["ok"]:
        return trial["oracle"]["detail"]
    return None


def wanted(plan):
    """{(scheme, level): possible} of the run's netpath cells."""
    cells = [cell for cell in plan["run"]["cells"] if cell["workload"] == "netpath"]
    pairs = {}
    for cell in cells:
        key = cell["scheme"], cell["params"]["level"]
        pairs[key] = pairs.get(key, False) or cell["possible"]
    return pairs


def main(folder, frames):
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    trials = [trial for trial in map(json.loads, lines) if trial["workload"] == "netpath"]
    pairs = wanted(plan)
    measured = {(trial["scheme"], trial["params"]["level"]) for trial in trials}
    problems = [f"{trial['cell']}: {problem}" for trial in trials if (problem := problem_of(trial, frames))]
    problems += [f"{scheme}: no trial at {level}" for (scheme, level), possible in sorted(pairs.items())
                 if possible and (scheme, level) not in measured]
    if not trials:
        problems.append("no netpath trial at all")
    for problem in problems[:20]:
        print(f"getput: {folder}: {problem}", file=sys.stderr)
    if problems:
        return 1
    impossible = [f"{scheme} at {level}" for (scheme, level), possible in sorted(pairs.items()) if not possible]
    print(f"capture: {frames} frames accounted for in each of {len(trials)} trials:", end=" ")
    print(f"{len({scheme for scheme, _ in measured})} schemes at levels {' '.join(sorted({level for _, level in measured}))};", end=" ")
    print(f"not possible: {', '.join(impossible) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
