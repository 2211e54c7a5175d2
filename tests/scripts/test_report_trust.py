# SPDX-License-Identifier: MIT
"""Can I trust it: disturbed trials that were kept, cells that no figure shows, kernel generations that were not measured."""
import made_up_path
import pytest
from getputlib import report, trust
from getputlib.figures import base, lineage
from getputlib.figures.pairs import cost, threads
from getputlib.results import Results


@pytest.fixture(autouse=True)
def fixture_closed_figures():
    yield
    base.plt.close("all")


def trial(**covariates):
    return {"wall_ns": 1_000_000, "placement": {"pus": [0]}, "covariates": {**made_up_path.COVARIATES, **covariates}}


@pytest.mark.parametrize("covariates, causes", [
    ({}, []), ({"run_wait_ns": 5_000}, []), ({"run_wait_ns": 50_000}, ["run-queue wait"]),
    ({"voluntary_switches": 1}, ["voluntary switch"]), ({"major_faults": 2}, ["major fault"]), ({"steal_ms": 10}, ["steal"]),
    ({"clock_gap_max_ns": 900_000}, ["clock gap"]), ({"interrupts": 500}, ["interrupts"]), ({"interrupts": 60}, []),
    ({"run_wait_ns": None, "steal_ms": None, "interrupts": None}, []),
])
def test_a_kept_trial_is_disturbed_by_its_covariates(covariates, causes):
    assert trust.disturbances(trial(**covariates), usual_rate=40 / 1_000_000) == causes


def test_older_trials_have_no_covariates():
    assert trust.disturbances({"wall_ns": 1, "placement": {"pus": [0]}}) is None


def test_disturbed_trials_are_counted_per_workload(tmp_path):
    def covariates(of, number):
        return {"steal_ms": 10} if of["workload"] == "pairs" and number == 0 else {}

    run = Results.load(made_up_path.write(tmp_path / "run", workers=(1,), chosen=("none", "atomic_base"), covariates=covariates))
    rows = {row[0]: row for row in trust.workloads(run)}
    assert rows["pairs"][4:] == ("2 (12.5 %)", "steal 2") and rows["netpath"][4] == "0 (0.0 %)"


def test_the_facts_have_load_control_copies_and_controls(tmp_path):
    run = Results.load(made_up_path.write(tmp_path / "run", load=1.7))
    facts = dict(trust.facts(run))
    assert facts["load"] == "1.7 before, 1.7 after, on 2 CPUs" and "12.0 ms" in facts["settling wait"]
    assert "n=8" in facts["L0 against L0, 2 workers, compact"] and "0.400" in facts["compiled copies"]
    assert "lock_xadd 6.10" in facts["controls, 1 thread"] and "line_transfer 45.0" in facts["controls, 2 threads"]
    assert "line_transfer" not in facts["controls, 1 thread"]


def test_cells_of_another_placement_are_named_as_not_shown(tmp_path):
    run = Results.load(made_up_path.write(tmp_path / "run", places=("compact", "scatter"), chosen=("none", "atomic_base")))
    figures = [{"cells": make(run).cells} for make in report.FIGURES]
    count, groups = report.in_no_figure(run, figures)
    shown = {row.cell["name"] for row in run.rows} - set().union(*(figure["cells"] for figure in figures))
    assert count == len(shown) == sum(cells for _, cells in groups)
    assert any("place:scatter" in name for name, _ in groups) and not any("place:compact" in name for name, _ in groups)


def test_a_missing_generation_is_not_replaced_by_another(tmp_path):
    """Without atomic_base the latest generation was not measured; 2.6.34 to 3.18 is not the latest."""
    run = Results.load(made_up_path.write(tmp_path / "run", chosen=("none", "plain", "unload_lock", "percpu_split", "atomic_base")))
    for row in run.rows:
        if row.scheme == "atomic_base":
            row.kept.clear()
    words = lineage.lineage(run).shows
    assert "3.19 to today: not measured." in words and "the latest, " not in words


def test_the_latest_generation_is_named(tmp_path):
    run = Results.load(made_up_path.write(tmp_path / "run", chosen=("none", "plain", "unload_lock", "percpu_split", "atomic_base")))
    assert "the latest, 3.19 to today, costs 171 [" in lineage.lineage(run).shows


def test_equal_pairs_tie(tmp_path, monkeypatch):
    monkeypatch.setattr(made_up_path, "PAIR_NS", dict.fromkeys(made_up_path.PAIR_NS, 12.0))
    run = Results.load(made_up_path.write(tmp_path / "run", spread=30.0))
    assert "tie for the cheapest" in cost(run).shows and threads(run).cells
