# SPDX-License-Identifier: MIT
"""What a level adds to a packet: paired with L0 of the same trial where enough trials have it."""
from types import SimpleNamespace

import pytest
from getputlib.figures import netpath


def row(values, paired):
    return SimpleNamespace(values=values, added=lambda: paired)


def test_pairs_are_preferred_to_other_trials():
    line = {"L0": row([100.0, 100.0], []), "L7": row([500.0, 520.0], [10.0, 12.0])}
    assert netpath.added_ns(line, "L7") == pytest.approx(11.0)
    low, high = netpath._added_interval(line, "L7")
    assert 10.0 <= low <= high <= 12.0


def test_one_pair_is_not_enough_for_an_interval():
    line = {"L0": row([100.0, 102.0], []), "L7": row([110.0, 112.0], [50.0])}
    assert netpath.added_ns(line, "L7") == pytest.approx(10.0)
    low, high = netpath._added_interval(line, "L7")
    assert low is not None and low <= 10.0 <= high
