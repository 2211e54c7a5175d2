#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Plants each bug of mutants/*.toml in a scheme's source and requires that a model check notices.

A file mutants/<scheme>.toml lists bugs: `find`, which occurs exactly once in the scheme's header (or
in `file`), is replaced by `replace`; one of `checks` at least has to fail; `bug` names the historical
bug that the mutant repeats. Reads the build folder of a configured tree in which the target
getput-model is built. Prints a table; exit code 0: every mutant was caught, 1: one survived, 2: bad
request, 3: cannot build.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECONDS = 300


class Unusable(Exception):
    """The request or the environment is at fault; the code is the exit status."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def load_mutants(folder):
    """All mutants, each with its scheme (the file's name) and a key, scheme/name."""
    mutants = {}
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as file:
            listed = tomllib.load(file)["mutant"]
        for mutant in listed:
            mutant["scheme"] = path.stem
            key = mutant["key"] = f"{path.stem}/{mutant['name']}"
            if key in mutants:
                raise Unusable(2, f"{path}: {mutant['name']} is there twice")
            mutants[key] = mutant
    return list(mutants.values())


def header_of(scheme):
    found = sorted((ROOT / "schemes").glob(f"*/{scheme}.hpp"))
    if len(found) != 1:
        known = ", ".join(sorted(p.stem for p in (ROOT / "schemes").glob("*/*.hpp")))
        raise Unusable(2, f"mutants/{scheme}.toml: no such scheme; known: {known}")
    return found[0].relative_to(ROOT)


def mutate(mutant):
    """The file to change, relative to the root, and its new text."""
    path = pathlib.Path(mutant["file"]) if "file" in mutant else header_of(mutant["scheme"])
    text = (ROOT / path).read_text(encoding="utf-8")
    found = text.count(mutant["find"])
    if found != 1:
        raise Unusable(
            2,
            f"mutant {mutant['key']}: `find` occurs {found} times in {path}, not once; "
            "the source has changed, adapt the mutant",
        )
    return path, text.replace(mutant["find"], mutant["replace"])


def overlay(folder, changed, text):
    """A tree that looks like the root but for one file: links, and that file."""
    here, there = folder, ROOT
    for part in changed.parts[:-1]:
        (here / part).mkdir()
        for sibling in (there / part).iterdir():
            (here / part / sibling.name).symlink_to(sibling)
        here, there = here / part, there / part
        follow = changed.parts[len(here.relative_to(folder).parts)]
        (here / follow).unlink()
    (here / changed.name).write_text(text, encoding="utf-8")


def compile_mutant(build, mutant, folder):
    program = folder / "mutant"
    source = pathlib.Path(build["generated"]) / f"model_{mutant['scheme']}.cpp"
    if not source.exists():
        raise Unusable(3, f"{source} is missing; build the target getput-model first")
    command = [build["launcher"]] if build["launcher"] else []
    command += [build["compiler"], "-std=c++20", "-O0", "-D_LGPL_SOURCE"]
    command += [f"-I{folder}", f"-I{ROOT}", str(source), "-o", str(program)]
    command += build["libraries"] + ["-lurcu-memb", "-pthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unusable(3, f"{mutant['key']} does not compile:\n{done.stderr}")
    return program


def run(program, mutant):
    """Names of the checks that failed, and how the first of them did."""
    wanted = ":".join(f"*.{check}" for check in mutant["checks"])
    try:
        done = subprocess.run(
            [program, f"--gtest_filter={wanted}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Unusable(3, f"{mutant['key']}: not done in {SECONDS} s") from None
    out = done.stdout
    if not re.search(r"^\[=+\] \d+ tests? from \d+ test suites? ran\.", out, re.M):
        raise Unusable(3, f"{mutant['key']}: the checks ended early:\n{out[-2000:]}{done.stderr}")
    ran = set(re.findall(r"^\[ RUN +\] [^.]+\.(\w+)", out, re.M))
    if missing := set(mutant["checks"]) - ran:
        raise Unusable(
            2, f"mutant {mutant['key']}: no check {', '.join(sorted(missing))} for it"
        )
    caught = re.findall(r"^\[  FAILED  \] [^.]+\.(\w+) \(", out, re.M)
    how = re.search(r"^in execution (\d+) of the (\w+) search\n(.*)", out, re.M)
    return caught, f"{how[3]}, {how[2]} execution {how[1]}" if how else ""


def examine(build, mutant):
    with tempfile.TemporaryDirectory(prefix="getput-mutant-") as name:
        folder = pathlib.Path(name)
        overlay(folder, *mutate(mutant))
        return run(compile_mutant(build, mutant, folder), mutant)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="configured build folder")
    parser.add_argument("--only", default="", help="mutants whose scheme/name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def table(build, mutants, jobs):
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda m: examine(build, m), mutants)
        for mutant, (caught, how) in zip(mutants, results):
            survivors += not caught
            print(f"{mutant['key']:<55} {', '.join(caught) or 'SURVIVED'}", flush=True)
            if "bug" in mutant:
                print(f"{'':<4}repeats: {mutant['bug']}")
            if how:
                print(f"{'':<4}{how}")
    print(f"{len(mutants)} mutants, {survivors} survived")
    return 1 if survivors else 0


def main():
    args = arguments()
    try:
        description = args.build / "tests/model/mutants_build.json"
        if not description.exists():
            raise Unusable(3, f"no {description}; configure and build the target getput-model")
        build = json.loads(description.read_text(encoding="utf-8"))
        every = load_mutants(HERE / "mutants")
        mutants = [m for m in every if args.only in m["key"]]
        if not mutants:
            known = ", ".join(m["key"] for m in every)
            raise Unusable(2, f"no mutant contains {args.only}; known: {known}")
        for mutant in mutants:
            mutate(mutant)  # a pattern that no longer fits is found before anything is built
        return table(build, mutants, args.jobs)
    except Unusable as why:
        print(f"getput: {why}", file=sys.stderr)
        return why.code


if __name__ == "__main__":
    sys.exit(main())
