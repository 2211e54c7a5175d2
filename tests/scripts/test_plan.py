# SPDX-License-Identifier: MIT
"""Plans: selection, trial counts, order, estimates."""
import pytest
from fake_bench import listing

from getputlib import cli
from getputlib import plan as plans
from getputlib.errors import GetputError
from getputlib.results import ENOUGH_TRIALS
from getputlib.selection import PROFILES, Selection, matching, parse_threads, select_cells

LISTING = listing([1, 2], ["compact"])


def make(seed=1, **selection):
    chosen = Selection(**selection)
    cells, remarks = select_cells(LISTING, chosen)
    return plans.make_plan(LISTING, cells, chosen, seed, remarks)


def test_profiles_are_tiers():
    tiers = [{cell["tier"] for cell in make(profile=name)["run"]["cells"]} for name in ("smoke", "quick")]
    assert tiers == [{0}, {0, 1}]


def test_every_cell_gets_every_trial_once():
    plan = make(profile="quick")
    keys = [(entry["cell"], entry["trial"]) for entry in plan["trials"]]
    possible = {cell["name"] for cell in plan["run"]["cells"] if cell["possible"]}
    assert len(keys) == len(set(keys)) == len(possible) * plan["run"]["trials_per_cell"]
    assert {cell for cell, _ in keys} == possible


def test_batches_cover_the_trials_in_order_and_have_one_workload_each():
    plan = make(profile="quick")
    batches = plans.batches_of(plan)
    assert [key for batch in batches for key in batch] == [(e["cell"], e["trial"]) for e in plan["trials"]]
    for batch in batches:
        assert len({cell.split("/")[0] for cell, _ in batch}) == 1
        assert len({cell for cell, _ in batch}) <= plans.BATCH_CELLS


def test_a_round_visits_every_cell_before_the_next_begins():
    plan = make(profile="quick")
    first = {}
    for position, entry in enumerate(plan["trials"]):
        first.setdefault(entry["cell"], []).append(position)
    per_round = len(plan["trials"]) // plan["run"]["rounds"]
    assert all(positions[0] < per_round for positions in first.values())


def test_impossible_cells_are_in_the_plan_but_not_measured():
    plan = make(profile="smoke", scheme="needs_rseq,plain")
    lines = "\n".join(plans.plan_lines(plan, "somewhere"))
    of_pairs = sum(cell["workload"] == "pairs" and cell["scheme"] == "needs_rseq" for cell in plan["run"]["cells"])
    assert f"not measured: {of_pairs} cells of pairs (needs_rseq): kernel or libc without rseq" in lines
    assert not any("needs_rseq" in entry["cell"] for entry in plan["trials"])


def test_what_is_not_measured_is_told_a_line_a_reason():
    def cell(workload, scheme, why):
        return {"workload": workload, "scheme": scheme, "possible": why is None, "why": why}

    cells = [cell("pairs", "b", "not possible: it sleeps"), cell("pairs", "a", "not possible: it sleeps"),
             cell("pairs", "a", "not possible: it sleeps"), cell("pairs", "a", None), cell("pairs", "c", None),
             cell("removal", "a", "no CPU 7"), cell("removal", "b", "no CPU 7")]
    assert list(plans.unmeasured(cells)) == ["3 cells of pairs (a, b): it sleeps", "2 cells of removal (every scheme): no CPU 7"]


def test_a_plan_has_an_end():
    with pytest.raises(GetputError) as error:
        make(trials=10**20)
    assert error.value.exit_code == 2 and "1,000,000" in str(error.value)


@pytest.mark.parametrize("name", ["smoke", "quick"])
def test_trials_fit_the_budget_and_never_fall_below_the_promise(name):
    profile = PROFILES[name]
    cells = [{"workload": "removal", "est_trial_ms": 10.0} for _ in range(50)]
    trials, cuts = plans.trials_per_cell(cells, profile, None)
    assert trials == profile.most and not cuts
    for cell in cells:
        cell["est_trial_ms"] = 1000.0 * 0.55 * profile.budget_s / (50 * profile.most)
    trials, cuts = plans.trials_per_cell(cells * 2, profile, None)
    assert profile.least <= trials < profile.most and f"from {profile.most} to {trials}" in cuts[0]
    assert plans.estimate_s(cells * 2, trials, profile.rounds) <= profile.budget_s
    trials, cuts = plans.trials_per_cell(cells * 30, profile, None)
    assert trials == profile.least and "more than" in cuts[0]


def test_the_oracles_pairs_of_trial_0_are_in_the_estimate():
    pairs, removal = ([{"workload": name, "est_trial_ms": 10.0}] * 10 for name in ("pairs", "removal"))
    more = plans.estimate_s(pairs, 5, 1) - plans.estimate_s(removal, 5, 1)
    assert more == pytest.approx(10 * plans.ORACLE_S) == pytest.approx(plans.estimate_s(pairs, 9, 1) - plans.estimate_s(removal, 9, 1))


def test_every_profile_keeps_enough_trials_and_its_time():
    assert min(profile.least for profile in PROFILES.values()) >= ENOUGH_TRIALS
    assert PROFILES["smoke"].deadline_s < 90 and PROFILES["quick"].deadline_s < 300


def test_exact_names_expressions_and_lists():
    known = ["percpu_ref", "percpu_split", "plain", "atomic", "atomic_base"]
    assert matching("scheme", None, known) == set(known)
    assert matching("scheme", "atomic", known) == {"atomic"}
    assert matching("scheme", "percpu", known) == {"percpu_ref", "percpu_split"}
    assert matching("scheme", "plain,^atomic", known) == {"plain", "atomic", "atomic_base"}
    with pytest.raises(GetputError) as error:
        matching("scheme", "plain,nope", known)
    assert error.value.exit_code == 2 and "atomic_base" in str(error.value)
    with pytest.raises(GetputError):
        matching("scheme", ",", known)


def test_threads_words():
    assert parse_threads("1") == [1]
    assert parse_threads("1,max,1") == sorted({1, *parse_threads("max")})
    assert parse_threads("1-max") == list(range(1, parse_threads("max")[0] + 1))
    for text in ("", "1,,2", "-1", "max-1000", "2-1", "1.5"):
        with pytest.raises(GetputError):
            parse_threads(text)


def test_a_request_outside_the_tier_takes_the_next_tier():
    high = {**LISTING, "cells": [{**cell, "tier": 2} for cell in LISTING["cells"] if cell["workload"] == "pairs"]}
    cells, remarks = select_cells(high, Selection(profile="smoke", workload="pairs", threads="2"))
    assert cells and "tier 2 is taken" in remarks[0]
    with pytest.raises(GetputError):
        select_cells(high, Selection(profile="smoke", workload="pairs"))


def test_order_depends_on_the_seed_alone():
    assert make(seed=5)["trials"] == make(seed=5)["trials"] != make(seed=6)["trials"]


def test_durations():
    assert [plans.duration(s) for s in (0.4, 61, 185, 7800)] == ["0 s", "61 s", "3 min 05 s", "2 h 10 min"]


def test_help_tells_how_long_a_profile_takes():
    run = next(action for action in cli.make_parser()._actions if action.dest == "command").choices["run"].format_help()
    for profile in PROFILES.values():
        told = plans.duration(profile.budget_s) if profile.budget_s else f"{profile.most} trials"
        assert f"({'about ' if profile.budget_s else ''}{told}" in " ".join(run.split()), profile.name
