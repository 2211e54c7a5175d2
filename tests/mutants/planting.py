# SPDX-License-Identifier: MIT
"""What every kind of mutant needs: lists of them, the changed source, a program, its verdict."""

import dataclasses
import pathlib
import re
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Unusable(Exception):
    """The request or the environment is at fault; the code is the exit status."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


@dataclasses.dataclass
class Result:
    """One line of the table."""

    scheme: str
    name: str
    kind: str
    bug: str  # the historical one, or ""
    checks: list  # those that caught it
    after: str
    skipped: str = ""  # why it could not be tried here


def read_list(path, entry):
    with open(path, "rb") as file:
        return tomllib.load(file)[entry]


def check_names(mutants):
    seen = set()
    for mutant in mutants:
        if mutant["key"] in seen:
            raise Unusable(2, f"the mutant {mutant['key']} is there twice")
        seen.add(mutant["key"])


def mutate(mutant, path):
    """The new text of @path, relative to the root."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = text.count(mutant["find"])
    if found != 1:
        raise Unusable(
            2,
            f"mutant {mutant['key']}: `find` occurs {found} times in {path}, not once; "
            "the source has changed, adapt the mutant",
        )
    return text.replace(mutant["find"], mutant["replace"])


def overlay(folder, changed, text):
    """Makes @folder look like the root but for one file: links, and that file."""
    # Folders are not linked: `#include "../x.hpp"` would lead out through the link.
    for path in (ROOT / changed.parts[0]).rglob("*"):
        link = folder / path.relative_to(ROOT)
        if path.is_file() and link != folder / changed:
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    (folder / changed).parent.mkdir(parents=True, exist_ok=True)
    (folder / changed).write_text(text, encoding="utf-8")


def compile_program(build, key, arguments, program):
    command = [build["launcher"]] if build["launcher"] else []
    command += [build["compiler"], "-std=c++20", "-O0", *arguments]
    done = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unusable(3, f"{key} does not compile:\n{done.stderr[:4000]}")


def tests_run(key, output):
    """Names of the tests that gtest began, as Suite.Name."""
    began = re.findall(r"^\[ RUN +\] (\S+)", output, re.M)
    if not began:
        raise Unusable(2, f"mutant {key}: no test of the program is the one that it names")
    return began


def tests_failed(output):
    return list(dict.fromkeys(re.findall(r"^\[  FAILED  \] (\S+?),? .*\(\d+ ms\)", output, re.M)))
