# SPDX-License-Identifier: MIT
"""Statistics: right on known cases, quiet on degenerate ones."""
import itertools
import warnings

import numpy
import pytest

from getputlib import stats


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_median_and_nothing():
    assert stats.median([3, 1, 2]) == 2 and stats.median([]) is None


@pytest.mark.parametrize("values", [[], [1.0]])
def test_no_interval_of_too_few(values):
    assert stats.median_interval(values) == (None, None)


def test_interval_of_equal_values_is_the_value():
    assert stats.median_interval([2.0] * 5) == (2.0, 2.0)


def test_interval_of_two_values():
    assert stats.median_interval([1.0, 2.0]) == (1.0, 2.0)


def test_interval_is_reproducible_and_covers():
    """The true median must be inside about 95 of 100 intervals of samples of 20."""
    chance = numpy.random.default_rng(1)
    inside = 0
    for _ in range(100):
        low, high = stats.median_interval(chance.lognormal(0.0, 0.5, 20))
        inside += low <= 1.0 <= high
    assert 85 <= inside <= 100
    sample = [1.0, 1.1, 1.2, 0.9, 1.5]
    assert stats.median_interval(sample) == stats.median_interval(sample)


def test_ratios_are_per_trial():
    """Both drift by the same factor, so the ratio does not."""
    drift = [1.0, 1.5, 2.0, 3.0]
    assert stats.median_of_ratios([4 * d for d in drift], [2 * d for d in drift]) == 2.0
    assert stats.median_of_ratios([1.0, 2.0], [None, 4.0]) == 0.5
    assert stats.median_of_ratios([1.0], [None]) is None


def test_mann_whitney_exact_and_degenerate():
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0], [6.0, 7.0, 8.0, 9.0, 10.0]
    assert stats.mann_whitney(a, b) == pytest.approx(2 / 252)
    assert stats.mann_whitney([1.0] * 5, [1.0] * 5) == 1.0
    assert stats.mann_whitney([1.0] * 5, [2.0] * 5) < 0.01


def test_hodges_lehmann_by_enumeration():
    a, b = [1.0, 5.0, 2.0], [4.0, 9.0]
    assert stats.hodges_lehmann(a, b) == numpy.median([y - x for x, y in itertools.product(a, b)])


def test_cliffs_delta():
    assert stats.cliffs_delta([1, 2], [3, 4]) == 1.0
    assert stats.cliffs_delta([3, 4], [1, 2]) == -1.0
    assert stats.cliffs_delta([1, 1], [1, 1]) == 0.0


def test_holm_textbook():
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert stats.holm([]) == []
    assert stats.holm([0.9, 0.9]) == [1.0, 1.0]


def test_spread_and_variation_of_degenerate_samples():
    assert stats.variation([1.0]) is None and stats.variation([]) is None
    assert stats.variation([2.0, 2.0]) == 0.0
    assert stats.median_absolute_deviation([1.0, 2.0, 9.0]) == 1.0
