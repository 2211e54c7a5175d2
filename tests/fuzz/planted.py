#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Do the fuzzers find anything? Plants the bugs of planted.toml, one at a time, into a copy of the parsers and fuzzes it.

usage: planted.py WORK [NAME...]

Prints a line per bug. Exits with 1 when a fuzzer missed one in its time or stops without one, with 2 when a line is not in the
file any more or a name is unknown, with 3 when the copy does not compile.
"""
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "mutants"))
import planting  # noqa: E402

COPIED = ("CMakeLists.txt", "CMakePresets.json", "bench", "cmake", "examples", "modules", "reports", "schemes", "tests", "topology")
SECONDS = 30  # for one bug, as long as scripts/test --fuzz looks; nearly all are found from the seeds, at once
CONTROL_SECONDS = 5  # for the unchanged parsers, in which nothing may be found


def run(*command, cwd, timeout=900):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout)


def compile_target(tree, target):
    done = run("cmake", "--build", "--preset", "fuzz", "--target", f"getput-fuzz-{target}", cwd=tree)
    if done.returncode:
        raise planting.Unusable(3, f"the copy does not compile: {(done.stdout + done.stderr).strip().splitlines()[-1]}")


def fuzz(tree, work, target, limit_s=SECONDS):
    """(found, seconds, what the fuzzer reported)."""
    found = work / "found"
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir()
    began = time.monotonic()
    done = run(tree / "build/fuzz/tests/fuzz" / f"getput-fuzz-{target}", f"-max_total_time={limit_s}", "-max_len=2048", "-timeout=10", "-seed=1",
               f"-artifact_prefix={work}/", found, tree / "tests/fuzz/corpus" / target, cwd=work)
    why = next((line.strip() for line in done.stderr.splitlines() if "ERROR:" in line or "runtime error" in line or "does not hold" in line), "")
    return done.returncode != 0, time.monotonic() - began, why


def try_bug(tree, work, bug):
    wrong = planting.mutate(bug, bug["file"])
    path = tree / bug["file"]
    right = path.read_text(encoding="utf-8")
    path.write_text(wrong, encoding="utf-8")
    try:
        compile_target(tree, bug["target"])
        found, seconds, why = fuzz(tree, work, bug["target"])
    finally:
        path.write_text(right, encoding="utf-8")
    print(f"{'found' if found else 'MISSED':<7} {bug['key']:<34} {seconds:5.1f} s  {why[:90]}", flush=True)
    return found


def check_control(tree, work, targets):
    """A fuzzer that stops at the unchanged parsers would "find" every bug."""
    for target in targets:
        compile_target(tree, target)
        found, _, why = fuzz(tree, work, target, CONTROL_SECONDS)
        if found:
            raise planting.Unusable(1, f"the fuzzer of {target} stops without a planted bug: {why}")
        print(f"nothing {'no bug planted, ' + target:<34} {CONTROL_SECONDS:5.1f} s", flush=True)


def copy_of_root(work):
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
    if (done := run("cmake", "--preset", "fuzz", cwd=tree)).returncode:
        raise planting.Unusable(3, done.stderr.strip())
    return tree


def chosen(asked):
    bugs = planting.read_list(ROOT / "tests/fuzz/planted.toml", "bug")
    planting.check_names(bugs)
    if unknown := set(asked) - {bug["key"] for bug in bugs}:
        raise planting.Unusable(2, f"no bug is called {min(unknown)}")
    return [bug for bug in bugs if not asked or bug["key"] in asked]


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    work = Path(sys.argv[1]).resolve()
    try:
        bugs = chosen(sys.argv[2:])
        tree = copy_of_root(work)
        check_control(tree, work, sorted({bug["target"] for bug in bugs}))
        missed = sum(not try_bug(tree, work, bug) for bug in bugs)
    except planting.Unusable as error:
        print(f"planted.py: {error}", file=sys.stderr)
        return error.code
    print(f"{len(bugs)} bugs planted into the parsers, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
