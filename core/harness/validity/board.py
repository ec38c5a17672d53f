"""The board: every proxy judged against the outcome, on the same candidates and the same resamples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness.estimators import Estimate
from harness.validity.association import STATISTICS, prepare, spearman
from harness.validity.ceiling import spread_note
from harness.validity.column import ProxyColumn, check_board
from harness.validity.hits import HitRate, hit_rate
from harness.validity.interval import IntervalMethod, squared
from harness.validity.judgement import Judgement, VsBaseline
from harness.validity.measure import Kept, Pair, Terms, associate, compare, pair_up
from harness.validity.multiplicity import holm
from harness.validity.resamples import draw_resamples
from harness.validity.splits import SplitScore, insufficient, predictive_r2, split_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from harness.validity.association import Floats


def judge(
    columns: Sequence[ProxyColumn],
    outcome: ArrayLike,
    *,
    families: Sequence[str],
    baseline: str,
    outcome_se: ArrayLike | None = None,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
    method: IntervalMethod = "percentile",
    splits: int = 1000,
) -> list[Judgement]:
    """Judge every proxy by how well it foretold the outcome.

    Args:
        columns: the proxies, the baseline and the trivial ones among them; NaN where one is undefined.
        outcome: shape (candidates,), higher is better; NaN where there is none.
        families: shape (candidates,); candidates of one family (a shared base) are not independent. See
            `harness.validity.resamples.draw_resamples` for what the intervals then mean.
        baseline: name of the proxy to beat.
        outcome_se: standard error of each outcome relative to the others (`relative_errors`, or seed to seed), shape
            (candidates,); only used to warn when the outcomes differ by no more than noise.
        resamples: bootstrap resamples, the same for every proxy and statistic.
        seed: of the resamples and the splits.
        level: nominal coverage of the intervals.
        min_candidates: under this, values come without intervals and the verdict is "insufficient".
        method: `percentile` or `bca` for the association statistics; differences are always percentile.
        splits: half splits for `predictive_r2`.

    Returns:
        One Judgement a column, in their order.

    Raises:
        DataError: the lengths do not fit, or a value is infinite.
        UserError: duplicate names, or an unknown baseline.
    """
    result = np.asarray(outcome, dtype=np.float64)
    check_board(columns, result, families, baseline)
    names = np.asarray(families, dtype=np.str_)
    terms = Terms(
        resamples=draw_resamples(families, resamples, seed),
        method=method,
        level=level,
        min_candidates=min_candidates,
    )
    keys = split_keys(len(result), splits, seed)
    reference = next(column for column in columns if column.name == baseline).claimed()
    warning = None if outcome_se is None else spread_note(result, np.asarray(outcome_se, dtype=np.float64))
    kept = Kept(terms=terms)
    judged = [_judge_one(column, pair_up(column.claimed(), result), names, keys, kept, warning) for column in columns]
    versus = {
        column.name: compare(column.claimed(), reference, result, kept) for column in columns if column.name != baseline
    }
    return _with_verdicts(judged, versus, baseline, terms)


def _judge_one(
    column: ProxyColumn,
    pair: Pair,
    families: NDArray[np.str_],
    keys: Floats,
    kept: Kept,
    warning: str | None,
) -> Judgement:
    """Judge one proxy by itself, its verdict still open unless it is undefined."""
    terms = kept.terms
    inside = families[pair.mask]
    undefined = pair.why_undefined()
    if undefined:
        empty = Estimate(value=None, level=terms.level, reason=undefined)
        rho = r = tau = accuracy = regret = empty
        first = top3 = HitRate(value=None, reason=undefined)
        split = SplitScore(value=None, level=terms.level, reason=undefined)
    else:
        found = associate(pair, terms)
        rho, r, tau, accuracy, regret = (found.estimate(name) for name in STATISTICS)
        if found.drawn:
            kept.put(pair, found.drawn["spearman"])
        own = keys[:, pair.mask]
        split = predictive_r2(pair.proxy.values, pair.outcome.values, own, level=terms.level)
        split = insufficient(split, pair.n, terms.min_candidates)
        first, top3 = (hit_rate(pair.proxy, pair.outcome, k, own) for k in (1, 3))
    return Judgement(
        name=column.name,
        direction="higher" if column.higher_is_better else "lower",
        trivial=column.trivial,
        n=pair.n,
        families=len(np.unique(inside)),
        spearman=rho,
        r2=squared(r),
        kendall=tau,
        predictive_r2=split,
        decision_accuracy=accuracy,
        top1_regret=regret,
        top1_hit=first,
        top3_hit=top3,
        vs_baseline=None,
        by_family=_by_family(pair, inside),
        cost=dict(column.cost),
        verdict="undefined" if undefined else "",
        scope="" if undefined else terms.resamples.scope,
        note=_note(pair, rho, undefined, terms, warning),
    )


def _by_family(pair: Pair, families: NDArray[np.str_]) -> dict[str, Estimate]:
    """Return Spearman within each family of at least 3, where there are several families."""
    names, sizes = np.unique(families, return_counts=True)
    if len(names) < 2:
        return {}
    found = {}
    for name in names[sizes >= 3]:
        own = families == name
        x, y = prepare(pair.proxy.values[own]), prepare(pair.outcome.values[own])
        rho = float(spearman(x, y, np.ones((1, int(own.sum()))))[0])
        if np.isfinite(rho):
            found[str(name)] = Estimate(value=rho)
    return found


def _note(pair: Pair, rho: Estimate, undefined: str | None, terms: Terms, warning: str | None) -> str | None:
    """Join what a reader must be told."""
    missing = len(pair.mask) - pair.n
    clauses = [
        undefined,
        f"{missing} of {len(pair.mask)} candidates left out: no reading or no outcome" if missing else None,
        None if undefined else terms.resamples.note,
        "points against its claimed direction" if rho.high is not None and rho.high < 0.0 else None,
        "a perfect order: its resamples are perfect too, so the interval has no width"
        if rho.value is not None and rho.low is not None and abs(rho.value) > 1.0 - 1e-12
        else None,
        warning,
    ]
    return "; ".join(clause for clause in clauses if clause) or None


def _with_verdicts(
    judged: Sequence[Judgement], versus: Mapping[str, VsBaseline], baseline: str, terms: Terms
) -> list[Judgement]:
    """Adjust the contenders' p values for their number and give every verdict."""
    open_p = {one.name: versus[one.name].p for one in judged if not one.trivial and one.name in versus}
    adjusted = holm({name: p for name, p in open_p.items() if p is not None})
    ended = []
    for one in judged:
        against = versus.get(one.name)
        if against is not None and one.name in adjusted:
            against = replace(against, p_holm=adjusted[one.name])
        ended.append(replace(one, vs_baseline=against, verdict=one.verdict or _verdict(one, against, baseline, terms)))
    return ended


def _verdict(one: Judgement, versus: VsBaseline | None, baseline: str, terms: Terms) -> str:
    """Say in a few words where a defined proxy stands."""
    if one.n < terms.min_candidates:
        return f"insufficient (n < {terms.min_candidates})"
    if one.name == baseline:
        return "baseline"
    if one.trivial:
        return "trivial"
    if versus is None or versus.p_holm is None or versus.difference is None:
        return "not distinguishable from baseline"
    if versus.p_holm >= 1.0 - terms.level:
        return "not distinguishable from baseline"
    return "better than baseline" if versus.difference > 0.0 else "worse than baseline"
