# SPDX-License-Identifier: MIT
"""What a level adds to a packet: paired with L0 of the same trial where enough trials have it."""
from types import SimpleNamespace

import pytest
from getputlib.figures import charge, netpath, netpath_ranking


def row(values, paired):
    return SimpleNamespace(values=values, added=lambda: paired)


def test_pairs_are_preferred_to_other_trials():
    line = {"L0": row([100.0, 100.0], []), "L7": row([500.0, 520.0], [10.0, 12.0])}
    assert charge.added_ns(line, "L7") == pytest.approx(11.0)
    low, high = charge.added_interval(line, "L7")
    assert 10.0 <= low <= high <= 12.0


def test_one_pair_is_not_enough_for_an_interval():
    line = {"L0": row([100.0, 102.0], []), "L7": row([110.0, 112.0], [50.0])}
    assert charge.added_ns(line, "L7") == pytest.approx(10.0)
    low, high = charge.added_interval(line, "L7")
    assert low is not None and low <= 10.0 <= high


LINES = {
    "cheap": {"L0": row([100.0] * 9, [-1.0, 0.0, 1.0] * 3), "L7": row([101.0] * 9, [1.0] * 9)},
    "dear": {"L0": row([100.0] * 9, [-1.0, 0.0, 1.0] * 3), "L7": row([150.0] * 9, [50.0] * 9)},
    "only_l0": {"L0": row([100.0] * 9, [-1.0, 0.0, 1.0] * 3)},
}


def test_ranking_begins_with_the_cheapest_and_leaves_out_who_was_not_charged():
    assert netpath_ranking._ranked(LINES, "L7") == [("cheap", 1.0, 1.0, 1.0), ("dear", 50.0, 50.0, 50.0)]


def test_what_lies_within_the_resolution_is_not_called_a_cost():
    ranked, resolution = netpath_ranking._ranked(LINES, "L7"), netpath_ranking._resolution({1: LINES})
    assert resolution == pytest.approx(1.0)
    words = netpath_ranking._sentence(ranked, "L7", 1, resolution)
    assert "1 of 2 schemes add nothing" in words and "dear, adds 50" in words


def test_of_many_schemes_those_with_a_look_of_their_own_are_in_front():
    few, many = ["percpu_split", "made_up"], ["percpu_split", *(f"made_up_{n:02}" for n in range(12))]
    assert netpath._in_front(few) == sorted(few)
    assert netpath._in_front(many) == ["percpu_split"]
    assert len(netpath._in_front([name for name in many if name != "percpu_split"])) == 12
