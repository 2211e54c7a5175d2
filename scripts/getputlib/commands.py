# SPDX-License-Identifier: MIT
"""The commands of scripts/getput and their options, as an argparse parser."""
import argparse

from . import VERSION
from .argument_types import effect, percent, positive, seconds, seed, share, width
from .plan import duration
from .selection import PROFILES

COMPARE_METRICS = ("ns", "added", "ratio_to_plain", "ratio_to_fetch_add", "ratio_to_chain", "ratio_to_lock_xadd",
                   "ratio_to_line_transfer")
EPILOG = """exit codes: 0 done; 1 a result is bad (a scheme is WRONG, a cell crashed, a check failed);
2 the request was bad; 3 the environment does not allow it; 4 the trials are too few or too noisy to
tell; 128 + signal: interrupted, resumable.
Data goes to stdout, everything else to stderr."""


def _command(subparsers, name, summary, handler, needs_modules=True):
    parser = subparsers.add_parser(
        name, help=summary, description=summary, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print strict JSON instead of text")
    parser.set_defaults(handler=handler, needs_modules=needs_modules)
    return parser


def _add_selection(parser):
    parser.add_argument("--scheme", metavar="RE", help="schemes: names or regular expressions, separated by commas")
    parser.add_argument("--workload", metavar="RE", help="workloads, chosen likewise")
    parser.add_argument("--threads", metavar="N[,N..]", help="thread counts, for example 1,2,max")
    parser.add_argument("--place", metavar="P[,P..]",
                        help="placement policies: compact, scatter, per_l3, per_numa, smt, list:CPU,CPU..")
    parser.add_argument("--pcap", metavar="FILE", help="netpath: packets of this capture instead of generated ones")
    parser.add_argument("--traffic", metavar="SPEC", help="netpath: other generated packets, for example imix,flows=256 or imix,to=routed or fixed,size=64")
    parser.add_argument("--local", type=percent, metavar="N", help="netpath: percent of the destination networks that are local (default 50)")


BENCH_HELP = "the benchmark binary (default: the release build, or $GETPUT_BENCH)"


def _extent(name):
    """How long a profile takes, or where it takes as long as it takes, how many trials."""
    profile = PROFILES[name]
    return f"{profile.most} trials each" if profile.budget_s is None else f"about {duration(profile.budget_s)}"


def _add_measuring(parser):
    """How much to measure, and how: the options that `run` and `ab` share."""
    size = parser.add_mutually_exclusive_group()
    for name, text in (("smoke", "does everything work?"), ("quick", "a first answer, the default"), ("paper", "every cell")):
        size.add_argument(f"--{name}", dest="profile", action="store_const", const=name, help=f"{text} ({_extent(name)})")
    parser.add_argument("--trials", type=positive, metavar="N", help="trials a cell, instead of the profile's choice")
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the order (default: random, recorded)")
    parser.add_argument("--out", metavar="DIR", help="results directory, new or empty (default: reports/runs/...)")
    parser.add_argument("--timeout", type=seconds, metavar="S",
                        help="a process without a sign of life for so long is ended (default 30 s, more for slow cells)")
    parser.add_argument("--alongside", action="store_true", help="measure although another run is measuring on this machine")
    parser.add_argument("--no-settle", action="store_true", help="do not wait for a calm machine before the first process")
    parser.add_argument("--dry-run", action="store_true", help="show the plan and stop")


def _add_resuming(parser, what):
    parser.add_argument("--resume", metavar="DIR", help=f"continue an interrupted {what}")
    parser.add_argument("--resume-anyway", action="store_true", help="resume although the build or machine has changed")
    parser.add_argument("--retry-crashed", action="store_true", help="with --resume: try crashed cells again")


def _add_run(subparsers):
    parser = _command(subparsers, "run", "measure: shows the plan, then runs it; what is measured survives a crash",
                      "run_command:command")
    _add_selection(parser)
    parser.add_argument("--bench", metavar="FILE", help=BENCH_HELP)
    _add_measuring(parser)
    parser.add_argument("--until-width", type=width, metavar="W",
                        help="after these trials measure on until each 95 %% interval is narrow: half-width in ns (1ns) or of the value (2%%)")
    parser.add_argument("--max-trials", type=positive, metavar="N", help="with --until-width: at most so many trials a cell (200)")
    _add_resuming(parser, "run")
    parser.add_argument("--require-current", action="store_true", help="refuse a binary that was built from another commit than the checkout's")
    parser.add_argument("--check", action="store_true", help="check the request as far as the sources tell, and stop; needs no binary")


def _add_ab(subparsers):
    parser = _command(subparsers, "ab", "measure two binaries in one interleaved plan, and compare them", "ab:command")
    parser.add_argument("first", metavar="BIN_A")
    parser.add_argument("second", metavar="BIN_B")
    _add_selection(parser)
    _add_measuring(parser)
    _add_resuming(parser, "pair")
    _add_comparing(parser)


def _add_results(subparsers):
    parser = _command(subparsers, "summary", "medians, intervals, ratios and verdicts of a run", "summary:command")
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--format", choices=("table", "csv", "json", "latex"), default="table")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--answer", action="store_true",
                       help="only what one get/put per sk_buff, and per use and sk_buff, adds to a packet: each era, one and all workers")
    shown.add_argument("--self-test", action="store_true",
                       help="check L5 + L6 = L7 and the path against the isolated pair; exit 1 when it fails, 4 when it cannot tell")
    parser = _command(subparsers, "report", "one HTML file, the figures as SVG, PDF and PNG, a LaTeX table, a CSV file",
                      "report:command")
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("-o", dest="output", metavar="FILE", help="write the page alone to FILE, for a run that is read-only")
    parser = _command(subparsers, "readme", "README.md's numbers and figures against a committed run", "readme:command")
    parser.add_argument("directory", metavar="DIR", nargs="?", help="default: the one run below reports/reference")
    parser.add_argument("--pack", metavar="NAME", help="first make DIR the reference run NAME below reports/reference")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="exit 1 when a file does not follow from the run")
    action.add_argument("--write", action="store_true", help="replace the files that do not follow from the run")
    parser = _command(subparsers, "validate", "check a results directory against the schema and itself", "validate:command")
    parser.add_argument("directory", metavar="DIR")
    _add_compare(subparsers)
    _add_judges(subparsers)


def _add_result_selection(parser):
    parser.add_argument("--scheme", metavar="RE", help="schemes: names or regular expressions, separated by commas")
    parser.add_argument("--workload", metavar="RE", help="workloads, chosen likewise")


def _add_compare(subparsers):
    parser = _command(subparsers, "compare", "regressed, improved, same or underpowered: run B against run A", "compare:command")
    parser.add_argument("first", metavar="A")
    parser.add_argument("second", metavar="B")
    _add_result_selection(parser)
    parser.add_argument("--threads", metavar="N[,N..]", help="thread counts, for example 1,2,max")
    _add_comparing(parser)


def _add_comparing(parser):
    """What counts as a difference: the options that `compare` and `ab` share."""
    parser.add_argument("--metric", metavar="NAME", choices=COMPARE_METRICS,
                        help=f"{', '.join(COMPARE_METRICS)} (default: added for netpath, else ns)")
    parser.add_argument("--alpha", type=share, default=0.05, help="level of the corrected tests (default 0.05)")
    parser.add_argument("--min-effect", type=percent, default=2.0, metavar="PERCENT",
                        help="the smallest difference worth a verdict (default 2)")
    parser.add_argument("--min-effect-ns", type=seconds, default=1.0, metavar="NS",
                        help="the same for the metric added, in ns per packet (default 1)")
    parser.add_argument("--fail-if-slower", action="store_true",
                        help="exit 1 when something regressed, 4 when nothing did but --min-effect could not have been seen")


def _add_targeted(parser):
    """The options of a command that measures the few cells that it names itself."""
    parser.add_argument("--trials", type=positive, metavar="N", help="trials a cell, each in a process of its own (default 8)")
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the order (default: random, recorded)")
    parser.add_argument("--out", metavar="DIR", help="keep the results there (default: a temporary directory)")
    parser.add_argument("--bench", metavar="FILE", help=BENCH_HELP)


def _add_checks(subparsers):
    parser = _command(subparsers, "reproduce", "measure published results again: held, not held, cannot tell, not on this machine",
                      "reproduce:command")
    _add_targeted(parser)
    parser.add_argument("--claims", metavar="FILE", help="another list of claims than reports/reproduce.toml")
    parser = _command(subparsers, "dst-series", "what one shared reference costs a frame: Dumazet's commits of 2010, step by step",
                      "dst_series:command")
    _add_targeted(parser)
    parser = _command(subparsers, "resolution", "is a shift of 2 ns per packet found when it is planted, and only then?",
                      "resolution:command")
    parser.add_argument("--runs", type=positive, default=20, metavar="N", help="runs with and as many without the shift (default 20)")
    parser.add_argument("--planted", type=seconds, default=2.0, metavar="NS", help="ns per packet to plant (default 2)")
    _add_targeted(parser)
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help="workers (default 1)")
    parser.add_argument("--slices-ms", type=seconds, metavar="MS", default=50.0,
                        help="timed slices of a trial; level 0 takes several times as long (default 50)")
    parser.add_argument("--widen", action="store_true",
                        help="for noisy machines: the bounds grow with each run's own standard errors")
    parser.add_argument("--check-run", metavar="DIR", help="check the bounds of a finished netpath run instead")


def _add_instructions(subparsers):
    parser = _command(subparsers, "instructions", "instructions a packet that a level and a scheme add, counted by callgrind",
                      "packet_instructions:command")
    parser.add_argument("--scheme", metavar="RE", help="schemes: names or regular expressions, separated by commas")
    parser.add_argument("--level", metavar="RE", help="charge levels, chosen likewise: L0,L7")
    parser.add_argument("--cell", metavar="RE", help="cells of any tier, chosen likewise")
    parser.add_argument("--paper", action="store_true", help="the cells of `run --paper` too")
    parser.add_argument("--pcap", metavar="FILE", help="packets of this capture instead of generated ones")
    parser.add_argument("--bench", metavar="FILE", help=BENCH_HELP)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table")


def _add_judges(subparsers):
    parser = _command(subparsers, "power", "how many trials a difference of some size needs", "power:command")
    parser.add_argument("directory", metavar="DIR")
    _add_result_selection(parser)
    parser.add_argument("--effect", type=effect, metavar="SIZE",
                        help="the difference to be seen: 2%% or 1ns (default: 2%%, and 1ns added to a packet)")
    parser = _command(subparsers, "coverage", "simulates the run: do the intervals contain the truth as often as they say?",
                      "coverage:command")
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--simulations", type=positive, default=20000, metavar="N", help="simulated runs per class (default 20000)")


def make_parser():
    parser = argparse.ArgumentParser(
        prog="getput", description="What does it cost to keep a module from disappearing while you call into it?",
        epilog=EPILOG, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"getput {VERSION}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    doctor = _command(subparsers, "doctor", "can this machine build, run and be trusted? with remedies",
                      "doctor:command", needs_modules=False)
    doctor.add_argument("--bench", metavar="FILE", help=BENCH_HELP)
    doctor.add_argument("--for-paper", action="store_true", help="exit 1 when anything can disturb a measurement")
    listing = _command(subparsers, "list", "schemes, workloads and cells that can be measured here",
                       "list_command:command", needs_modules=False)
    _add_selection(listing)
    listing.add_argument("--bench", metavar="FILE", help=BENCH_HELP)
    shown = listing.add_mutually_exclusive_group()
    shown.add_argument("--tree", action="store_true", help="every cell")
    shown.add_argument("--check-quick", action="store_true",
                       help="exit 1 when the tiers leave out of run --quick what it has to hold of netpath")
    shown.add_argument("--schemes", action="store_true",
                       help="every scheme: family, source, contract, and whether it works here or why not")
    _add_run(subparsers)
    _add_ab(subparsers)
    _add_results(subparsers)
    _add_checks(subparsers)
    _add_instructions(subparsers)
    return parser
