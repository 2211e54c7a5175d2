# SPDX-License-Identifier: MIT
"""check_capture.py TRIALS FRAMES: did each pass over a capture account for every one of its frames?

One pass is received = delivered + forwarded + dropped by reason, and received is FRAMES, at every
charge level with every scheme that was measured. Ends with 1 and says which cell did not.
"""
import json
import sys
from collections import defaultdict


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


def main(path, frames):
    levels = defaultdict(set)
    problems = []
    with open(path, encoding="utf-8") as lines:
        trials = [trial for trial in map(json.loads, lines) if trial["workload"] == "netpath"]
    for trial in trials:
        levels[trial["scheme"]].add(trial["params"]["level"])
        if problem := problem_of(trial, frames):
            problems.append(f"{trial['cell']}: {problem}")
    expected = set().union(*levels.values())
    problems += [
        f"{scheme}: no trial at {', '.join(sorted(expected - found))}"
        for scheme, found in levels.items()
        if found != expected
    ]
    if not trials:
        problems.append("no netpath trial at all")
    for problem in problems[:20]:
        print(f"getput: {path}: {problem}", file=sys.stderr)
    if problems:
        return 1
    print(f"capture: {frames} frames accounted for in each of {len(trials)} trials:", end=" ")
    print(f"{len(levels)} schemes at levels {' '.join(sorted(expected))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
