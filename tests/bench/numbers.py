"""Percentiles and medians of what was measured."""

from collections.abc import Sequence
from statistics import median
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed; 0 when there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def summary(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.50), 3),
        "p90": round(percentile(values, 0.90), 3),
        "p99": round(percentile(values, 0.99), 3),
        "max": round(max(values, default=0.0), 3),
    }


def median_of(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Each figure's median over some rounds that measured the same figures, however deep they stand."""
    return {
        name: median_of([one[name] for one in rounds])
        if isinstance(value, dict)
        else round(median(one[name] for one in rounds), 3)
        for name, value in rounds[0].items()
    }
