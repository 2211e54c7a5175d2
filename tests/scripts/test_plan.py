# SPDX-License-Identifier: MIT
"""Plans: selection, trial counts, order, estimates."""
import pytest
from fake_bench import listing

from getputlib import commands, selection
from getputlib import plan as plans
from getputlib.errors import GetputError
from getputlib.selection import PROFILES, Selection, matching, parse_threads, select_cells
from getputlib.stats import LEAST_FOR_CONFIDENCE

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
        assert len(batch) <= plans.BATCH_CELLS


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


def cells_of(workload, count, est_trial_ms):
    return [{"workload": workload, "est_trial_ms": est_trial_ms} for _ in range(count)]


@pytest.mark.parametrize("name", ["smoke", "quick"])
def test_trials_fit_the_budget_and_never_fall_below_the_promise(name):
    profile = PROFILES[name]
    per_cell_ms = 1000.0 * profile.budget_s / (50 * plans.EXPECTED_ATTEMPTS)
    extent, cuts = plans.choose_extent(cells_of("removal", 50, 1.0), profile, None)
    assert extent == plans.Extent(profile.most) and not cuts
    cells = cells_of("removal", 50, 0.9 * per_cell_ms / profile.wanted)
    extent, cuts = plans.choose_extent(cells, profile, None)
    assert profile.wanted <= extent.trials < profile.most and f"from {profile.most} to {extent.trials}" in cuts[0]
    assert plans.estimate_s(cells, extent) <= profile.budget_s
    extent, cuts = plans.choose_extent(cells_of("removal", 50, 3.0 * per_cell_ms), profile, None)
    assert extent.trials == profile.least and "will be cut" in cuts[0]


def test_slices_become_shorter_before_trials_fall_below_what_the_profile_wants():
    profile = PROFILES["quick"]
    cells = cells_of("netpath", 146, 190.0) + cells_of("pairs", 400, 20.0)
    extent, cuts = plans.choose_extent(cells, profile, None)
    assert 8 <= extent.trials <= profile.wanted
    assert plans.LEAST_SLICES_MS["quick"] <= extent.slices_ms < plans.SLICES_MS and "ms of slices" in cuts[0]
    assert plans.estimate_s(cells, extent) <= profile.budget_s
    extent, _ = plans.choose_extent(cells_of("netpath", 146, 190.0), profile, None)
    assert extent.trials == profile.wanted and extent.slices_ms < plans.SLICES_MS
    extent, _ = plans.choose_extent(cells_of("netpath", 400, 190.0) + cells_of("pairs", 400, 20.0), profile, None)
    assert profile.least <= extent.trials < profile.wanted and extent.slices_ms >= plans.LEAST_SLICES_MS["quick"]


def test_both_eras_fit_into_quick():
    """36 schemes on one path and ten on two more, at L6 and L7, one and all workers; level 0 of each path; pairs and removal."""
    packets = cells_of("netpath", 36 * 4 + 2 * 10 * 4, 190.0) + cells_of("netpath", 3 * 2, 1840.0)
    extent, _ = plans.choose_extent(packets + cells_of("pairs", 373, 20.0) + cells_of("removal", 99, 9.0), PROFILES["quick"], None)
    assert extent.trials >= 8 and extent.slices_ms >= plans.LEAST_SLICES_MS["quick"]


def test_only_the_sliced_part_of_a_netpath_trial_becomes_shorter():
    cell = cells_of("netpath", 1, 190.0)[0]
    assert plans.trial_ms(cell) == 190.0 and plans.trial_ms(cell, 75.0) == 115.0
    assert plans.trial_ms(cells_of("pairs", 1, 190.0)[0], 75.0) == 190.0


def test_netpath_alone_has_a_budget_of_its_own():
    assert selection.budget_of(PROFILES["quick"], ["netpath"])[1] < 300
    assert selection.budget_of(PROFILES["quick"], ["netpath", "pairs"])[1] < 360
    assert plans.deadline_s(make(profile="quick", workload="netpath")) < 300


def test_the_oracles_pairs_of_trial_0_are_in_the_estimate():
    pairs, removal = cells_of("pairs", 10, 10.0), cells_of("removal", 10, 10.0)
    for trials in (5, 9):
        more = plans.estimate_s(pairs, plans.Extent(trials)) - plans.estimate_s(removal, plans.Extent(trials))
        assert more == pytest.approx(10 * plans.ORACLE_S)


def test_every_profile_promises_enough_trials_for_an_interval_and_keeps_its_time():
    assert min(profile.least for profile in PROFILES.values()) >= LEAST_FOR_CONFIDENCE
    assert PROFILES["smoke"].deadline_s < 90 and PROFILES["quick"].deadline_s < 360 and PROFILES["quick"].wanted >= 8


def test_every_trial_of_a_cell_is_measured_by_another_process():
    plan = make(profile="quick")
    for batch in plans.batches_of(plan):
        assert len({cell for cell, _ in batch}) == len(batch)
    assert len(plan["run"]["batches"]) == plan["run"]["rounds"] * 3, "three workloads of at most 48 cells"


def test_the_promise_is_in_the_plan_and_in_its_lines():
    plan = make(profile="smoke")
    assert plan["run"]["promised"] == 6
    assert "promise: at least 6 kept trials per cell, each in a process of its own; cut after 72 s" in "\n".join(plans.plan_lines(plan, "x"))
    assert make(profile="smoke", trials=2)["run"]["promised"] == 2
    assert "cut after" not in plans.promise_line(make(profile="paper"))


def test_batches_are_as_large_as_the_binary_says():
    small = {**LISTING, "batch_cells": 5}
    chosen = Selection(profile="smoke", workload="pairs")
    plan = plans.make_plan(small, select_cells(small, chosen)[0], chosen, 1)
    assert max(plan["run"]["batches"]) <= 5


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
    run = next(action for action in commands.make_parser()._actions if action.dest == "command").choices["run"].format_help()
    for profile in PROFILES.values():
        told = plans.duration(profile.budget_s) if profile.budget_s else f"{profile.most} trials"
        assert f"({'about ' if profile.budget_s else ''}{told}" in " ".join(run.split()), profile.name
