"""coverage-ratio: problems the base reaches and the candidate has lost, for each one it has gained.

SFT that teaches new problems and forgets others narrows what RL can find; below 1 the candidate reaches more than the
base. Formula: a model reaches a problem where 1 - (1-p)^k, with p = c/n, is at or above a threshold; the value is
(problems the base reaches and the candidate does not) / (problems the candidate reaches and the base does not), all
benchmarks together. Undefined, never 0 or infinite, where the base reaches nothing or the candidate gains nothing; the
reason then counts what was lost. Draw the same samples for all: with few of them reaching is mostly luck. Source: arXiv
2608.25756. Lower predicts a better outcome.

The interval is Clopper and Pearson's (1934) for the share of lost among the problems that changed hands, turned into
odds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Le

from harness import Counts, Evidence, Proxy, ProxyValue, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """What counts as reached."""

    k: Annotated[int, Ge(1)] = 64
    """Draws, at least 1; more than were measured is allowed."""
    threshold: Annotated[float, Gt(0), Le(1)] = 0.5
    """Least chance of a right one in k draws, above 0 and up to 1. At k = n the default asks for one right sample."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Count lost and gained problems against the base."""
    if not evidence.counts:
        return ProxyValue(value=None, reason="no benchmark was sampled")
    if evidence.base is None or not evidence.base.counts:
        return ProxyValue(value=None, reason="the base was not sampled")
    own, base = problem_rates(evidence.counts), problem_rates(evidence.base.counts)
    if own.keys() != base.keys():
        benchmark, problem = min(own.keys() ^ base.keys())
        return ProxyValue(value=None, reason=f"problem {problem!r} of {benchmark!r} was not measured on both")
    now = reached([own[name] for name in own], params)
    before = reached([base[name] for name in own], params)
    return lost_per_gained(int((before & ~now).sum()), int((now & ~before).sum()), is_reachable=bool(before.any()))


def problem_rates(counts: Sequence[Counts]) -> dict[tuple[str, str], float]:
    """Return the pass rate by (benchmark, problem)."""
    from harness.estimators import problem_values

    return {
        (entry.benchmark, problem): rate
        for entry in problem_values(counts, 1)
        for problem, rate in zip(entry.problem_ids, entry.values.tolist(), strict=True)
    }


def reached(rates: Sequence[float], params: Params) -> NDArray[np.bool_]:
    """Say which problems are reached."""
    import numpy as np

    return np.asarray(1.0 - (1.0 - np.array(rates)) ** params.k >= params.threshold)


def lost_per_gained(lost: int, gained: int, *, is_reachable: bool) -> ProxyValue:
    """Return the ratio with its interval, or say why there is none."""
    from scipy.special import betaincinv

    if not is_reachable:
        return ProxyValue(value=None, reason="nothing reachable: the base reaches no problem")
    if not gained:
        return ProxyValue(value=None, reason=f"nothing gained: {lost} lost")
    tail = (1.0 - LEVEL) / 2.0
    low = float(betaincinv(lost, gained + 1.0, tail)) if lost else 0.0
    high = float(betaincinv(lost + 1.0, gained, 1.0 - tail))
    return ProxyValue(value=lost / gained, low=low / (1.0 - low), high=high / (1.0 - high))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the ratio of lost to gained problems."""
    yield Proxy(
        name="coverage-ratio",
        version="1",
        summary="problems lost for each one gained against the base",
        params=Params,
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"counts", "base"}),
    )
