# SPDX-License-Identifier: MIT
"""The statistics that the project promises; the arithmetic is scipy's and numpy's.

The trial is the unit. A point is the median, its interval the 95 % percentile bootstrap of the
median. Two samples are compared by Mann-Whitney, the shift is Hodges and Lehmann's, the effect
size is Cliff's delta, and families of tests are corrected after Holm.
scipy is imported where it is used: it takes longer than all else that `run` imports.
"""
import numpy

RESAMPLES = 2000
CONFIDENCE = 0.95
BOOTSTRAP_SEED = 20030514  # a summary printed twice must not differ
DIFFERENCES_AT_ONCE = 1 << 20  # 8 MiB, which fits a cache


def median(values):
    return float(numpy.median(values)) if len(values) else None


def median_interval(values, confidence=CONFIDENCE):
    """(low, high) of the median; (None, None) for fewer than two values, a point when all are equal."""
    values = numpy.asarray(values, dtype=float)
    if len(values) < 2:
        return None, None
    if numpy.ptp(values) == 0.0:
        return float(values[0]), float(values[0])
    from scipy import stats

    found = stats.bootstrap(
        (values,), numpy.median, confidence_level=confidence, n_resamples=RESAMPLES, method="percentile",
        vectorized=True, random_state=numpy.random.default_rng(BOOTSTRAP_SEED),
    )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def median_of_ratios(values, controls):
    """Median of value / control, trial by trial; None when no trial has both."""
    ratios = [value / control for value, control in zip(values, controls) if control]
    return median(ratios)


def median_absolute_deviation(values):
    return float(numpy.median(numpy.abs(numpy.subtract(values, numpy.median(values))))) if len(values) else None


def variation(values):
    """Coefficient of variation; None where it means nothing."""
    mean = float(numpy.mean(values)) if len(values) else 0.0
    return float(numpy.std(values, ddof=1) / mean) if len(values) > 1 and mean > 0.0 else None


def mann_whitney(first, second):
    """Two-sided p; 1 when all values are the same, since there is then nothing to tell apart."""
    if numpy.ptp(numpy.concatenate([first, second])) == 0.0:
        return 1.0
    from scipy import stats

    return float(stats.mannwhitneyu(first, second, alternative="two-sided").pvalue)


def hodges_lehmann(first, second):
    """The median of all differences second - first."""
    return float(numpy.median(numpy.subtract.outer(numpy.asarray(second, float), numpy.asarray(first, float))))


def relative_shift_interval(first, second, confidence=CONFIDENCE):
    """Bootstrap interval of the Hodges-Lehmann shift as a share of the first median."""
    chance = numpy.random.default_rng(BOOTSTRAP_SEED)
    first, second = numpy.asarray(first, float), numpy.asarray(second, float)
    samples = numpy.empty((RESAMPLES, len(first))), numpy.empty((RESAMPLES, len(second)))
    for index in range(RESAMPLES):
        for sample, values in zip(samples, (first, second)):
            sample[index] = values[chance.integers(0, len(values), len(values))]
    shifts = numpy.empty(RESAMPLES)
    block = max(1, DIFFERENCES_AT_ONCE // (len(first) * len(second)))
    for start in range(0, RESAMPLES, block):
        a, b = (sample[start:start + block] for sample in samples)
        shifts[start:start + block] = numpy.median((b[:, :, None] - a[:, None, :]).reshape(len(a), -1), axis=1)
    low, high = numpy.quantile(shifts / numpy.median(first), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def median_difference_interval(first, second, confidence=CONFIDENCE):
    """Bootstrap interval of median(second) - median(first), for samples that are not paired."""
    chance = numpy.random.default_rng(BOOTSTRAP_SEED)
    medians = []
    for values in (first, second):
        values = numpy.asarray(values, float)
        medians.append(numpy.median(values[chance.integers(0, len(values), (RESAMPLES, len(values)))], axis=1))
    low, high = numpy.quantile(medians[1] - medians[0], [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def cliffs_delta(first, second):
    """P(second > first) - P(second < first): 0 no difference, 1 all of second above all of first."""
    difference = numpy.sign(numpy.subtract.outer(numpy.asarray(second, float), numpy.asarray(first, float)))
    return float(difference.mean())


def holm(p_values):
    """Holm's step-down adjusted p-values, in the order given."""
    p_values = numpy.asarray(p_values, dtype=float)
    adjusted, running = numpy.empty(len(p_values)), 0.0
    for rank, index in enumerate(numpy.argsort(p_values, kind="stable")):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(running, 1.0)
    return adjusted.tolist()
