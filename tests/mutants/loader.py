# SPDX-License-Identifier: MIT
"""Bugs in the module loader's sources, for the tests of modules/: tests/modules/mutants.toml.

`find`, which occurs exactly once in `file`, is replaced by `replace`; one of `tests` (gtest filters)
at least has to fail, to crash or to hang.
"""

import json
import pathlib
import re
import subprocess
import tempfile
import time

from planting import ROOT, Result, Unusable, check_names, compile_program, mutate, read_list
from planting import tests_failed, tests_run

# Of tests that take well under one.
SECONDS = 15


def description(folder):
    path = folder / "tests/modules/mutants_build.json"
    if not path.exists():
        raise Unusable(3, f"no {path}; configure the preset ci and build modules_test")
    return json.loads(path.read_text(encoding="utf-8"))


def mutants():
    every = read_list(ROOT / "tests/modules/mutants.toml", "mutant")
    for mutant in every:
        mutant["scheme"] = "(loader)"
        mutant["key"] = f"(loader)/{mutant['name']}"
    check_names(every)
    return every


def output_of(program, mutant):
    """What it prints, and how it ended if not by itself."""
    command = [program, f"--gtest_filter={':'.join(mutant['tests'])}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(), "hangs"
    return done.stdout, "crashes" if done.returncode < 0 else ""


def run(program, mutant):
    begin = time.monotonic()
    out, end = output_of(program, mutant)
    began = tests_run(mutant["key"], out)
    caught = tests_failed(out)
    if end:
        fails = "fails, " if re.search(r"^\S+: Failure$", out, re.M) else ""
        caught.append(f"{began[-1]} ({fails}{end})")
    return caught, f"{time.monotonic() - begin:.1f} s"


def examine(build, mutant):
    with tempfile.TemporaryDirectory(prefix="getput-mutant-") as name:
        folder = pathlib.Path(name)
        source = folder / pathlib.Path(mutant["file"]).name
        source.write_text(mutate(mutant, mutant["file"]), encoding="utf-8")
        program = folder / "mutant"
        # The source comes before the library, which is then not asked for that object; -rdynamic
        # because the probes call back into the program.
        arguments = [f"-I{ROOT}", str(source), *build["objects"], *build["libraries"]]
        arguments += ["-rdynamic", "-lurcu-memb", "-ldl", "-pthread"]
        compile_program(build, mutant["key"], arguments, program)
        caught, after = run(program, mutant)
    return Result(mutant["scheme"], mutant["name"], "loader", mutant.get("bug", ""), caught, after)
