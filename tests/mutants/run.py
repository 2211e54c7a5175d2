#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plants bugs and requires that a check notices each: one table.

Three kinds: `model`, in a scheme's source, for the model checks (model.py); `contract`, in the
machine under a scheme, for the contract checks (contract.py); `loader`, in modules/, for its tests
(loader.py). Every scheme of the build that is no control must have two of the first two kinds at
least, unless it is unsafe on purpose; every bug of history.toml must be repeated by a mutant or say
why it cannot be.

Exit code 0: every mutant was caught; 1: one survived, or a scheme or bug has none; 2: bad request;
3: cannot build.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import sys
import time

import contract
import loader
import model
from planting import ROOT, Unusable, mutate, read_list

HERE = pathlib.Path(__file__).resolve().parent
LEAST = 2  # mutants of a scheme


def bug_id(bug):
    """How a historical bug is called: its commit, or whatever comes before the explanation."""
    return re.split(r" \(|: ", bug)[0]


def line(result):
    name = result.name + (f" [{bug_id(result.bug)}]" if result.bug else "")
    more = f" +{len(result.checks) - 1}" if len(result.checks) > 1 else ""
    caught = result.skipped or (result.checks[0] + more if result.checks else "SURVIVED")
    return f"{result.scheme:<18} {name:<58} {result.kind:<9} {caught:<44} {result.after}"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, help="build folder of the preset model")
    parser.add_argument("--ci", type=pathlib.Path, help="build folder of the preset ci")
    parser.add_argument("--only", default="", help="mutants whose scheme/name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    if args.model is None and args.ci is None:
        parser.error("give --model, --ci, or both for the whole table")
    return args


def jobs_of(args):
    """What is compiled for: pairs of function and mutant. A pattern that no longer fits is found
    before anything is built."""
    jobs = []
    if args.model:
        build = model.description(args.model)
        for mutant in model.mutants():
            mutate(mutant, model.source_of(build, mutant))
            jobs.append((lambda m, b=build: model.examine(b, m), mutant))
    if args.ci:
        build = loader.description(args.ci)
        for mutant in loader.mutants():
            mutate(mutant, mutant["file"])
            jobs.append((lambda m, b=build: loader.examine(b, m), mutant))
    return [job for job in jobs if args.only in job[1]["key"]]


def examine_all(args):
    """Prints each line as it is known; returns all results."""
    results = []
    jobs = jobs_of(args)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        pending = [pool.submit(function, mutant) for function, mutant in jobs]
        try:
            for future in pending:
                results.append(future.result())
                print(line(results[-1]), flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
    if args.ci:
        for result in contract.examine(args.ci, args.only.replace("/", ".")):
            results.append(result)
            print(line(result), flush=True)
    if not results:
        raise Unusable(2, f"no mutant contains {args.only}; the lists: tests/*/mutants*")
    return results


def is_unsafe(scheme):
    """Its SchemeInfo says safe = false: the checks that it is seen to be are its mutants."""
    header = ROOT / "schemes" / f"{scheme}.hpp"
    return header.exists() and ".safe = false" in header.read_text(encoding="utf-8")


def schemes_without(args, results):
    """Schemes of the build with too few mutants. Prints those that need none."""
    count = collections.Counter(result.scheme for result in results)
    without = []
    for scheme in model.description(args.model)["schemes"]:
        folder, name = scheme.split("/")
        if folder == "control" or count[name] >= LEAST:
            continue
        if is_unsafe(scheme):
            print(f"{name:<18} {'(unsafe on purpose: a mutant of itself)':<58} {'model':<9} "
                  "AdmittedUnsafetyIsSeen")
        else:
            without.append(name)
    return without


def print_history(results):
    """The historical bugs and what became of them; returns those that nothing repeats."""
    repeated = collections.defaultdict(list)
    for result in results:
        if result.bug:
            repeated[bug_id(result.bug)].append(result.scheme)
    lost = []
    print("\nhistorical bugs")
    for bug in read_list(HERE / "history.toml", "bug"):
        who = ", ".join(dict.fromkeys(repeated[bug["id"]]))
        print(f"{bug['id']:<14} {bug['what']}")
        if who:
            print(f"{'':<14}   repeated in {who}")
        elif "not_here" in bug:
            print(f"{'':<14}   not here: {bug['not_here']}")
        else:
            print(f"{'':<14}   NOT REPEATED")
            lost.append(bug["id"])
    return lost


def conclude(args, results, seconds):
    survived = [r for r in results if not r.checks and not r.skipped]
    wrong = [f"{r.scheme}/{r.name} survived" for r in survived]
    if args.model and args.ci and not args.only:
        wrong += [f"fewer than {LEAST} mutants for {name}" for name in schemes_without(args, results)]
        wrong += [f"historical bug {bug} not repeated" for bug in print_history(results)]
    for text in wrong:
        print(f"getput: {text}", file=sys.stderr)
    skipped = sum(1 for r in results if r.skipped)
    print(
        f"\n{len(results)} mutants, {len(survived)} survived, {skipped} not possible here, "
        f"{seconds:.0f} s"
    )
    return 1 if wrong else 0


def main():
    args = arguments()
    begin = time.monotonic()
    try:
        return conclude(args, examine_all(args), time.monotonic() - begin)
    except Unusable as why:
        print(f"getput: {why}", file=sys.stderr)
        return why.code


if __name__ == "__main__":
    sys.exit(main())
