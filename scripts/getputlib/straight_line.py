# SPDX-License-Identifier: MIT
"""The straight line through a compiled function: what runs when nothing is contended, stopped or refused.

`objdump -drw` of an object (x86-64) becomes a graph of instructions. Of all ways from the entry to a
return, without going round a loop, the straight line is the one that, in this order,

1. never says "refused": a call of getput_probe_refused is a dead end (bench/instructions/probe.hpp);
2. enters as few cold places as possible: sections .text.unlikely, and functions that lie in them,
   which is where compilers put what is [[unlikely]] or gnu::cold;
3. takes as few conditional branches as possible;
4. takes them as late as possible.

A branch on __libc_single_threaded goes the way of a process that has threads: libstdc++ counts without
atomics as long as there are none, and no reference count is interesting then.

So it is the path "conditional branches not taken, jumps followed" wherever the compiler laid the hot
path out that way. Where it did not, rule 1 or 2 leads across a taken branch, and `taken` counts it.
The rules see hints and layout, not probabilities: a scheme that does not mark its rare path has that
path counted if it is the one that falls through, which makes a promise fail rather than hold.

A jump out of the function and its .cold part is a tail call: counted as a call, and the end of the
line. An instruction counts as locked when it has the lock prefix or is xchg with memory; mfence, which
orders as much and costs as much, is counted apart, and towards a promise like a locked one.
"""
import heapq
import re
from dataclasses import dataclass

REFUSED = "getput_probe_refused"
NEVER_RETURN = {REFUSED, "abort", "_ZSt9terminatev", "__stack_chk_fail", "__assert_fail", "__cxa_throw", "_Unwind_Resume"}
COLD = ".text.unlikely"
SINGLE_THREADED = "__libc_single_threaded"

SECTION = re.compile(r"^Disassembly of section (\S+):$")
LABEL = re.compile(r"^[0-9a-f]+ <(\S+)>:$")
LINE = re.compile(r"^\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*(?:\t(.*))?$")
TARGET = re.compile(r"^([0-9a-f]+) <")
OFFSET = re.compile(r"^(.*?)(?:([-+])0x([0-9a-f]+))?$")


@dataclass(frozen=True)
class Instruction:
    """One instruction. `symbol` is what a call or jump names that lies outside its section, `data` what others name."""

    section: str
    address: int
    size: int
    function: str
    text: str
    target: tuple | None = None
    symbol: str | None = None
    data: str = ""

    @property
    def place(self):
        return self.section, self.address

    @property
    def mnemonic(self):
        return next((word for word in self.text.split() if word not in ("bnd", "notrack", "lock")), "")

    @property
    def jumps(self):
        return self.mnemonic in ("jmp", "jmpq")

    @property
    def branches(self):
        return (self.mnemonic.startswith(("j", "loop")) and not self.jumps) or self.mnemonic == "xbegin"

    @property
    def calls(self):
        return self.mnemonic.startswith("call")

    @property
    def returns(self):
        return any(word.startswith("ret") for word in self.text.split()[:2])

    @property
    def locked(self):
        words = self.text.split()
        return "lock" in words[:2] or (self.mnemonic.startswith("xchg") and "(" in self.text)

    @property
    def fence(self):
        return self.mnemonic == "mfence"

    @property
    def padding(self):
        return "nop" in self.text or self.text == "xchg %ax,%ax"


class Code:
    """All instructions of one object, and where its functions begin."""

    def __init__(self, instructions, starts):
        self.at = {found.place: found for found in instructions}
        self.before = {(found.section, found.address + found.size): found for found in instructions}
        self.starts = starts

    def resolve(self, instruction):
        """(place, function name) that a call or jump leads to; the place is None outside this object."""
        if instruction.symbol is not None:
            name, sign, digits = OFFSET.match(instruction.symbol).groups()
            offset = (int(digits, 16) if digits else 0) * (-1 if sign == "-" else 1) + 4
            section, base = self.starts.get(name, (name, 0))
            place = (section, base + offset)
        elif instruction.target is not None:
            place, name = instruction.target, None
        else:
            return None, "through a pointer"
        found = self.at.get(place)
        return (place, found.function) if found else (None, name)

    def cold(self, place):
        return place is not None and place[0].startswith(COLD)

    def after(self, instruction):
        """The next instruction of the same function; None where it ends."""
        found = self.at.get((instruction.section, instruction.address + instruction.size))
        return found.place if found and same_function(found.function, instruction.function) else None


def same_function(one, other):
    return one.removesuffix(".cold") == other.removesuffix(".cold")


def parse(disassembly):
    """The Code of what `objdump -drw` printed."""
    section, function, instructions, starts = "", "", [], {}
    for line in disassembly.splitlines():
        if found := SECTION.match(line):
            section = found[1]
        elif found := LABEL.match(line):
            function = found[1]
            starts[function] = (section, int(line.split()[0], 16))
        elif (found := LINE.match(line)) and found[3]:
            instructions.append(_instruction(section, function, found))
    return Code(instructions, starts)


def _instruction(section, function, found):
    text, _, relocation = found[3].partition("\t")
    text, _, _ = text.partition("#")
    symbol = relocation.split()[-1] if "R_X86_64_" in relocation else None
    words = text.split()
    target = TARGET.match(" ".join(words[1:])) if len(words) > 1 else None
    leads = words[0].startswith(("j", "call", "loop", "xbegin")) or words[0] in ("bnd", "notrack")
    return Instruction(
        section, int(found[1], 16), len(found[2].split()), function, " ".join(words),
        target=(section, int(target[1], 16)) if leads and target and symbol is None else None,
        symbol=symbol if leads else None, data="" if leads else symbol or "")


@dataclass
class StraightLine:
    """What runs, in order, and what it counts to."""

    function: str
    lines: list
    instructions: int = 0
    bytes: int = 0
    locked: int = 0
    fences: int = 0
    calls: int = 0
    branches: int = 0
    taken: int = 0
    off_line_bytes: int = 0

    def record(self):
        return {name: value for name, value in vars(self).items() if name != "function"}


def _ways(code, at):
    """The ways on from an instruction: (next place or None for the end, name of what is called, branch taken)."""
    follow = code.after(at)
    if at.returns:
        return [(None, None, False)]
    if at.calls:
        _, name = code.resolve(at)
        return [] if name in NEVER_RETURN or follow is None else [(follow, name, False)]
    if not at.jumps and not at.branches:
        return [(follow, None, False)] if follow is not None else []
    place, name = code.resolve(at)
    inside = place is not None and same_function(name, at.function)
    leads = [] if name in NEVER_RETURN else [(place if inside else None, None if inside else name, at.branches)]
    if at.branches and follow is not None:
        leads.insert(0, (follow, None, False))
    before = code.before.get(at.place)
    if at.branches and before is not None and SINGLE_THREADED in before.data and before.text.startswith("cmpb $0x0,"):
        leads = [(way[0], way[1], False) for way in leads if way[2] == (at.mnemonic == "je")]  # not a choice: not a price
    return leads


def _enters_cold(code, at, way):
    place, called, _ = way
    return (called is not None and code.cold(code.starts.get(called))) + (code.cold(place) and not code.cold(at.place))


def find(code, function):
    """The StraightLine of a function, or None where no way leads to a return."""
    # The shortest path, where long is, in this order: cold places, branches taken, how early each was.
    waiting, came, serial = [(0, 0, (), 0, code.starts[function], 0, None)], {}, 0
    while waiting:
        cold, taken, early, _, place, length, before = heapq.heappop(waiting)
        if place in came:
            continue
        came[place] = before
        if place[0] is None:
            return _count(code, function, came, place)
        at = code.at[place]
        for way in _ways(code, at):
            serial += 1
            goal = way[0] if way[0] is not None else (None, place)
            heapq.heappush(waiting, (cold + _enters_cold(code, at, way), taken + way[2],
                                     (*early, -length) if way[2] else early, serial, goal, length + 1, (place, way)))
    return None


def _count(code, function, came, end):
    steps = []
    while came[end] is not None:
        end, way = came[end]
        steps.append((code.at[end], way))
    line = StraightLine(function, [])
    for at, (_, called, taken) in reversed(steps):
        line.instructions += 1
        line.bytes += at.size
        line.locked += at.locked
        line.fences += at.fence
        line.calls += called is not None
        line.branches += at.branches
        line.taken += taken
        line.lines.append(_text(code, at, called, taken))
    passed = {at.place for at, _ in steps}
    line.off_line_bytes = sum(
        found.size for found in code.at.values()
        if same_function(found.function, function) and found.place not in passed and not found.padding)
    return line


def _text(code, at, called, taken):
    """One line of the listing: the mnemonic first, names in angle brackets, so that patterns can be anchored."""
    words = at.text.split(" <")[0]
    if at.branches or at.jumps or at.calls:
        words = words.split()[0]
        name = code.resolve(at)[1]
        words += f" <{name}>" if called or at.calls else " <this function>"
    if called and not at.calls:
        words = f"call {words}"
    return words + (" ; taken" if taken else "")
