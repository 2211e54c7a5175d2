# SPDX-License-Identifier: MIT
"""Statistics: right on known cases, quiet on degenerate ones, and as often right as they say."""
import math
import warnings

import numpy
import pytest

from getputlib import stats


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_median():
    assert stats.median([3, 1, 2]) == 2 and stats.median([]) is None


@pytest.mark.parametrize("values, kind, bounds", [
    ([], stats.NONE, (None, None)), ([1.0], stats.NONE, (None, None)), ([1.0, 2.0], stats.RANGE, (1.0, 2.0)),
    ([5.0, 1.0, 2.0, 3.0, 4.0], stats.RANGE, (1.0, 5.0)), ([2.0] * 6, stats.CONFIDENT, (2.0, 2.0)),
])
def test_fewer_than_six_values_have_a_range_and_no_interval(values, kind, bounds):
    found = stats.interval(values)
    assert (found.kind, found.bounds, found.n) == (kind, bounds, len(values))


def test_texts_say_what_an_interval_is():
    assert stats.Interval(12.4, 11.9, 13.0, 8, stats.CONFIDENT).text() == "12.4 [11.9, 13.0] n=8"
    assert stats.Interval(12.4, 11.0, 14.0, 3, stats.RANGE).text() == "12.4 (range 11.0 to 14.0, n=3)"
    assert stats.interval([12.4]).text() == "12.4 (n=1)" and stats.NOTHING.text() == "-"


def test_a_range_excludes_nothing():
    assert not stats.interval([5.0, 6.0, 7.0]).excludes(0.0)
    assert stats.interval([5.0, 6.0, 7.0] * 3).excludes(0.0) and not stats.interval([5.0, 6.0, 7.0] * 3).excludes(6.0)


def test_the_interpolated_interval_is_the_published_one():
    """Hettmansperger and Sheather (1986): n = 10 lies between the second and the third smallest value."""
    d, weight = stats.order_statistic_weights(10)
    covers = {2: 0.978515625, 3: 0.890625}
    share = (covers[2] - 0.95) / (covers[2] - covers[3])
    assert d == 2 and weight == pytest.approx(8 * share / (2 + 6 * share))
    low, high = stats.order_statistic_bounds(numpy.arange(10.0))
    assert low == pytest.approx(1.0 + weight) and high == pytest.approx(8.0 - weight)


HEAVY = {
    "normal": (lambda chance, size: chance.normal(size=size), 0.0),
    "student 3": (lambda chance, size: chance.standard_t(3, size=size), 0.0),
    "exponential": (lambda chance, size: chance.exponential(size=size), math.log(2.0)),
    "log-normal": (lambda chance, size: chance.lognormal(0.0, 0.8, size=size), 1.0),
}


@pytest.mark.parametrize("n", [6, 8, 12, 30])
@pytest.mark.parametrize("shape", HEAVY)
def test_the_interval_covers_at_least_93_percent(shape, n):
    draw, truth = HEAVY[shape]
    low, high = stats.order_statistic_bounds(draw(numpy.random.default_rng(1), (20000, n)))
    assert ((low <= truth) & (truth <= high)).mean() > 0.938


@pytest.mark.parametrize("n", [6, 8, 12, 30])
def test_the_interval_of_a_difference_covers_even_where_shapes_differ(n):
    chance = numpy.random.default_rng(2)
    low, high = stats.difference_bounds(chance.normal(size=(20000, n)), chance.lognormal(0.0, 0.8, (20000, n)))
    assert ((low <= 1.0) & (1.0 <= high)).mean() > 0.938


def test_a_difference_is_that_of_the_medians():
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]
    found = stats.difference(a, b)
    low, high = stats.difference_bounds(a, b)
    assert found.point == 10.0 and found.n == 7 and found.bounds == (pytest.approx(low), pytest.approx(high))
    assert stats.difference([1.0, 2.0], [5.0, 7.0]) == stats.Interval(4.5, 3.0, 6.0, 2, stats.RANGE)
    assert stats.difference([1.0], [5.0]).kind == stats.NONE and stats.difference([], [5.0]) == stats.NOTHING


def test_values_of_one_process_are_one_value():
    assert stats.process_values([1.0, 3.0, 10.0, 20.0, 30.0], [7, 7, 8, 8, 8]) == {7: 2.0, 8: 20.0}


def test_ratios_are_taken_trial_by_trial():
    """Two trials drift together: the ratio stays what it is, the ratio of medians does not."""
    drift = [1.0, 1.5, 3.0]
    assert stats.median_of_ratios([4 * d for d in drift], [2 * d for d in drift]) == 2.0
    assert stats.median_of_ratios([1.0, 2.0], [None, 4.0]) == 0.5
    assert stats.median_of_ratios([1.0], [None]) is None


def test_welch_is_scipys():
    from scipy.stats import ttest_ind

    chance = numpy.random.default_rng(3)
    a, b = chance.normal(0.0, 1.0, 7), chance.normal(1.0, 3.0, 12)
    found, known = stats.Difference.of(a, b), ttest_ind(b, a, equal_var=False)
    assert found.p() == pytest.approx(known.pvalue) and found.error == pytest.approx(found.point / known.statistic)
    assert found.p_below() == pytest.approx(ttest_ind(b, a, equal_var=False, alternative="less").pvalue)
    assert found.freedom == pytest.approx(stats.Difference.mean_of([(dict(enumerate(a)), dict(enumerate(b)))]).freedom)


def test_equal_values_differ_by_nothing():
    nothing = stats.Difference.of([2.0] * 6, [2.0] * 6)
    assert nothing.p() == 1.0 and nothing.bounds() == (0.0, 0.0) and stats.Difference.of([2.0] * 6, [3.0] * 6).p() == 0.0


def test_cells_of_one_process_share_its_error():
    """Ten cells that a process shifts alike are worth one, ten of different processes are worth ten."""
    shifts = [0.1, -0.2, 0.3, -0.1, 0.2, -0.3]
    same = [(dict(enumerate(shifts)), dict(enumerate(shifts)))] * 10
    apart = [({(k, i): v for i, v in enumerate(shifts)}, {(k, i): v for i, v in enumerate(shifts)}) for k in range(10)]
    one = stats.Difference.of(shifts, shifts)
    assert stats.Difference.mean_of(same).error == pytest.approx(one.error)
    assert stats.Difference.mean_of(apart).error == pytest.approx(one.error / math.sqrt(10))
    assert stats.Difference.mean_of(same).freedom == pytest.approx(10.0)
    assert stats.Difference.mean_of(apart).freedom == pytest.approx(100.0)


def test_holm_orders_and_stays_below_one():
    assert stats.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert stats.holm([]) == [] and stats.holm([0.9, 0.9]) == [1.0, 1.0]


def test_a_winner_has_to_beat_every_other():
    close = {"a": [1.0, 1.1, 1.2, 1.0, 1.1, 1.2], "b": [1.05, 1.15, 1.1, 1.0, 1.2, 1.1], "c": [9.0, 9.1, 9.2, 9.0, 9.1, 9.3]}
    assert stats.best_subset(close) == ["a", "b"]
    assert stats.best_subset({"a": close["a"], "c": close["c"]}) == ["a"]
    assert stats.best_subset({"c": close["c"], "few": [1.0, 1.1]}) == ["few", "c"]
    assert stats.best_subset({"few": [1.0, 1.1], "more": [5.0, 5.1, 5.2]}) == ["few", "more"] and stats.best_subset({}) == []


def test_the_best_of_twenty_equal_schemes_is_rarely_named():
    """The smallest of many noisy values alone would name a winner every time."""
    chance, named = numpy.random.default_rng(4), 0
    for _ in range(300):
        named += len(stats.best_subset({str(k): list(chance.normal(size=8)) for k in range(20)})) == 1
    assert named <= 0.05 * 300


def test_spread():
    assert stats.variation([1.0]) is None and stats.variation([]) is None
    assert stats.variation([2.0, 2.0]) == 0.0
    assert stats.median_absolute_deviation([1.0, 2.0, 9.0]) == 1.0
