"""Everything that is said of a board of proxies, from one set of numbers: the same for a study, a result and a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import validity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SPLITS = 1000
"""Random halves and random orders of candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What is known of the candidates; arrays of shape (candidates,) unless it says otherwise, NaN where unknown."""

    columns: tuple[validity.ProxyColumn, ...]
    """At least one."""
    families: tuple[str, ...]
    outcomes: Mapping[float, Floats]
    """By amount of RL, ascending; the last is the outcome the board is judged by."""
    baseline: str
    primary: str
    outcome_se: Floats | None = None
    """Standard error of each outcome relative to the others."""
    outcome_seeds: Floats | None = None
    """The outcome seed by seed, shape (seeds, candidates); no NaN."""
    pass_at: Mapping[int, Floats] = field(default_factory=dict)
    """pass@k before RL by k; empty where it was not measured."""
    passes: validity.PassTable | None = None
    """The same benchmark by benchmark; None where counts are not at hand."""
    benchmark_outcomes: Mapping[str, Floats] = field(default_factory=dict)
    """The outcome on each benchmark."""
    combine: tuple[str, str] | None = None
    """The two proxies to predict from together; None: the primary and `partner` of it."""

    @property
    def outcome(self) -> Floats:
        """The outcome after the most RL."""
        return self.outcomes[max(self.outcomes)]

    def column(self, name: str) -> validity.ProxyColumn:
        """Return a proxy by name."""
        return next(column for column in self.columns if column.name == name)


def assess(board: Board, *, resamples: int = 10_000, seed: int = 0) -> dict[str, Any]:
    """Judge every proxy of a board in every way there is.

    Args:
        board: the numbers.
        resamples: bootstrap resamples of candidates, the same for every part.
        seed: of the resamples and splits.

    Returns:
        JSON-safe parts of result.json: `proxies`, `along`, `predictors`, `combined`, `calibration`, `agreement`, `k_sweep`,
        `by_benchmark`, `pareto` and `noise_ceiling`; None or empty where the numbers do not allow one.

    Raises:
        DataError: the parts do not fit together.
        UserError: two proxies of one name, or an unknown baseline.
    """
    # Columns that mix 1e-200 with 1 overflow in ratios of squares: such scores come out as None.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return _assess(board, resamples, seed)


def _assess(board: Board, resamples: int, seed: int) -> dict[str, Any]:
    terms: dict[str, Any] = {"families": board.families, "resamples": resamples, "seed": seed}
    splits: dict[str, Any] = {"families": board.families, "splits": SPLITS, "seed": seed}
    judged = validity.judge(
        board.columns, board.outcome, baseline=board.baseline, outcome_se=board.outcome_se, splits=SPLITS, **terms
    )
    along = validity.judge_along(board.columns, board.outcomes, **terms) if len(board.outcomes) > 1 else []
    changes = {proxy.name: proxy.change.to_json() for proxy in along}
    pair = board.combine or partners(board)
    return {
        "proxies": [
            {**one.to_json(), "change_along_rl": changes.get(one.name), **_said_of_rl(one, column)}
            for one, column in zip(judged, board.columns, strict=True)
        ],
        "along": _points(along, board),
        "predictors": _predictions(validity.predict(board.columns, board.outcome, **splits)),
        "combined": _combined(board, pair, splits) if pair else None,
        "calibration": _calibration(board, seed),
        "agreement": agreed(board.columns),
        "k_sweep": _k_sweep(board, terms),
        "by_benchmark": _by_benchmark(board, terms),
        "pareto": _pareto(judged),
        "noise_ceiling": _noise_ceiling(board),
    }


def _said_of_rl(one: validity.Judgement, column: validity.ProxyColumn) -> dict[str, Any]:
    """Say of a proxy that looks into the RL run whose end is the outcome how far it looks."""
    if not column.reads_rl:
        return {}
    clause = f"looks into the RL run itself, up to step {column.reads_rl:g}: needs RL, and foretells nothing up to there"
    return {"reads_rl": column.reads_rl, "note": f"{one.note}; {clause}" if one.note else clause}


def partners(board: Board) -> tuple[str, str] | None:
    """Name the two proxies to predict from together: the primary and the first that looks at something else.

    First in the board's order, so that the outcome has no say in it: a loss, as in arXiv 2510.01624; else one that points
    the other way; else any. Trivial proxies are passed over. None where there is no second proxy.
    """
    first = board.column(board.primary)
    others = [column for column in board.columns if column is not first and not column.trivial]

    def distance(column: validity.ProxyColumn) -> int:
        is_loss = ("loss" in column.name) > ("loss" in first.name)
        return 0 if is_loss else 1 if column.higher_is_better != first.higher_is_better else 2

    found = min(others, key=distance, default=None)
    return (first.name, found.name) if found else None


def agreed(columns: Sequence[validity.ProxyColumn]) -> dict[str, Any] | None:
    """Compare the proxies' orders of the candidates, trivial ones left out; None with fewer than two."""
    contenders = [column for column in columns if not column.trivial]
    return validity.agreement(contenders).to_json() if len(contenders) > 1 else None


def _points(along: Sequence[validity.ValidityAlong], board: Board) -> list[dict[str, Any]]:
    """Turn the judgements about: one entry an amount of RL."""
    trivial = {column.name for column in board.columns if column.trivial}
    reads = {column.name: column.reads_rl for column in board.columns}
    points = []
    for place, (step, values) in enumerate(sorted(board.outcomes.items()) if along else ()):
        known = values[np.isfinite(values)]
        rows = [
            {
                "name": proxy.name,
                "direction": proxy.direction,
                "trivial": proxy.name in trivial,
                **proxy.points[place].to_json(),
                **({"circular": True} if reads[proxy.name] > 0 and step <= reads[proxy.name] else {}),
            }
            for proxy in along
        ]
        points.append(
            {
                "step": step,
                "outcome_mean": float(known.mean()) if len(known) else None,
                "outcome_sd": float(known.std(ddof=1)) if len(known) > 1 else None,
                "proxies": rows,
            }
        )
    return points


def _predictions(found: Iterable[validity.Prediction]) -> dict[str, Any]:
    """Write predictions as one table, what is the same for all rows once."""
    table = list(found)
    methods = {row.scheme: row.r2.method for row in table if row.r2.method}
    rows = [
        {
            "proxy": row.proxy,
            "predictor": row.predictor,
            "scheme": row.scheme,
            "n": row.n,
            "r2": _score(row.r2),
            "mae": _score(row.mae),
            **({"reason": row.reason} if row.reason else {}),
        }
        for row in table
    ]
    return {"methods": methods, "level": table[0].r2.level, "rows": rows}


def _score(score: validity.SplitScore) -> dict[str, Any]:
    """Write a score without what the table says once."""
    whole = score.to_json()
    return {name: whole[name] for name in ("value", "sd", "low", "high")}


def _combined(board: Board, pair: tuple[str, str], splits: Mapping[str, Any]) -> dict[str, Any]:
    first, second = (board.column(name) for name in pair)
    return {"of": list(pair), **_predictions(validity.predict_combined(first, second, board.outcome, **splits))}


def _calibration(board: Board, seed: int) -> dict[str, Any] | None:
    """Draw the primary proxy's curve; None where it is undefined or candidates are too few."""
    curve = validity.calibration_curve(board.column(board.primary), board.outcome, splits=SPLITS, seed=seed)
    if not curve:
        return None
    scores = ("r2", "mae", "regret", "regret_known_only")
    points = [
        {"calibration_runs": point.calibration_runs, **{name: _score(getattr(point, name)) for name in scores}}
        for point in curve
    ]
    return {"proxy": board.primary, "n": curve[0].n, "splits": SPLITS, "level": curve[0].r2.level, "points": points}


def _k_sweep(board: Board, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    if 1 not in board.pass_at:
        return []
    return [sweep.to_json() for sweep in validity.k_sweep(board.pass_at, board.outcomes, **terms)]


def _by_benchmark(board: Board, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """Judge on each benchmark; with one benchmark that is the board itself, and None."""
    if len(board.benchmark_outcomes) < 2:
        return None
    return validity.by_benchmark(board.columns, board.benchmark_outcomes, board.passes, **terms).to_json()


def _pareto(judged: Sequence[validity.Judgement]) -> dict[str, Any] | None:
    """Set Spearman against cost, in the first unit that all proxies have: seconds, tokens, samples; None without one."""
    shared = [unit for unit in ("seconds", "tokens", "samples") if all(unit in one.cost for one in judged)]
    if not shared:
        return None
    points = validity.pareto((one.name, one.spearman.value, one.cost[shared[0]]) for one in judged)
    return {"quality": "spearman", "unit": shared[0], "points": [point.to_json() for point in points]}


def _noise_ceiling(board: Board) -> dict[str, Any] | None:
    """Return the highest correlation the outcome's own seed-to-seed noise allows; None with one seed."""
    if board.outcome_seeds is None or len(board.outcome_seeds) < 2 or len(board.families) < 3:
        return None
    return validity.noise_ceiling(board.outcome_seeds).to_json()
