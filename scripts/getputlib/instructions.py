# SPDX-License-Identifier: MIT
"""What get and put of every scheme compile to: run by the build, which leaves instructions.json beside the binary.

Standard library only: the build has no other Python.
"""
import argparse
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

from . import straight_line

SCHEMA = "getput.instructions/1"
FILE = "instructions.json"
PROBE = re.compile(r"^getput_probe_(get|put)_([a-z][a-z0-9_]*)$")
PROMISE = ".getput_promise"


def _run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout


def promise(objdump, path):
    """(locked_in_get, locked_in_put) of an object; None for what the scheme does not promise."""
    dump = _run(objdump, "-s", "-j", PROMISE, path)
    rows = re.findall(r"^ [0-9a-f]+ ((?:[0-9a-f]+ )+)", dump, re.M)
    values = struct.unpack("<2i", bytes.fromhex("".join(rows).replace(" ", ""))[:8])
    return [value if value >= 0 else None for value in values]


def scheme_of(objdump, path):
    """The entry of the scheme whose probes an object holds."""
    code = straight_line.parse(_run(objdump, "-drw", path))
    entry, promised = {}, promise(objdump, path)
    for function in code.starts:
        if found := PROBE.match(function):
            line = straight_line.find(code, function)
            if line is None:
                raise ValueError(f"{path}: no way through {function} returns")
            entry["name"] = found[2]
            entry[found[1]] = {"promised": promised[found[1] == "put"], **line.record()}
    if set(entry) != {"name", "get", "put"}:
        raise ValueError(f"{path}: not the probes of one scheme: {', '.join(entry)}")
    return entry


def document(objdump, architecture, compiler, flags, objects):
    """instructions.json: an entry a scheme, or why there is none."""
    supported = architecture in ("x86_64", "AMD64", "amd64")
    return {
        "schema": SCHEMA, "architecture": architecture, "compiler": compiler, "flags": flags,
        "why": None if supported else f"not checked on {architecture}: the check reads x86-64 only",
        "schemes": sorted((scheme_of(objdump, path) for path in objects), key=lambda e: e["name"]) if supported else [],
    }


def broken_promises(entry):
    """One line for each promise that the compiled code does not keep."""
    for side in ("get", "put"):
        line = entry[side]
        if line["promised"] is not None and line["locked"] + line["fences"] != line["promised"]:
            yield f"{side} promises {line['promised']} locked instructions and has {line['locked'] + line['fences']}"
        if line["promised"] is not None and line["calls"]:
            yield f"{side} promises no call and has {line['calls']}"


def differences(found, schemes):
    """What an instructions document says otherwise than the binary's own list: then it is of another build."""
    if found.get("schema") != SCHEMA:
        return [f"schema {found.get('schema')!r}"]
    entries = {entry["name"]: entry for entry in found["schemes"]}
    if not entries:
        return []
    return [
        f"{scheme['name']}: {side}" for scheme in schemes for side in ("get", "put")
        if scheme["name"] not in entries or entries[scheme["name"]][side]["promised"] != scheme.get(f"locked_in_{side}")]


def read(path):
    """The document beside a binary; None where the build left none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("objdump", "architecture", "compiler", "flags", "objects", "out"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args()
    try:
        made = document(asked.objdump, asked.architecture, asked.compiler, asked.flags, Path(asked.objects).read_text().splitlines())
    except (ValueError, struct.error, subprocess.CalledProcessError) as error:
        print(f"getput: instructions: {error}", file=sys.stderr)
        return 1
    partial = f"{asked.out}.partial"
    Path(partial).write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, asked.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
