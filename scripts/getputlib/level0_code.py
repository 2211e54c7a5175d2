# SPDX-License-Identifier: MIT
"""Is level 0 of the packet path one machine code for all schemes, with no trace of counting in it?

Read from the binary: the symbols of the timed loops, every function that those of level 0 reach by a direct call or jump, and for
each instruction of them the functions that were inlined there (the line table, gcc -g1).
"""
import re
import subprocess
from bisect import bisect_right
from dataclasses import dataclass
from posixpath import normpath

from .errors import environment_error

# The Charge of a level as the demangler writes it: object, device, use, packet (bench/workloads/netpath/level.hpp); {} is nothing.
LOOP = re.compile(
    r"\brun_slice<getput::(\w+)<.*Charge\{(?:(\w+), (\w+), \([\w:]+UseRefs\)(\d+), \([\w:]+PacketRefs\)(\d+))?\}")
NOTHING = ("false", "false", "0", "0")
EACH_PACKET = ("false", "false", "0", "1")
# What counts lies in these folders. The lock and the RCU of the tables are in schemes/machine, which no scheme is.
COUNTING = re.compile(r"/(?:schemes/(?!machine/)\w+/|modules/)[\w/.]+")
# What counts the objects of an era, at every level alike (era/ in the same folder).
OBJECT_COUNTS = {f"schemes/{name}.hpp" for name in ("counter/atomic", "counter/base_reference", "counter/refcount", "counter/rcuref")}
# A line of objdump: the address and the target of a direct call or jump. What follows a # is an address in memory.
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(?:[^#\n]*?[\s,]([0-9a-f]+) <)?", re.M)


@dataclass(frozen=True)
class Function:
    name: str
    begin: int
    end: int


def _run(*command, stdin=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, input=stdin).stdout
    except FileNotFoundError:
        raise environment_error(f"{command[0]} is not installed: apt-get install binutils")
    except subprocess.CalledProcessError as error:
        raise environment_error(f"{command[0]}: {error.stderr.strip()}")


def functions(binary):
    """Every function of the program, by address."""
    found = []
    for line in _run("nm", "--demangle", "--print-size", "--defined-only", str(binary)).splitlines():
        parts = line.split(" ", 3)
        if len(parts) == 4 and parts[2] in "tTwWuV":
            begin = int(parts[0], 16)
            found.append(Function(parts[3], begin, begin + int(parts[1], 16)))
    return sorted(found, key=lambda function: function.begin)


def _charged(value, nothing):
    return nothing if value is None else value


def loops(program, charge):
    """{scheme class: [Function]} of the timed loops of a level, given by what it charges."""
    found = {}
    for function in program:
        if (match := LOOP.search(function.name)) and tuple(map(_charged, match.groups()[1:], NOTHING)) == charge:
            found.setdefault(match[1], []).append(function)
    return found


def _instructions(binary, function):
    """(address, target of a direct call or jump or None) of each instruction."""
    text = _run("objdump", "-d", "--no-show-raw-insn", f"--start-address={function.begin}", f"--stop-address={function.end}", str(binary))
    return [(int(address, 16), int(target, 16) if target else None) for address, target in INSTRUCTION.findall(text)]


def reached(binary, program, roots):
    """{Function: addresses of its instructions} of the roots and of what they reach."""
    begins, found, waiting = [function.begin for function in program], {}, list(roots)
    while waiting:
        function = waiting.pop()
        if function in found:
            continue
        listed = _instructions(binary, function)
        found[function] = [address for address, _ in listed]
        for target in filter(None, (target for _, target in listed)):
            callee = program[bisect_right(begins, target) - 1]
            if callee.begin <= target < callee.end:
                waiting.append(callee)
    return found


def traces(binary, code):
    """{source file of counting: a function in which an instruction of it lies}."""
    addresses = {hex(address): function for function, listed in code.items() for address in listed}
    answer = _run("addr2line", "--inlines", "--addresses", "--exe", str(binary), stdin="\n".join(addresses))
    found, function = {}, None
    for line in answer.splitlines():
        if line.startswith("0x"):
            function = addresses[hex(int(line, 16))]
        elif (match := COUNTING.search(normpath(line))) and match[0].lstrip("/") not in OBJECT_COUNTS:
            found.setdefault(match[0].lstrip("/"), function.name)
    return found


def examine(binary, charge=NOTHING):
    """(scheme classes with a loop that charges this, functions reached, traces of counting modules in them)."""
    program = functions(binary)
    roots = loops(program, charge)
    code = reached(binary, program, [function for listed in roots.values() for function in listed])
    return sorted(roots), code, traces(binary, code)
