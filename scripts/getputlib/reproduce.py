# SPDX-License-Identifier: MIT
"""`getput reproduce`: published results, measured again on this machine."""
import json
from collections import Counter
from pathlib import Path

from . import claims
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_ENVIRONMENT, EXIT_OK, EXIT_UNDERPOWERED, note
from .plan import duration
from .targeted import describe, make_targeted_plan, results_directory, run_plan

SCHEMA = "getput.reproduce/1"
TRIALS = 8
ORDER = (claims.HELD, claims.NOT_HELD, claims.CANNOT_TELL, claims.NOT_HERE)


def cells_needed(known, listing):
    """Every cell of the claims that can be checked here, once."""
    needed = [cell for claim in known if claims.missing_here(claim, listing) is None for cell in claim.cells(listing)]
    return list({cell["name"]: cell for cell in needed}.values())


def measured_text(ratio, estimate):
    """`4.9 [4.6, 5.2], n = 8 and 8 (wanted: 2 or more)`."""
    band = f"{ratio.at_least:g} or more" if ratio.at_most is None else f"{ratio.at_least:g} to {ratio.at_most:g}"
    if estimate is None:
        return f"not measured (wanted: {band})"
    low, value, high = (f"{number:.3g}" for number in (estimate.low, estimate.ratio, estimate.high))
    return f"{value} [{low}, {high}], n = {estimate.n[0]} and {estimate.n[1]} (wanted: {band})"


def lines(judged):
    """The table: an outcome a claim, with what was published and what was measured, and the source below it."""
    for entry in judged:
        claim = entry.claim
        must = ", must hold" if claim.must_hold else ""
        yield f"{entry.outcome:<20} {claim.id}{must}: {claim.says}"
        yield f"{'':<20}   published  {claim.published} ({claim.machine})"
        for ratio, outcome, estimate in entry.ratios:
            yield (f"{'':<20}   here       {ratio.over.name()} over {ratio.under.name()}: "
                   f"{measured_text(ratio, estimate)}: {outcome}")
        if entry.why:
            yield f"{'':<20}   reason     {entry.why}"
        yield f"{'':<20}   source     {claim.source}; {claim.url}"
    yield ", ".join(f"{count} {outcome}" for outcome, count in _counts(judged).items())


def _counts(judged):
    found = Counter(entry.outcome for entry in judged)
    return {outcome: found[outcome] for outcome in ORDER}


def _document(judged, directory):
    entries = []
    for entry in judged:
        claim = entry.claim
        entries.append({
            **{name: getattr(claim, name) for name in (*claims.TEXTS, "must_hold", "needs")},
            "outcome": entry.outcome, "why": entry.why,
            "ratios": [{"over": vars(ratio.over), "under": vars(ratio.under), "at_least": ratio.at_least,
                        "at_most": ratio.at_most, "outcome": outcome,
                        "measured": None if estimate is None else vars(estimate)}
                       for ratio, outcome, estimate in entry.ratios],
        })
    return {"schema": SCHEMA, "directory": directory, "confidence": claims.CONFIDENCE, "counts": _counts(judged), "claims": entries}


def exit_code(judged, results):
    """1: a claim that must hold does not, or a scheme is WRONG or crashed; 3: nothing could be measured; 4: nothing could be told."""
    outcomes = {entry.outcome for entry in judged}
    if results is not None and results.bad() or any(
            entry.outcome == claims.NOT_HELD and entry.claim.must_hold for entry in judged):
        return EXIT_BAD_RESULT
    if outcomes <= {claims.NOT_HERE}:
        return EXIT_ENVIRONMENT
    return EXIT_OK if outcomes & {claims.HELD, claims.NOT_HELD} else EXIT_UNDERPOWERED


def command(arguments):
    known = claims.load(Path(arguments.claims) if arguments.claims else claims.FILE)
    bench = Bench.find(arguments.bench)
    listing = bench.list()
    cells, results = cells_needed(known, listing), None
    with results_directory(arguments.out) as path:
        if cells:
            plan = make_targeted_plan(listing, cells, arguments.trials or TRIALS, arguments.seed)
            note(f"getput reproduce: {len(cells)} cells in {plan['run']['trials_per_cell']} processes each, "
                 f"about {duration(plan['run']['estimated_s'])}")
            results = run_plan(bench, plan, path, describe(bench))
        judged = [claims.judge(claim, listing, results) for claim in known]
        if arguments.json:
            print(json.dumps(_document(judged, arguments.out), indent=1, allow_nan=False))
        else:
            print("\n".join(lines(judged)))
    if results is not None:
        for line in results.closing_lines():
            note(line)
    code = exit_code(judged, results)
    if code == EXIT_ENVIRONMENT:
        note("getput: no claim can be checked on this machine; `getput doctor` shows what is missing")
    return code
