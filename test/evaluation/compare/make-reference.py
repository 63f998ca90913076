"""Writes reference.json: inputs and what SciPy and statsmodels make of them, for reference.test.ts.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install scipy==1.17.1 statsmodels==0.15.0
    /tmp/reference/bin/python test/evaluation/compare/make-reference.py > test/evaluation/compare/reference.json
    npx biome format --write test/evaluation/compare/reference.json
"""

import json
import math
import sys
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

warnings.filterwarnings("ignore")
# Of a bootstrap with other draws: enough of them that their own error is far below the test's tolerance.
RESAMPLES = 200_000


def wilson():
    for total in (1, 5, 20, 137, 10_000):
        for right in sorted({0, 1, total // 3, total - 1, total}):
            for confidence in (0.9, 0.95, 0.99):
                interval = proportion_confint(right, total, 1 - confidence, method="wilson")
                yield {"right": right, "total": total, "confidence": confidence, "interval": list(interval)}


# both right, gained, lost, both wrong
PAIRED = [
    (36, 0, 12, 2), (20, 2, 12, 16), (0, 0, 5, 0), (0, 3, 0, 3), (10, 0, 0, 0), (0, 0, 0, 9), (53, 0, 1, 0),
    (30, 1, 4, 15), (2, 4, 4, 2), (1, 9, 7, 1), (150, 86, 50, 200), (794, 86, 150, 570), (4000, 310, 402, 5288),
]  # fmt: skip


def paired():
    """McNemar by statsmodels; Newcombe's method 10 by its formula over statsmodels' Wilson limits."""
    for both, gained, lost, wrong in PAIRED:
        total = both + gained + lost + wrong
        p_value = mcnemar([[both, lost], [gained, wrong]], exact=True).pvalue
        limits = [proportion_confint(n, total, 0.05, method="wilson") for n in (both + lost, both + gained)]
        before, after = (both + lost) / total, (both + gained) / total
        product = both * wrong - gained * lost
        margins = (both + lost) * (gained + wrong) * (both + gained) * (lost + wrong)
        corrected = max(product - total / 2, 0) if product > 0 else product
        phi = 0 if margins == 0 else corrected / math.sqrt(margins)
        below, above = after - limits[1][0], limits[0][1] - before
        further, nearer = limits[1][1] - after, before - limits[0][0]
        difference = after - before
        yield {
            "counts": {"bothRight": both, "gained": gained, "lost": lost, "bothWrong": wrong},
            "p_value": p_value,
            "interval": [
                difference - math.sqrt(below**2 - 2 * phi * below * above + above**2),
                difference + math.sqrt(further**2 - 2 * phi * further * nearer + nearer**2),
            ],
        }


def unpaired():
    tables = [(3, 10, 7, 10), (0, 5, 5, 5), (56, 70, 48, 80), (1, 1, 0, 1), (9, 10, 3, 10), (812, 1_000, 1_641, 2_000)]
    for right, total, other_right, other_total in tables:
        table = [[right, total - right], [other_right, other_total - other_right]]
        interval = confint_proportions_2indep(other_right, other_total, right, total, "newcomb", "diff", 0.05)
        yield {
            "first": {"right": right, "total": total},
            "second": {"right": other_right, "total": other_total},
            "p_value": stats.fisher_exact(table).pvalue,
            "interval": list(interval),
        }


def holm():
    for values in ([0.01, 0.04, 0.03, 0.005], [0.5], [1, 1, 0.2], [0.0002, 0.0002, 0.9, 0.04, 0.012, 0.3]):
        yield {"p_values": values, "adjusted": list(multipletests(values, method="holm")[1])}


def distributions():
    for z in (-8, -3.1, -1, -0.2, 0, 0.7, 1.96, 4, 6.5):
        yield {"of": "normal", "at": z, "value": stats.norm.cdf(z)}
    for share in (0.0001, 0.01, 0.025, 0.3, 0.5, 0.9, 0.995):
        yield {"of": "normal quantile", "at": share, "value": stats.norm.ppf(share)}
    for freedom in (1, 2, 5, 9, 30, 199, 99_999):
        for t in (0.1, 1, 2.5, 7):
            yield {"of": "student", "at": t, "degrees_of_freedom": freedom, "value": 2 * stats.t.sf(t, freedom)}
        for confidence in (0.8, 0.95, 0.99):
            reach = stats.t.ppf((1 + confidence) / 2, freedom)
            yield {"of": "student reach", "at": confidence, "degrees_of_freedom": freedom, "value": reach}


def widen(confidence, units):
    """The level at which an ordinary interval is as wide as the expanded one of Hesterberg (2015)."""
    z = stats.t.ppf((1 + confidence) / 2, units - 1) * math.sqrt(units / (units - 1))
    return 2 * stats.norm.cdf(z) - 1


def interval_at(result, data, statistic, level, **more):
    again = stats.bootstrap(
        data, statistic, n_resamples=0, bootstrap_result=result, confidence_level=level, method="BCa", **more
    )
    return again.confidence_interval


def p_value(result, data, statistic, units, **more):
    """The p at which the expanded interval just reaches zero, found by asking SciPy for one interval after another.

    None below 0.002, where it would hang on a handful of draws."""
    estimate = statistic(*data)

    def end(confidence):
        interval = interval_at(result, data, statistic, widen(confidence, units), **more)
        return interval.low if estimate > 0 else -interval.high

    return None if end(0.998) > 0 else 1 - optimize.brentq(end, 1e-6, 0.998, xtol=1e-5)


def bootstraps():
    random = np.random.default_rng(20_261_121)

    def describe(kind, data, statistic, units, **more):
        result = stats.bootstrap(
            data, statistic, n_resamples=RESAMPLES, rng=np.random.default_rng(7), method="BCa", batch=2_000, **more
        )
        interval = interval_at(result, data, statistic, widen(0.95, units), **more)
        return {
            "kind": kind,
            "data": [list(map(float, column)) for column in data],
            "estimate": float(statistic(*data)),
            "interval": [interval.low, interval.high],
            "p_value": p_value(result, data, statistic, units, **more),
            "deviation": float(result.standard_error),
        }

    def difference(first, second, axis=-1):
        return np.mean(second, axis=axis) - np.mean(first, axis=axis)

    def f1(tp, fp, fn, tp2, fp2, fn2, axis=-1):
        def score(a, b, c):
            return 2 * a.sum(axis) / (2 * a.sum(axis) + b.sum(axis) + c.sum(axis))

        return score(tp2, fp2, fn2) - score(tp, fp, fn)

    def spread(first, second, axis=-1):
        return np.std(second, axis=axis, ddof=1) - np.std(first, axis=axis, ddof=1)

    first = random.normal(0.6, 0.2, 12)
    yield describe("paired mean", (first, first + random.normal(0.05, 0.15, 12)), difference, 12, paired=True)
    first = random.exponential(1, 80)
    yield describe("paired mean", (first, first * random.uniform(0.5, 1.8, 80)), difference, 80, paired=True)
    thirds = random.integers(0, 4, (2, 150)) / 3
    yield describe("paired mean", (thirds[0], np.minimum(1, thirds[1] + 0.1)), difference, 150, paired=True)
    counts = random.poisson([[4], [1], [2], [5], [1], [2]], (6, 60)).astype(float)
    yield describe("paired f1_score", tuple(counts), f1, 60, paired=True)
    first = random.normal(0, 1, 40)
    yield describe("paired std_dev", (first, 1.4 * first + random.normal(0, 0.5, 40)), spread, 40, paired=True)
    yield describe(
        "unpaired mean", (random.exponential(1, 30), random.exponential(1.4, 50)), difference, 30, paired=False
    )


reference = {
    "command": "python test/evaluation/compare/make-reference.py > test/evaluation/compare/reference.json",
    "versions": {
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
        "numpy": np.__version__,
    },
    "resamples": RESAMPLES,
    "wilson": list(wilson()),
    "paired": list(paired()),
    "unpaired": list(unpaired()),
    "holm": list(holm()),
    "distributions": list(distributions()),
    "bootstraps": list(bootstraps()),
}
json.dump(reference, sys.stdout, indent=1, default=float)
sys.stdout.write("\n")
