# SPDX-License-Identifier: MIT
"""Compiles and runs what sweep.py plants: most changes of a header in one program (schemata.py),
the others in one of their own."""

import dataclasses
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

import schemata
from planting import ROOT, Unusable, compile_program, overlay, tests_failed

NOT_COMPILED = "does not compile"
# What tests more of a scheme than the generated unit does.
WORDS = ["tests/schemes/counter_words_test.cpp"]
MORE_UNITS = {
    **{("model", word): WORDS for word in
       ("atomic", "atomic_base", "file_ref", "lockref", "rcuref", "refcount", "sticky")},
    ("model", "snzi"): ["tests/model/refused_snzi.cpp", "tests/model/tall_snzi.cpp",
                        "tests/schemes/snzi_test.cpp"],
    ("model", "sloppy"): ["tests/model/thrifty_sloppy.cpp"],
    ("model", "hazard_asymmetric"): ["tests/model/crowded_hazard_asymmetric.cpp"],
    ("model", "hpref"): ["tests/model/crowded_hpref.cpp"],
    ("contract", "percpu_ref"): ["tests/schemes/percpu_ref_test.cpp",
                                 "tests/schemes/percpu_ref_races_test.cpp"],
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
QUICK = [Step("model", {"GETPUT_MODEL_ITERATIONS": "300"}, "-*.Admitted*", 60)]
STEPS = [
    *QUICK,
    Step("model", {}, "*", 600),
    Step("contract", {}, "-Contract/*", 300),
    Step("contract", {"GETPUT_TEST_SCALE": "0.2"}, "*", 600),
]
# What looks at the claims, and not only at the code.
CLAIMS = [
    Step("model", {}, "*.Admitted*:*.Alone*:*.Needs*:*.Count*:*.Never*:*.Refused*:*.Passed*:"
                      "*.Destroyed*:*.HandedOver*:*.Exact*:"
                      "*.GetIs*:*.PutIs*:*.StopIs*:*.Zero*", 300),
    Step("contract", {}, "*Claimed*:*.Admitted*:*.TryStop*:*.PutOn*", 600),
]


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
            if by := self.noticed(kind, program, STEPS, 0):
                raise Unusable(1, f"schemes/{header.path}.hpp as it stands: {by}")
            return program, set(numbers)

    @staticmethod
    def noticed(kind, program, steps, number):
        """What notices the change of that number; 0: the program as it is."""
        for step in steps:
            if step.kind == kind:
                if by := step.noticed_by(program, {schemata.VARIABLE: str(number)}):
                    return by
        return ""

    def examine(self, header, change, steps):
        """What notices @change; NOT_COMPILED if nothing can."""
        number = header.code_changes.index(change) + 1 if change in header.code_changes else 0
        for kind, scheme in itertools.product(self.builds, header.schemes):
            if number:
                program, numbers = self.all_in_one(kind, scheme, header)
                if number in numbers:
                    if by := self.noticed(kind, program, steps, number):
                        return by
                    continue
            with tempfile.TemporaryDirectory(dir=self.folder) as name:
                text = change.apply(header.text)
                try:
                    program = self.compile(kind, scheme, header, text, pathlib.Path(name))
                except Unusable:
                    return NOT_COMPILED
                if by := self.noticed(kind, program, steps, 0):
                    return by
        return ""
