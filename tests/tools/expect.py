#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a command and checks its exit code and its output.

expect.py [--exit N] [--match REGEX]... [--no-match REGEX]... COMMAND [ARGUMENT...]

CTest itself looks at either the exit code or the output, never at both. Each --match has to be
found in what the command prints (stdout and stderr together), no --no-match may be. If the command
says that it cannot be tried here (exit code 3 of deny_syscall: no seccomp), exits 77: skipped.
"""

import argparse
import re
import subprocess
import sys

SKIPPED = 77


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exit", type=int, default=0)
    parser.add_argument("--match", action="append", default=[])
    parser.add_argument("--no-match", action="append", default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    wanted = parser.parse_args()
    if not wanted.command:
        parser.error("which command?")

    done = subprocess.run(wanted.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False)
    print(done.stdout, end="")
    if "deny_syscall: the kernel takes no seccomp filter" in done.stdout:
        return SKIPPED

    wrong = []
    if done.returncode != wanted.exit:
        wrong.append(f"exit code {done.returncode}, expected {wanted.exit}")
    wrong += [f"output lacks: {p}" for p in wanted.match if not re.search(p, done.stdout, re.M)]
    wrong += [f"output has: {p}" for p in wanted.no_match if re.search(p, done.stdout, re.M)]
    for line in wrong:
        print(f"expect.py: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
