#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Changes every scheme's header in every small way (operators.py), one at a time, and requires that
a check notices.

A change is caught when a model check of the scheme fails, crashes or hangs; with --ci a change that
the model does not notice goes to the contract checks. A change that does not compile is none. What
changes nothing, or makes an order weaker that is stronger than it has to be, stands in
equivalent.toml with the reason: header, function (`where`), `line`, `changes`, `why`.

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
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import model
import operators
import schemata
from planting import ROOT, Unusable, compile_program, overlay, read_list, tests_failed

NOT_COMPILED = "does not compile"
LIST = pathlib.Path(__file__).resolve().parent / "equivalent.toml"
# Headers that several schemes share, and the schemes that they are tried through, in turn.
SHARED = {
    "counter/base_reference": ["refcount", "sticky"],
    "grace/read_section": ["rcu_memb"],
    "removal": ["percpu_split"],
    "modular": ["percpu_split"],
}
# What tests more of a scheme than the generated unit does.
WORDS = ["tests/schemes/counter_words_test.cpp"]
MORE_UNITS = {
    **{("model", word): WORDS for word in
       ("atomic", "atomic_base", "lockref", "rcuref", "refcount", "sticky")},
    ("model", "snzi"): ["tests/model/tall_snzi.cpp"],
    ("model", "sloppy"): ["tests/model/thrifty_sloppy.cpp"],
    ("contract", "percpu_ref"): ["tests/schemes/percpu_ref_test.cpp"],
    ("contract", "rcu_qsbr"): ["tests/schemes/rcu_qsbr_test.cpp"],
}
PRECOMPILED = {
    "model": ["gtest/gtest.h", "schemes/machine/native.hpp", "tests/model/model.hpp"],
    "contract": ["gtest/gtest.h", "schemes/machine/native.hpp", "tests/schemes/contract.hpp"],
}


@dataclasses.dataclass
class Step:
    """One run of a program."""

    kind: str
    environment: dict
    wanted: str
    seconds: int

    def noticed_by(self, program, environment):
        """The check that fails first, or how the program ends; empty if all hold."""
        try:
            done = subprocess.run(
                [program, f"--gtest_filter={self.wanted}", "--gtest_fail_fast"],
                capture_output=True, text=True, check=False, timeout=self.seconds, errors="replace",
                env={**os.environ, **self.environment, **environment},
            )
        except subprocess.TimeoutExpired:
            return f"{self.kind}: hangs"
        if done.returncode == 0:
            return ""
        failed = tests_failed(done.stdout)
        began = re.findall(r"^\[ RUN +\] (\S+)", done.stdout, re.M)
        name = (failed or began or ["start"])[-1].split(".")[-1]
        return f"{self.kind}: {name}" + ("" if failed else f" ends with {done.returncode}")


# Few executions find most; what a scheme admits is only seen in many.
STEPS = [
    Step("model", {"GETPUT_MODEL_ITERATIONS": "300"}, "-*.Admitted*", 30),
    Step("model", {}, "*", 300),
    Step("contract", {"GETPUT_TEST_SCALE": "0.2"}, "*", 600),
]


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


def headers(build, only):
    names = [path.split("/")[1] for path in build["schemes"] if has_checks(build, path)]
    sources = {path: [path.split("/")[1]] for path in build["schemes"] if path.split("/")[1] in names}
    found = []
    for path, schemes in {**sources, **SHARED}.items():
        text = (ROOT / "schemes" / f"{path}.hpp").read_text(encoding="utf-8")
        scheme_hpp = (ROOT / "schemes/scheme.hpp").read_text(encoding="utf-8")
        code_changes = operators.changes(text)
        every = [*code_changes, *operators.claims(text, scheme_hpp)]
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


class Workshop:
    """Compiles and runs mutants of one build."""

    def __init__(self, builds, folder):
        self.builds = {kind: {**build, "launcher": ""} for kind, build in builds.items()}
        self.folder = folder
        self.combined = {}
        self.lock = threading.Lock()
        for kind, build in self.builds.items():
            (folder / kind).mkdir()
            header = folder / kind / "first.hpp"
            text = "".join(f"#include <{name}>\n" for name in PRECOMPILED[kind])
            header.write_text(text, encoding="utf-8")
            compile_program(build, "what all have in common",
                            [f"-I{ROOT}", "-x", "c++-header", str(header)], f"{header}.gch")

    def compile(self, kind, scheme, header, text, folder):
        """The program with the checks of @scheme, and @text in place of the header."""
        folder.mkdir(exist_ok=True)
        overlay(folder, pathlib.Path(f"schemes/{header.path}.hpp"), text)
        build = self.builds[kind]
        units = [f"{build['generated']}/{kind}_{scheme}.cpp"]
        units += [str(ROOT / unit) for unit in MORE_UNITS.get((kind, scheme), [])]
        arguments = ["-include", str(self.folder / kind / "first.hpp"), f"-I{folder}", f"-I{ROOT}"]
        arguments += [*units, *build["libraries"], "-lurcu-memb", "-lurcu-mb", "-lurcu-qsbr"]
        compile_program(build, scheme, [*arguments, "-lurcu-bp", "-pthread"], folder / kind)
        return folder / kind

    def all_in_one(self, kind, scheme, header):
        """A program with most of the header's changes, and which."""
        with self.lock:
            key = (kind, scheme, header.path)
            if key not in self.combined:
                self.combined[key] = self.compile_all_in_one(*key[:2], header)
            return self.combined[key]

    def compile_all_in_one(self, kind, scheme, header):
        folder = self.folder / f"{kind}-{scheme}-{header.path.replace('/', '-')}"
        without = set()
        while True:
            new, numbers = schemata.combine(header.text, header.code_changes, without)
            try:
                program = self.compile(kind, scheme, header, new, folder)
            except Unusable as problem:
                wrong_ones = schemata.blamed(str(problem), f"{header.path}.hpp", numbers)
                if not wrong_ones:
                    raise
                without |= wrong_ones
                shutil.rmtree(folder)
                continue
            if by := self.noticed(kind, program, header, None):
                raise Unusable(1, f"schemes/{header.path}.hpp as it stands: {by}")
            return program, set(numbers)

    def noticed(self, kind, program, header, number):
        """What notices the change of that number; that alone, if it is 0; none, if it is None."""
        for step in STEPS:
            if step.kind == kind:
                environment = {schemata.VARIABLE: str(number)} if number else {}
                if by := step.noticed_by(program, environment):
                    return by
        return ""

    def examine(self, header, change):
        """What notices @change; NOT_COMPILED if nothing can."""
        number = header.code_changes.index(change) + 1 if change in header.code_changes else 0
        for kind, scheme in itertools.product(self.builds, header.schemes):
            if number:
                program, numbers = self.all_in_one(kind, scheme, header)
                if number in numbers:
                    if by := self.noticed(kind, program, header, number):
                        return by
                    continue
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                text = change.apply(header.text)
                try:
                    program = self.compile(kind, scheme, header, text, pathlib.Path(name))
                except Unusable:
                    return NOT_COMPILED
                if by := self.noticed(kind, program, header, 0):
                    return by
        return ""


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
        by = workshop.examine(header, change)
        if by:
            caught.append(change)
        outcomes.append(Outcome(header.path, change, by, why.get(key_of(header, change), "")))
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
        found = headers(builds["model"], args.only)
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
        known = {key_of(h, c) for h in headers(builds["model"], "") for c in h.changes}
        for key in why:
            if key not in known:
                raise Unusable(2, f"equivalent.toml: no such change (any more): {': '.join(key)}")
        return conclude(sweep(args, builds, found, why), time.monotonic() - begin)
    except Unusable as problem:
        print(f"getput: {problem}", file=sys.stderr)
        return problem.code


if __name__ == "__main__":
    sys.exit(main())
