"""Validity benchmark by benchmark: on each alone, and from all others to the one left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DataError
from harness.validity.grid import RhoGrid, brief, rho_grid
from harness.validity.measure import Terms
from harness.validity.resamples import draw_resamples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from harness.estimators import Estimate
    from harness.validity.column import ProxyColumn
    from harness.validity.pass_table import PassTable


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkRho:
    """Rho of one reading with the outcome on one benchmark."""

    name: str
    """A proxy, or pass@k measured on this benchmark alone (or on all but this one)."""
    n: int
    spearman: Estimate

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping, without the method."""
        return {"name": self.name, "n": self.n, "spearman": brief(self.spearman)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkValidity:
    """What foretold the outcome on one benchmark."""

    benchmark: str
    proxies: tuple[BenchmarkRho, ...]
    """The proxies as measured, on all benchmarks, against the outcome on this one."""
    alone: tuple[BenchmarkRho, ...]
    """pass@k measured on this benchmark alone; empty where that is not known."""
    left_out: tuple[BenchmarkRho, ...]
    """pass@k measured on all other benchmarks; empty with one benchmark, or where that is not known."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        parts = {name: [row.to_json() for row in getattr(self, name)] for name in ("proxies", "alone", "left_out")}
        return {"benchmark": self.benchmark, **parts}


@dataclass(frozen=True, slots=True, kw_only=True)
class ByBenchmark:
    """Every benchmark, and the mean over them of pass@k measured elsewhere."""

    benchmarks: tuple[BenchmarkValidity, ...]
    left_out_mean: tuple[BenchmarkRho, ...]
    """Mean over benchmarks of the rho of pass@k measured on all others; `n` is the fewest candidates."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping; the method of the intervals stands once."""
        rows = [row for one in self.benchmarks for row in one.proxies] + list(self.left_out_mean)
        return {
            "method": next((row.spearman.method for row in rows if row.spearman.method), ""),
            "level": rows[0].spearman.level,
            "benchmarks": [one.to_json() for one in self.benchmarks],
            "left_out_mean": [row.to_json() for row in self.left_out_mean],
        }


def by_benchmark(
    columns: Sequence[ProxyColumn],
    outcomes: Mapping[str, ArrayLike],
    table: PassTable | None,
    *,
    families: Sequence[str],
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
    min_candidates: int = 10,
) -> ByBenchmark:
    """Correlate the proxies with the outcome on each benchmark, and pass@k from the other benchmarks with it.

    A proxy that foretells the mean outcome may do so through one benchmark; and one measured on the very benchmarks the
    outcome is taken on shares their problems with it, which pass@k from all other benchmarks does not. The resamples are
    those of `judge` with the same seed.

    Args:
        columns: the proxies; NaN where one is undefined.
        outcomes: benchmark to outcome on it, shape (candidates,) each; NaN where there is none.
        table: pass@k before RL by benchmark; None where counts are not at hand.
        families: shape (candidates,).
        resamples: bootstrap resamples.
        seed: of the resamples.
        level: nominal coverage.
        min_candidates: under this, values come without intervals.

    Raises:
        DataError: no benchmarks or no proxies, or a table of other benchmarks.
    """
    if not outcomes or not columns:
        raise DataError("by benchmark: needs at least one proxy and the outcome on one benchmark")
    if table is not None and set(table.benchmarks) != set(outcomes):
        raise DataError("by benchmark: counts before and after RL are of different benchmarks; pair them")
    drawn = draw_resamples(families, resamples, seed)
    terms = Terms(resamples=drawn, method="percentile", level=level, min_candidates=min_candidates)
    results = [np.asarray(values, dtype=np.float64) for values in outcomes.values()]
    readings = rho_grid([column.claimed() for column in columns], results, terms)
    names = [column.name for column in columns]
    labels = [f"pass@{k}" for k in table.ks] if table else []
    several = table is not None and len(outcomes) > 1
    alone = _diagonal(table.on, outcomes, terms) if table else {}
    others = _diagonal(table.without, outcomes, terms) if table and several else {}
    return ByBenchmark(
        benchmarks=tuple(
            BenchmarkValidity(
                benchmark=benchmark,
                proxies=_rows(names, readings, at),
                alone=_rows(labels, alone[benchmark], 0) if alone else (),
                left_out=_rows(labels, others[benchmark], 0) if others else (),
            )
            for at, benchmark in enumerate(outcomes)
        ),
        left_out_mean=_means(labels, others, terms),
    )


def _diagonal(pass_at: Any, outcomes: Mapping[str, ArrayLike], terms: Terms) -> dict[str, RhoGrid]:
    """Correlate each benchmark's own columns with the outcome on it."""
    return {name: rho_grid(list(pass_at(name).values()), [outcome], terms) for name, outcome in outcomes.items()}


def _rows(names: Sequence[str], grid: RhoGrid, at: int) -> tuple[BenchmarkRho, ...]:
    return tuple(
        BenchmarkRho(name=name, n=int(grid.sizes[place, at]), spearman=grid.estimate(place, at))
        for place, name in enumerate(names)
    )


def _means(names: Sequence[str], grids: Mapping[str, RhoGrid], terms: Terms) -> tuple[BenchmarkRho, ...]:
    """Average over benchmarks, resample by resample."""
    if not grids:
        return ()
    parts = list(grids.values())
    joined = RhoGrid(
        values=np.concatenate([grid.values for grid in parts], axis=1),
        replicates=np.concatenate([grid.replicates for grid in parts], axis=2),
        sizes=np.concatenate([grid.sizes for grid in parts], axis=1),
        terms=terms,
    )
    return tuple(
        BenchmarkRho(name=name, n=int(joined.sizes[place].min()), spearman=joined.mean(place))
        for place, name in enumerate(names)
    )
