#!/usr/bin/python3 -I
# SPDX-License-Identifier: MIT
"""Do the fuzzers find anything? Plants one bug after the other into a copy of the parsers and fuzzes it.

usage: planted.py CHECKOUT WORK [NAME...]

Prints a line per bug. Exits with 1 when a fuzzer missed one in its time, with 3 when a bug could not be
planted, because its line is not in the file any more, or the copy did not compile.
"""
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

INPUT = "bench/workloads/netpath/input"
COPIED = ("CMakeLists.txt", "CMakePresets.json", "bench", "cmake", "examples", "modules", "reports", "schemes", "tests", "topology")
SECONDS = 30  # for one bug, as long as scripts/test --fuzz looks; nearly all are found from the seeds, at once


class Bug(NamedTuple):
    name: str
    target: str
    file: str
    right: str
    wrong: str


BUGS = (
    Bug("need_one_byte_too_many", "frame", f"{INPUT}/parse.cpp", "if (end <= captured)", "if (end <= captured + 1)"),
    Bug("three_vlan_tags", "frame", f"{INPUT}/parse.cpp", "packet.vlan_tags == kMaxVlanTags", "packet.vlan_tags > kMaxVlanTags"),
    Bug("short_ipv4_header", "frame", f"{INPUT}/parse.cpp", "!= 4 || header < 20)", "!= 4 || header < 16)"),
    Bug("total_below_header", "frame", f"{INPUT}/parse.cpp", "if (total < header)", "if (total < 20)"),
    Bug("longer_than_the_frame", "frame", f"{INPUT}/parse.cpp", "if (at + total > view.wire)\n    return DropReason::truncated_packet;\n  if (!ipv4",
        "if (at + total > view.wire + 4)\n    return DropReason::truncated_packet;\n  if (!ipv4"),
    Bug("extension_beyond_the_end", "frame", f"{INPUT}/parse.cpp", "if (at > end) {", "if (at > end + 8) {"),
    Bug("ports_of_two_bytes", "frame", f"{INPUT}/parse.cpp", "if (available < 4)", "if (available < 2)"),
    Bug("udp_length_not_checked", "frame", f"{INPUT}/parse.cpp", "length < minimum || length > available ||", "length < minimum ||"),
    Bug("sum_without_the_protocol", "frame", f"{INPUT}/parse.cpp", "sum = add_word(sum, packet.protocol);", ""),
    Bug("odd_byte_left_out", "frame", f"{INPUT}/checksum.hpp", "if (size == 1) {", "if (size == 3) {"),
    Bug("inline_parser_knows_no_options", "frame", f"{INPUT}/parse_common.hpp", "ip[0] != 0x45", "(ip[0] >> 4) != 4"),
    Bug("inline_parser_reads_behind", "frame", f"{INPUT}/parse_common.hpp", "if (captured < at + kHeader) [[unlikely]]",
        "if (captured < at + 2) [[unlikely]]"),
    Bug("cooked_header_not_captured", "capture", f"{INPUT}/link_type.cpp", "if (captured < header_size_)", "if (captured + 4 < header_size_)"),
    Bug("payload_one_too_long", "capture", f"{INPUT}/link_type.cpp", "return {frame_.data(), kEthernetHeader + payload,",
        "return {frame_.data(), kEthernetHeader + payload + 1,"),
)


class CannotPlant(Exception):
    pass


def run(*command, cwd, timeout=900):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout)


def compile_target(tree, target):
    done = run("cmake", "--build", "--preset", "fuzz", "--target", f"getput-fuzz-{target}", cwd=tree)
    if done.returncode:
        raise CannotPlant(f"does not compile: {(done.stdout + done.stderr).strip().splitlines()[-1]}")


def fuzz(tree, work, target):
    """(found, seconds, what the fuzzer said)."""
    found = work / "found"
    shutil.rmtree(found, ignore_errors=True)
    found.mkdir()
    began = time.monotonic()
    done = run(tree / "build/fuzz/tests/fuzz" / f"getput-fuzz-{target}", f"-max_total_time={SECONDS}", "-max_len=2048", "-timeout=10", "-seed=1",
               f"-artifact_prefix={work}/", found, tree / "tests/fuzz/corpus" / target, cwd=work)
    why = next((line.strip() for line in done.stderr.splitlines() if "ERROR:" in line or "runtime error" in line or "does not hold" in line), "")
    return done.returncode != 0, time.monotonic() - began, why


def plant(tree, bug):
    path = tree / bug.file
    text = path.read_text()
    if text.count(bug.right) != 1:
        raise CannotPlant(f"{bug.file} has {text.count(bug.right)} times `{bug.right.splitlines()[0]}`, not once")
    path.write_text(text.replace(bug.right, bug.wrong))
    return path, text


def try_bug(tree, work, bug):
    path, text = plant(tree, bug)
    try:
        compile_target(tree, bug.target)
        found, seconds, why = fuzz(tree, work, bug.target)
    finally:
        path.write_text(text)
    print(f"{'found' if found else 'MISSED':<7} {bug.name:<34} {seconds:5.1f} s  {why[:90]}", flush=True)
    return found


def main():
    if len(sys.argv) < 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    checkout, work, asked = Path(sys.argv[1]), Path(sys.argv[2]).resolve(), sys.argv[3:]
    if unknown := set(asked) - {bug.name for bug in BUGS}:
        print(f"planted.py: no bug is called {sorted(unknown)[0]}", file=sys.stderr)
        return 2
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in COPIED:
        source = checkout / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / name)
    if (done := run("cmake", "--preset", "fuzz", cwd=tree)).returncode:
        print(done.stderr, file=sys.stderr)
        return 3
    missed = 0
    try:
        bugs = [bug for bug in BUGS if not asked or bug.name in asked]
        for bug in bugs:
            missed += not try_bug(tree, work, bug)
    except CannotPlant as error:
        print(f"planted.py: {bug.name}: {error}", file=sys.stderr)
        return 3
    print(f"{len(bugs)} bugs planted into the parsers, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
