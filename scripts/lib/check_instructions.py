# SPDX-License-Identifier: MIT
"""check_instructions.py BENCH COUNTED: instructions a packet, counted by callgrind, and the machine code of level 0.

BENCH is the binary that measures, COUNTED the one whose schemes zero_more and eight_more differ by eight instructions a get. Prints
a line for each check and ends with 1 when one failed.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from getputlib import callgrind, level0_code
from getputlib.bench import Bench
from getputlib.errors import EXIT_BAD_RESULT, EXIT_OK, GetputError
from getputlib.targeted import find_cell

LEVEL0_MOST = 700  # instructions of a packet at level 0, era by era
VARIANTS = (("linux_6", "staged"), ("linux_6", "scalar"), ("linux_2_6", "scalar"))
PLANTED = 8  # instructions that eight_more adds to a get (tests/bench/workloads/netpath/counted/more.hpp)
RESOLUTION = 0.01  # instructions per packet


def replay(path, scheme, level, era="linux_6", shape="staged"):
    """The Replay of the one-worker cell; an error where callgrind does not execute what is timed."""
    bench = Bench.find(path, ["--getput_threads=1"])
    cell = find_cell(bench.list(), "netpath", scheme, level=level, threads=1, era=era, shape=shape)
    if cell is None:
        raise GetputError(f"{path} has no netpath cell of {scheme} at {level}", EXIT_BAD_RESULT)
    found = callgrind.replay(bench, cell["name"])
    if found.why is not None:
        raise GetputError(f"{cell['name']}: {found.why}", EXIT_BAD_RESULT)
    return found


def level0(path):
    """Level 0 against level 0, and how much level 0 executes."""
    for era, shape in VARIANTS:
        found, where = replay(path, "none", "L0", era, shape), f"{era} {shape}: level 0"
        yield found.added == 0.0, f"{where} against level 0 adds {found.added:.2f} instructions a packet"
        yield found.level0 <= LEVEL0_MOST, f"{where} executes {found.level0:.2f} instructions a packet, at most {LEVEL0_MOST} wanted"


def planted(path):
    """What the planted instructions are counted as. At L6, with one get a packet: with several the compiler may lay the two paths out
    differently, which is no error of the counting."""
    without, more = (replay(path, scheme, "L6") for scheme in ("zero_more", "eight_more"))
    found, truth = more.added - without.added, PLANTED * more.gets_per_packet
    yield abs(found - truth) <= RESOLUTION, f"planted {truth:.3f} instructions a packet, counted {found:.3f}"


def one_code(path):
    """Level 0 is one code for all schemes and has no trace of counting; the same examination finds the traces of level 6."""
    schemes, code, traces = level0_code.examine(path)
    names = [function.name for function in code]
    yield schemes == ["None"] and len(names) == len(set(names)), f"level 0 is compiled once, for {', '.join(schemes) or 'no scheme'}"
    where = "; ".join(f"{file} in {name}" for file, name in traces.items())
    instructions = sum(len(listed) for listed in code.values())
    yield not traces, f"level 0 reaches {len(code)} functions, {instructions} instructions, and of counting {where or 'nothing'}"


def charged_code(path):
    _, _, traces = level0_code.examine(path, level0_code.EACH_PACKET)
    yield "modules/module.hpp" in traces, f"the same examination of level 6 finds {', '.join(sorted(traces)) or 'no'} counting"


def main():
    bench, planted_bench = sys.argv[1:]
    callgrind.require()
    failed = False
    for checks in (level0(bench), one_code(bench), planted(planted_bench), charged_code(planted_bench)):
        for good, line in checks:
            print(f"{'' if good else 'FAILED: '}{line}", flush=True)
            failed = failed or not good
    return EXIT_BAD_RESULT if failed else EXIT_OK


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GetputError as error:
        print(f"getput: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
