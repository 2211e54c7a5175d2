# SPDX-License-Identifier: MIT
"""The first screen: the three numbers, the table, provenance, trust, and no winner where the data separate none."""
import made_up_path
import pytest
from getputlib import first_screen, headline, rank
from getputlib.figures import base, charge, netpath, netpath_ranking, slope
from getputlib.results import Results

HUNT = {"schema": "getput.hunt/1", "scheme": "in_module", "caught": True, "how": "a call returned into unmapped text", "rounds": 3,
        "seconds": 0.4}


@pytest.fixture(autouse=True)
def fixture_closed_figures():
    yield
    base.plt.close("all")


@pytest.fixture(name="results")
def fixture_results(tmp_path):
    """results(**options): a run with chosen numbers."""
    def make(**options):
        return Results.load(made_up_path.write(tmp_path / "run", **options))

    return make


def at_l7(screen):
    """The table of the level with the most references."""
    return next(table for table in screen["tables"] if table["level"] == "L7")


def test_the_answer_is_three_numbers_with_the_most_workers(results):
    screen = first_screen.screen(results())
    values = [value for value, _, _ in screen["answer"]]
    today, cheapest, lock = (float(value.split()[0]) for value in values)
    assert today == pytest.approx(547.0, abs=1.5) and lock == pytest.approx(1647.0, abs=1.5) and cheapest == pytest.approx(10.0, abs=1.0)
    words = " ".join(what for _, what, _ in screen["answer"])
    assert "atomic_base" in words and "thread_split" in words and "unload_lock" in words
    assert screen["where"] == "2 workers" and all("n=8" in detail for _, _, detail in screen["answer"])


def test_the_table_is_the_headline(results):
    run = results()
    screen = first_screen.screen(run)
    of = {row["scheme"]: row for row in at_l7(screen)["main"]}
    one = next(entry for entry in headline.table(run) if (entry.scheme, entry.level, entry.threads) == ("percpu_split", "L7", 2))
    assert of["percpu_split"]["values"][1] == one.net.text()
    assert of["percpu_split"]["source"] == "2.6.34 to 3.18" and at_l7(screen)["columns"][3] == "2 workers, ns (5.00 pairs)"
    assert of["percpu_split"]["shares"] == [f"{100 * one.budget[speed]:.0f} %" for speed in headline.SPEEDS_GBE]
    assert "none" not in of and "plain" not in of, "a control is no scheme to choose"


def test_shares_are_those_of_the_input_not_of_the_smallest_frame(results):
    """95 ns are 32 % of the budget of IMIX frames at 10 GbE, not 141 % of 67.2 ns."""
    imix = results(added={"atomic_base": 98.0}, chosen=("none", "atomic_base"), workers=(1,), spread=0.01)
    assert at_l7(first_screen.screen(imix))["main"][0]["shares"][0] == "32 %"


def test_small_frames_have_a_small_budget(results):
    small = results(added={"atomic_base": 98.0}, chosen=("none", "atomic_base"), workers=(1,), spread=0.01,
                    input_of={"name": "small", "frames": 10, "wire_bytes": 640})
    assert at_l7(first_screen.screen(small))["main"][0]["shares"][0] == "141 %"


def test_what_is_not_resolved_adds_0(results):
    run = results(added={"thread_split": 3.0, "none": 3.0}, chosen=("none", "thread_split", "atomic_base"), workers=(1,))
    path = charge.Path(run)
    entry = next(entry for entry in path.at("L7", 1) if entry.scheme == "thread_split")
    assert path.within(entry) and path.adds(entry).startswith("adds 0 ns within the resolution of this run (95 % CI ")
    row = next(row for row in at_l7(first_screen.screen(run))["main"] if row["scheme"] == "thread_split")
    assert row["values"][0].startswith("0 within resolution, ") and row["shares"] == ["-"] * 4 and row["slope"] == "-"


def test_below_6_values_nothing_says_95_percent(results):
    run = results(processes=3)
    screen = first_screen.screen(run)
    shown = [text for row in at_l7(screen)["main"] for text in row["values"]] + [detail for _, _, detail in screen["answer"]]
    assert all("range" in text and "n=3" in text for text in shown)
    figures = [make(run) for make in (netpath_ranking.ranking, netpath.levels, slope.slope)]
    assert not any("95 %" in text for figure in figures for text in (figure.shows, figure.cannot))
    assert all("Dotted bars: the range of n=3 values" in figure.cannot for figure in figures)


def test_below_6_values_a_cost_is_still_no_zero(results):
    screen = first_screen.screen(results(processes=3))
    assert screen["answer"][0][0].startswith("547") or screen["answer"][0][0].startswith("548")


def test_no_winner_out_of_noise(results):
    """Equal schemes with noise: the smallest of their medians is not named as the winner."""
    chosen = ("none", "percpu_split", "percpu_ref", "thread_split", "rcu_memb", "brlock")
    run = results(added=dict.fromkeys(chosen[1:], 14.0), chosen=chosen, workers=(1,), spread=2.0)
    path = charge.Path(run)
    assert len(rank.cheapest(path, "L7", 1)) > 1 and "does not separate the cheapest" in rank.sentence(path, "L7", 1)
    assert any("not separated by this run" in what for _, what, _ in first_screen.screen(run)["answer"])


def test_a_clear_winner_is_named(results):
    run = results(added={"thread_split": 8.0}, workers=(1,))
    assert "thread_split is the cheapest scheme and adds " in rank.sentence(charge.Path(run), "L7", 1)


def test_unsafe_schemes_are_one_line_and_in_no_figure(results):
    run = results(unsafe=True, hunts=[HUNT], workers=(1,))
    found = first_screen.screen(run)["unsafe"]
    assert [entry["name"] for entry in found] == ["in_module"] and "unmapped text" in found[0]["text"]
    from getputlib.figures import lineage, pairs

    figures = [make(run) for make in (netpath_ranking.ranking, netpath.levels, slope.slope, pairs.cost, lineage.lineage)]
    assert not any("in_module" in name for figure in figures for name in figure.cells)
    assert "in_module" not in rank.sentence(charge.Path(run), "L7", 1)
    words = [text.get_text() for figure in figures for axes in figure.drawing.axes
             for text in (*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts)]
    assert words and not any("in_module" in word for word in words)


def test_the_commit_is_the_binarys_and_a_difference_is_loud(results):
    screen = first_screen.screen(results(workers=(1,), commit="28f51da7ffcb", checkout="18ea3d05bf00" + 28 * "1"))
    assert screen["commit"] == "28f51da7ffcb" and "18ea3d05bf00" in screen["mismatch"]


def test_the_same_commit_is_no_remark(results):
    assert first_screen.screen(results(workers=(1,)))["mismatch"] is None


def test_the_context_names_machine_kernel_and_compiler(results):
    context = first_screen.screen(results(workers=(1,)))["context"]
    for word in ("Made-up CPU", "2 CPUs", "virtual machine (kvm)", "6.1", "GNU 12.2.0"):
        assert word in context


def _doubts(run):
    return [text for good, text in first_screen.screen(run)["trust"] if not good]


def test_trust_names_what_is_wrong(results):
    doubts = _doubts(results(processes=3, workers=(1,), load=7.9, remarks=["another getput run was measuring"], state="cut"))
    for words in ("n=3 per number", "load 7.9 on 2 CPUs", "virtual machine", "not finished: cut", "another getput run was measuring"):
        assert any(words in text for text in doubts), words


def test_a_quiet_run_has_no_doubts(results):
    assert _doubts(results(workers=(1,), hypervisor=None)) == []


def test_a_biased_control_is_a_doubt(results, monkeypatch):
    """L0 against L0 away from 0 means that every difference may be off."""
    monkeypatch.setattr(made_up_path, "_numbers", _biased(made_up_path._numbers))
    assert any("L0 against L0 is not 0" in text for text in _doubts(results(workers=(1,), hypervisor=None)))


def _biased(numbers):
    def changed(of, added, noise):
        value, difference = numbers(of, added, noise)
        if of["params"].get("level") == "L0":
            difference = {**difference, "ns": difference["ns"] - 5.6}
        return value, difference

    return changed


def test_a_run_without_packets_says_so(driver):
    driver.run("--workload", "pairs", "--threads", "1", "--scheme", "plain,brlock")
    screen = first_screen.screen(Results.load(driver.folder / "out"))
    assert "did not measure what references add" in screen["missing"]


def test_a_run_whose_trials_were_all_rejected_says_why(results):
    run = results(chosen=("none", "atomic_base"), workers=(1,))
    for row in run.of("netpath"):
        row.kept, row.rejected = [], 4
        row.reasons.update({"too_few_slices": 4})
    assert "No valid trial of the packet path: too_few_slices" in first_screen.screen(run)["missing"]


def test_levels_are_points_without_lines(results):
    figure = netpath.levels(results(workers=(1,)))
    axes = figure.drawing.axes[0]
    lines = [line for line in axes.lines if len(line.get_xdata()) > 1 and line.get_linestyle() not in ("None", "none")]
    assert lines and all(len(set(line.get_xdata())) == 1 for line in lines), "a line joins two levels"
    assert [label.get_text().split("\n")[0] for label in axes.get_xticklabels()] == ["L5", "L6", "L7"]


def test_the_bound_of_the_control_and_the_copies_are_visible(results):
    figure = netpath_ranking.ranking(results(workers=(1,)))
    assert "L0 against L0, " in figure.cannot and "compiled copies" in figure.cannot
    assert any(patch.get_facecolor()[0] == pytest.approx(0xE9 / 255) for patch in figure.drawing.axes[0].patches)


def test_a_range_is_drawn_otherwise_than_an_interval():
    import matplotlib.pyplot as plt
    from getputlib.stats import Interval

    figure, axes = plt.subplots()
    base.whisker(axes, 0, Interval(2.0, 1.0, 3.0, 8, "95 %"), "black")
    confident = [line.get_linestyle() for line in axes.lines]
    base.whisker(axes, 1, Interval(2.0, 1.0, 3.0, 3, "range"), "black")
    assert confident[0] == "-" and len(confident) == 2 and [line.get_linestyle() for line in axes.lines][2:] == ["--"]
    before = len(axes.lines)
    base.whisker(axes, 2, Interval(2.0, None, None, 1, "none"), "black")
    assert len(axes.lines) == before
    plt.close(figure)


def test_the_slope_is_told_beside_the_isolated_pair(results):
    run = results(workers=(1,), spread=0.05)
    found = {entry.scheme: (interval.point, entry.isolated_ns) for entry, interval in slope.slopes(charge.Path(run), 1)}
    assert found["atomic_base"] == (pytest.approx(52.0 / 5.0, abs=0.1), pytest.approx(12.0, abs=0.1))
    assert "none" not in found


def test_of_many_schemes_those_with_a_look_of_their_own_are_in_front():
    few, many = ["percpu_split", "made_up"], ["percpu_split", *(f"made_up_{n:02}" for n in range(12))]
    assert netpath.in_front(few) == sorted(few) and netpath.in_front(many) == ["percpu_split"]
    assert len(netpath.in_front([name for name in many if name != "percpu_split"])) == 12
