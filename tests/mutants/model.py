# SPDX-License-Identifier: MIT
"""Bugs in the schemes' sources, for the model checks: tests/model/mutants/<scheme>.toml.

`find`, which occurs exactly once in the scheme's header (or in `file`), is replaced by `replace`;
one of `checks` at least has to fail; `bug` names the historical bug that the mutant repeats. `unit`
is another file than the generated one with the scheme's checks: the scheme in another size.
`executions` of each search instead of the usual number, for what is too rare for that.
"""

import json
import os
import math
import pathlib
import re
import subprocess
import tempfile
import time

from planting import ROOT, Result, Unusable, check_names, compile_program, mutate, overlay
from planting import read_list, tests_failed, tests_run

SECONDS = 300
# A bug that is caught late is caught by luck: half of the executions that the checks search.
MOST_EXECUTIONS = 5000


def description(folder):
    path = folder / "tests/model/mutants_build.json"
    if not path.exists():
        raise Unusable(3, f"no {path}; configure the preset model and build getput-model")
    return json.loads(path.read_text(encoding="utf-8"))


def mutants():
    every = []
    for path in sorted((ROOT / "tests/model/mutants").glob("*.toml")):
        for mutant in read_list(path, "mutant"):
            mutant["scheme"] = path.stem
            mutant["key"] = f"{path.stem}/{mutant['name']}"
            every.append(mutant)
    check_names(every)
    return every


def source_of(build, mutant):
    """The file that the mutant changes, relative to the root."""
    if "file" in mutant:
        return pathlib.Path(mutant["file"])
    found = [path for path in build["schemes"] if path.split("/")[1] == mutant["scheme"]]
    if not found:
        known = ", ".join(sorted(path.split("/")[1] for path in build["schemes"]))
        raise Unusable(2, f"mutants/{mutant['scheme']}.toml: no such scheme; known: {known}")
    return pathlib.Path(f"schemes/{found[0]}.hpp")


def compile_mutant(build, mutant, folder, path):
    if "unit" in mutant:
        unit = ROOT / mutant["unit"]
    else:
        unit = pathlib.Path(build["generated"]) / f"model_{mutant['scheme']}.cpp"
    if not unit.exists():
        raise Unusable(3, f"{unit} is missing; build the target getput-model first")
    program = folder / "mutant"
    sources = [str(unit)]
    if path.suffix == ".cpp":  # comes before the library, which is then not asked for that object
        sources.append(str(folder / path))
    arguments = [f"-I{folder}", f"-I{ROOT}", *sources, *build["libraries"]]
    compile_program(build, mutant["key"], [*arguments, "-lurcu-memb", "-pthread"], program)
    return program


def catches(output):
    """For each check that failed: in which execution (inf: none showed what had to be seen), of
    which search, its name."""
    for name in tests_failed(output):
        part = output.split(f"[ RUN      ] {name}\n")[1].split("[ RUN      ]")[0]
        how = re.search(r"^in execution (\d+) of the (\w+) search", part, re.M)
        yield (int(how[1]) if how else math.inf), (how[2] if how else ""), name.split(".")[1]


def run(program, mutant):
    wanted = ":".join(f"*.{check}" for check in mutant["checks"])
    environment = dict(os.environ)
    if "executions" in mutant:
        environment["GETPUT_MODEL_ITERATIONS"] = str(mutant["executions"])
    begin = time.monotonic()
    try:
        done = subprocess.run(
            [program, f"--gtest_filter={wanted}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise Unusable(3, f"{mutant['key']}: not done in {SECONDS} s") from None
    seconds = time.monotonic() - begin
    out = done.stdout
    if not re.search(r"^\[=+\] \d+ tests? from \d+ test suites? ran\.", out, re.M):
        raise Unusable(3, f"{mutant['key']}: the checks ended early:\n{out[-2000:]}{done.stderr}")
    ran = {name.split(".")[1] for name in tests_run(mutant["key"], out)}
    if missing := set(mutant["checks"]) - ran:
        raise Unusable(
            2, f"mutant {mutant['key']}: no check {', '.join(sorted(missing))} for it"
        )
    quickest_first = sorted(catches(out))
    after = f"{seconds:.1f} s"
    most = max(MOST_EXECUTIONS, mutant.get("executions", 0) // 2)
    if quickest_first and most < quickest_first[0][0] < math.inf:
        raise Unusable(1, f"mutant {mutant['key']}: caught in execution {quickest_first[0][0]} only; "
                          f"more than {most} is luck: name a check that finds it sooner")
    if quickest_first and quickest_first[0][1]:
        after = f"{quickest_first[0][1]} execution {quickest_first[0][0]}, {after}"
    return [check for _, _, check in quickest_first], after


def examine(build, mutant):
    with tempfile.TemporaryDirectory(prefix="getput-mutant-") as name:
        folder = pathlib.Path(name)
        path = source_of(build, mutant)
        overlay(folder, path, mutate(mutant, path))
        caught, after = run(compile_mutant(build, mutant, folder, path), mutant)
    return Result(mutant["scheme"], mutant["name"], "model", mutant.get("bug", ""), caught, after)
