#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Changes every scheme's header in every small way (operators.py), one at a time, and requires that
a check notices.

A change is caught when a model check of the scheme fails, crashes or hangs; with --ci a change that
the model does not notice goes to the contract checks, and claims that only they know of are tried. A change that does not compile is none. What
changes nothing, or makes an order weaker that is stronger than it has to be, stands in
equivalent.toml with the reason: header, function (`where`), `line`, `changes`, `why`. It gets the
quick look only.

Exit code 0: all caught or listed; 1: one survived, or a listed one was caught; 2: bad request;
3: cannot build.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import re
import sys
import tempfile
import time

import claims
import model
import operators
from planting import ROOT, Unusable, read_list
from workshop import CLAIMS, NOT_COMPILED, QUICK, STEPS, Workshop

LIST = pathlib.Path(__file__).resolve().parent / "equivalent.toml"
# Headers that several schemes share, and the schemes that they are tried through, in turn.
SHARED = {
    "counter/base_reference": ["refcount", "sticky"],
    "distributed/snzi_node": ["snzi"],
    "grace/read_section": ["rcu_memb", "rcu_mb"],
    "grace/srcu_domain": ["srcu", "srcu_fast"],
    "removal": ["percpu_split", "percpu_stop_machine"],
    "modular": ["percpu_split", "atomic"],
}

@dataclasses.dataclass
class Header:
    path: str  # below schemes/, without .hpp
    schemes: list
    text: str
    code_changes: list
    changes: list  # those to try


@dataclasses.dataclass
class Outcome:
    header: str
    change: operators.Change
    caught: str  # by which check; empty: survived
    listed: str  # why it may survive


def headers(build, only, with_contract):
    names = [path.split("/")[1] for path in build["schemes"] if has_checks(build, path)]
    sources = {path: [path.split("/")[1]] for path in build["schemes"] if path.split("/")[1] in names}
    found = []
    for path, schemes in {**sources, **SHARED}.items():
        text = (ROOT / "schemes" / f"{path}.hpp").read_text(encoding="utf-8")
        scheme_hpp = (ROOT / "schemes/scheme.hpp").read_text(encoding="utf-8")
        code_changes = operators.changes(text)
        fields = claims.TOLD_BY_MODEL + (claims.TOLD_BY_CONTRACT if with_contract else [])
        every = [*code_changes, *claims.claims(text, scheme_hpp, fields)]
        every = [c for c in every if re.search(only, f"{path}:{c.where}:{c.what}")]
        if every:
            found.append(Header(path, schemes, text, code_changes, every))
    if not found:
        raise Unusable(2, f"no change contains {only}; see --list")
    return found


def has_checks(build, path):
    """Modelled, and no control: those protect nothing."""
    unit = pathlib.Path(build["generated"]) / f"model_{path.split('/')[1]}.cpp"
    return unit.exists() and not path.startswith("control/")


def title(change):
    return change.what + (f" #{change.number}" if change.number > 1 else "")


def equivalents():
    """(header, function, line, change) -> why."""
    why = {}
    for entry in read_list(LIST, "equivalent"):
        for change in entry["changes"]:
            key = (entry["header"], entry["where"], entry["line"], change)
            if key in why:
                raise Unusable(2, f"equivalent.toml lists {key} twice")
            why[key] = entry["why"]
    return why


def key_of(header, change):
    return (header.path, change.where, change.line, title(change))


def implied(change, caught):
    """A weaker order than one that was noticed allows the same executions and more."""
    weaker = change.what.split(" -> ")[-1]
    stronger = {"acquire": ["acq_rel"], "release": ["acq_rel"],
                "relaxed": ["acq_rel", "acquire", "release"]}.get(weaker, [])
    return any(c.what.split(" -> ")[-1] in stronger for c in caught)


def examine_place(workshop, header, changes, why):
    """All changes of one place, the orders from strong to weak."""
    changes = sorted(changes, key=lambda c: [o in c.what.split()[-1] for o in
                                             ("relaxed", "release", "acquire", "acq_rel")])
    outcomes, caught = [], []
    for change in changes:
        if implied(change, caught):
            continue
        listed = why.get(key_of(header, change), "")
        steps = QUICK if listed else CLAIMS if change.where == "info" else STEPS
        by = workshop.examine(header, change, steps)
        if by:
            caught.append(change)
        outcomes.append(Outcome(header.path, change, by, listed))
    return outcomes


def line(outcome):
    text = (ROOT / "schemes" / f"{outcome.header}.hpp").read_text(encoding="utf-8")
    number = text.count("\n", 0, outcome.change.start) + 1
    what = f"{outcome.change.where}: {outcome.change.line}: {title(outcome.change)}"
    verdict = outcome.caught or ("equivalent" if outcome.listed else "SURVIVED")
    return f"schemes/{outcome.header}.hpp:{number}: {what}: {verdict}"


def places(header):
    """Changes of the same text are tried together."""
    every = sorted(header.changes, key=lambda c: (c.start, c.end))
    return [list(g) for _, g in itertools.groupby(every, key=lambda c: (c.start, c.end))]


def sweep(args, builds, found, why):
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="getput-sweep-") as name, \
            concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        workshop = Workshop(builds, pathlib.Path(name))
        pending = [pool.submit(examine_place, workshop, header, place, why)
                   for header in found for place in places(header)]
        try:
            for future in pending:
                for outcome in future.result():
                    outcomes.append(outcome)
                    if args.all or wrong(outcome):
                        print(line(outcome), flush=True)
        finally:
            pool.shutdown(cancel_futures=True)
    return outcomes


def wrong(outcome):
    return bool(outcome.caught) == bool(outcome.listed)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, required=True,
                        help="build folder of the preset model")
    parser.add_argument("--ci", type=pathlib.Path, help="build folder of the preset ci")
    parser.add_argument("--only", default="",
                        help="changes whose folder/scheme:function:change this expression finds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the changes, try none")
    parser.add_argument("--all", action="store_true", help="print what was caught, too")
    return parser.parse_args()


def conclude(outcomes, seconds):
    every = len(outcomes)
    outcomes = [o for o in outcomes if o.caught != NOT_COMPILED]
    caught = sum(1 for o in outcomes if o.caught)
    listed = sum(1 for o in outcomes if o.listed and not o.caught)
    survived = sum(1 for o in outcomes if not o.listed and not o.caught)
    for outcome in outcomes:
        if outcome.caught and outcome.listed:
            print(f"getput: listed in equivalent.toml, but caught: {line(outcome)}", file=sys.stderr)
    print(f"\n{len(outcomes)} mutants, {caught} caught, {listed} equivalent (listed), "
          f"{survived} survived, {every - len(outcomes)} more do not compile, {seconds:.0f} s")
    return 1 if any(wrong(outcome) for outcome in outcomes) else 0


def main():
    args = arguments()
    begin = time.monotonic()
    try:
        builds = {"model": model.description(args.model)}
        found = headers(builds["model"], args.only, args.ci)
        if args.list:
            for header in found:
                for change in header.changes:
                    print(line(Outcome(header.path, change, "listed", "")))
            return 0
        if args.ci:
            builds["contract"] = {**builds["model"], "libraries": [
                str(args.ci / "tests/schemes/libgetput_contract.a"),
                *builds["model"]["libraries"][1:]]}
        why = equivalents()
        known = {key_of(h, c) for h in headers(builds["model"], "", True) for c in h.changes}
        for key in why:
            if key not in known:
                raise Unusable(2, f"equivalent.toml: no such change (any more): {': '.join(key)}")
        return conclude(sweep(args, builds, found, why), time.monotonic() - begin)
    except Unusable as problem:
        print(f"getput: {problem}", file=sys.stderr)
        return problem.code


if __name__ == "__main__":
    sys.exit(main())
