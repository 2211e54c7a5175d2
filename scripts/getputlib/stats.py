# SPDX-License-Identifier: MIT
"""The statistics that the project relies on; the distributions are scipy's.

The process is the unit: values of one process are averaged before any of these functions see them,
so every sample below holds one value per process. With at least LEAST_FOR_CONFIDENCE values an
interval is a 95 % interval, below that it is the range. docs/decisions.md says why the bounds are
order statistics. Tests (compare, rankings) are Welch's t tests of process values.
scipy is imported where it is used: it takes longer than all else that `run` imports.
"""
import functools
import math
from dataclasses import dataclass

import numpy

from .words import number

CONFIDENCE = 0.95
LEAST_FOR_CONFIDENCE = 6  # the range of 5 values covers the median in 93.75 % of samples only
CONFIDENT, RANGE, NONE = "95 %", "range", "none"


@dataclass(frozen=True)
class Interval:
    """A point with what is known about it. `kind` is CONFIDENT, RANGE (of n values) or NONE (no bounds)."""

    point: float | None
    low: float | None
    high: float | None
    n: int
    kind: str

    @property
    def bounds(self):
        return self.low, self.high

    def excludes(self, value):
        """True when this is a 95 % interval that does not contain the value; a range excludes nothing."""
        return self.kind == CONFIDENT and not self.low <= value <= self.high

    def text(self, show=number):
        if self.point is None:
            return "-"
        if self.kind == CONFIDENT:
            return f"{show(self.point)} [{show(self.low)}, {show(self.high)}] n={self.n}"
        if self.kind == RANGE:
            return f"{show(self.point)} (range {show(self.low)} to {show(self.high)}, n={self.n})"
        return f"{show(self.point)} (n={self.n})"

    def record(self):
        return {"point": self.point, "low": self.low, "high": self.high, "n": self.n, "kind": self.kind}


NOTHING = Interval(None, None, None, 0, NONE)


def median(values):
    if len(values) == 1:
        return float(values[0])  # one value is what most processes give, and a report has 70,000 of them
    return float(numpy.median(values)) if len(values) else None


def median_absolute_deviation(values):
    return float(numpy.median(numpy.abs(numpy.subtract(values, numpy.median(values))))) if len(values) else None


def variance(values):
    """Of a sample of at least two values."""
    return float(numpy.var(values, ddof=1))


def variation(values):
    """Coefficient of variation; None where it means nothing."""
    mean = float(numpy.mean(values)) if len(values) else 0.0
    return float(numpy.std(values, ddof=1) / mean) if len(values) > 1 and mean > 0.0 else None


def process_values(values, processes):
    """{process: the median of its values}, in the order in which the processes ran."""
    own = {}
    for value, process in zip(values, processes, strict=True):
        own.setdefault(process, []).append(value)
    return {process: median(found) for process, found in own.items()}


@functools.cache
def order_statistic_weights(n, confidence=CONFIDENCE):
    """(d, weight): the Hettmansperger-Sheather interval is (1 - weight) X(d) + weight X(d+1), and its mirror image.

    X(d) is the d-th smallest of n values. [X(d), X(n+1-d)] covers the median with a probability that
    only n decides; the interpolation reaches the wanted one between two of these. Where even the
    range does not reach it (n < 6 for 95 %), the range is returned.
    """
    from scipy.stats import binom

    def covers(d):
        return 1.0 - 2.0 * float(binom.cdf(d - 1, n, 0.5))

    d = 1
    while d + 1 <= n // 2 and covers(d + 1) >= confidence:
        d += 1
    above, below = covers(d), covers(d + 1) if d + 1 <= n // 2 else 0.0
    if above <= confidence:
        return 1, 0.0
    share = (above - confidence) / (above - below)
    return d, (n - d) * share / (d + (n - 2 * d) * share)


def order_statistic_bounds(samples, confidence=CONFIDENCE):
    """(lows, highs) of the median along the last axis."""
    ordered = numpy.sort(numpy.asarray(samples, dtype=float), axis=-1)
    n = ordered.shape[-1]
    d, weight = order_statistic_weights(n, confidence)
    inner = min(d, n - 1)
    lows = (1.0 - weight) * ordered[..., d - 1] + weight * ordered[..., inner]
    highs = (1.0 - weight) * ordered[..., n - d] + weight * ordered[..., n - 1 - inner]
    return lows, highs


def interval(values):
    """The median of independent values with its 95 % interval, or with their range when there are too few."""
    n = len(values)
    if n == 0:
        return NOTHING
    if n == 1:
        return Interval(float(values[0]), None, None, 1, NONE)
    if n < LEAST_FOR_CONFIDENCE:
        return Interval(median(values), float(min(values)), float(max(values)), n, RANGE)
    low, high = order_statistic_bounds(values)
    return Interval(median(values), float(low), float(high), n, CONFIDENT)


@dataclass(frozen=True)
class Difference:
    """A difference of two means, with its standard error and Welch's degrees of freedom."""

    point: float
    error: float
    freedom: float

    @classmethod
    def of(cls, first, second):
        """mean(second) - mean(first) of two independent samples of at least two values each."""
        parts = [(variance(values) / len(values), len(values) - 1) for values in (first, second)]
        return cls.total(float(numpy.mean(second) - numpy.mean(first)), parts)

    @classmethod
    def total(cls, point, parts):
        """With the error of a sum whose parts have these (squared error, degrees of freedom), after Satterthwaite."""
        squared = sum(part for part, _ in parts)
        spread = sum(part**2 / freedom for part, freedom in parts)
        return cls(point, math.sqrt(squared), squared**2 / spread if spread > 0.0 else float(sum(f for _, f in parts)))

    @classmethod
    def sum_of(cls, terms):
        """A sum of coefficient * mean; `terms` are (coefficient, {process: value}), paired by process as in stats.sum_of()."""
        point = sum(factor * float(numpy.mean(list(sample.values()))) for factor, sample in terms)
        processes = set(terms[0][1])
        if all(set(sample) == processes for _, sample in terms):
            terms = [(1.0, {process: sum(factor * sample[process] for factor, sample in terms) for process in processes})]
        return cls.total(point, [(factor**2 * variance(list(sample.values())) / len(sample), len(sample) - 1) for factor, sample in terms])

    @classmethod
    def mean_of(cls, cells):
        """The mean shift of several cells; each is a pair of samples {process: value}.

        Cells that were measured in the same process share what that process has in common, so the
        error is summed over processes and not over cells.
        """
        point = sum(numpy.mean(list(b.values())) - numpy.mean(list(a.values())) for a, b in cells) / len(cells)
        return cls.total(float(point), [_process_error(samples) for samples in zip(*cells)])

    def bounds(self, confidence=CONFIDENCE):
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, (1.0 + confidence) / 2.0)) * self.error
        return self.point - half, self.point + half

    def p_below(self, value=0.0):
        """One-sided p of "the difference is at least `value`": small when it is surely below."""
        from scipy.special import stdtr

        if self.error == 0.0:
            return 0.0 if self.point < value else (0.5 if self.point == value else 1.0)
        return float(stdtr(self.freedom, (self.point - value) / self.error))

    def p(self):
        """Two-sided p of "there is no difference"."""
        below = self.p_below()
        return min(1.0, 2.0 * min(below, 1.0 - below)) if below not in (0.0, 1.0) or self.point == 0.0 else 0.0


def _process_error(samples):
    """(squared error, degrees of freedom) of the mean over cells of the means of these samples {process: value}."""
    shares = {}
    for sample in samples:
        n, mean = len(sample), sum(sample.values()) / len(sample)
        for process, value in sample.items():
            part = (value - mean) * math.sqrt(n / (n - 1)) / n
            shares[process] = shares.get(process, 0.0) + part / len(samples)
    values = sum(map(len, samples))
    return sum(share**2 for share in shares.values()), len(shares) * (1.0 - len(samples) / values)


def _recover(points, lows, highs):
    """Bounds of a sum of medians from their own bounds, by the method of variance estimates recovery (Donner and Zou)."""
    down = numpy.sqrt(sum((point - low) ** 2 for point, low in zip(points, lows)))
    up = numpy.sqrt(sum((high - point) ** 2 for point, high in zip(points, highs)))
    return sum(points) - down, sum(points) + up


def combination(terms):
    """The Interval of a sum of coefficient * median, of independent samples; `terms` are (coefficient, Interval).

    The bounds combine the medians' own intervals, so the samples need no common shape. Where one of
    them has only a range, the result is the range between the extremes.
    """
    n = min((term.n for _, term in terms), default=0)
    if n == 0:
        return NOTHING
    points = [factor * term.point for factor, term in terms]
    if any(term.kind == NONE for _, term in terms):
        return Interval(sum(points), None, None, n, NONE)
    lows = [min(factor * term.low, factor * term.high) for factor, term in terms]
    highs = [max(factor * term.low, factor * term.high) for factor, term in terms]
    if not all(term.kind == CONFIDENT for _, term in terms):
        return Interval(sum(points), sum(lows), sum(highs), n, RANGE)
    low, high = _recover(points, lows, highs)
    return Interval(sum(points), float(low), float(high), n, CONFIDENT)


def sum_of(terms):
    """The Interval of a sum of coefficient * median; `terms` are (coefficient, {process: value}).

    Where the same processes measured every term, each gives one sum, and these are the sample: what
    the process does to all of its cells alike cancels. Else the samples count as independent.
    """
    processes = set(terms[0][1])
    if all(set(sample) == processes for _, sample in terms):
        return interval([sum(factor * sample[process] for factor, sample in terms) for process in terms[0][1]])
    return combination([(factor, interval(list(sample.values()))) for factor, sample in terms])


def difference(first, second):
    """median(second) - median(first) of two samples that are not paired, as an Interval."""
    return combination([(-1.0, interval(first)), (1.0, interval(second))])


def difference_bounds(first, second):
    """(lows, highs) of difference(first, second) along the last axis, for simulations."""
    (low_a, high_a), (low_b, high_b) = order_statistic_bounds(first), order_statistic_bounds(second)
    return _recover([-numpy.median(first, axis=-1), numpy.median(second, axis=-1)], [-high_a, low_b], [-low_a, high_b])


def median_of_ratios(values, controls):
    """Median of value / control, trial by trial; None when no trial has both."""
    return median([value / control for value, control in zip(values, controls) if control])


def holm(p_values):
    """Holm's step-down adjusted p-values, in the order given."""
    p_values = numpy.asarray(p_values, dtype=float)
    adjusted, running = numpy.empty(len(p_values)), 0.0
    for rank, index in enumerate(numpy.argsort(p_values, kind="stable")):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(running, 1.0)
    return adjusted.tolist()


def best_subset(samples, alpha=1.0 - CONFIDENCE):
    """The names that may have the smallest mean, the smallest sample mean first.

    The scheme that is truly the best is among them with probability 1 - alpha, however many are
    compared (Gupta's subset selection with a Bonferroni bound): a name is left out only when the
    best of the sample is below it in a one-sided Welch test at alpha / (k - 1). So a set of one is a
    winner, a larger one is a tie. A name with fewer than LEAST_FOR_CONFIDENCE values is never left
    out and excludes no other name. `samples` is {name: independent values}.
    """
    order = sorted((name for name in samples if len(samples[name])), key=lambda name: (float(numpy.mean(samples[name])), name))
    enough = [name for name in order if len(samples[name]) >= LEAST_FOR_CONFIDENCE]
    if len(order) < 2 or not enough:
        return order
    best, level = enough[0], alpha / (len(order) - 1)
    surely_worse = {name for name in enough[1:] if Difference.of(samples[name], samples[best]).p_below() < level}
    return [name for name in order if name not in surely_worse]
