import numpy as np
import pytest
from scipy import stats

from harness.estimators import Estimate
from harness.validity import ProxyColumn, judge
from harness.validity.interval import bca_quantiles, bootstrap_estimate, expanded_p, expanded_tail, squared
from harness.validity.resamples import draw_resamples


@pytest.mark.parametrize("method", ["percentile", "bca"])
@pytest.mark.parametrize("n", [12, 30])
def test_intervals_agree_with_scipy_under_the_same_resamples(method: str, n: int) -> None:
    rng = np.random.default_rng(n)
    x = rng.normal(size=n)
    y = x + rng.normal(size=n)
    (judgement,) = judge(
        [ProxyColumn(name="p", higher_is_better=True, values=x)],
        y,
        families=["base"] * n,
        baseline="p",
        resamples=999,
        seed=7,
        method=method,  # type: ignore[arg-type]
    )
    # Pearson's r has its percentile interval expanded: SciPy's own, asked for a higher level.
    wide = 0.95 if method == "bca" else 1 - 2 * stats.norm.cdf((n / (n - 2)) ** 0.5 * stats.t.ppf(0.025, n - 2))
    for estimate, statistic, level in (
        (judgement.spearman, lambda a, b: stats.spearmanr(a, b).statistic, 0.95),
        (judgement.kendall, lambda a, b: stats.kendalltau(a, b).statistic, 0.95),
        (judgement.r2, lambda a, b: stats.pearsonr(a, b).statistic, wide),
    ):
        theirs = stats.bootstrap(
            (x, y),
            statistic,
            paired=True,
            vectorized=False,
            n_resamples=999,
            confidence_level=level,
            method="BCa" if method == "bca" else "percentile",
            rng=np.random.default_rng(7),
        ).confidence_interval
        ends = (theirs.low, theirs.high)
        if estimate is judgement.r2:
            assert theirs.low > 0
            ends = (theirs.low**2, theirs.high**2)
        assert (estimate.low, estimate.high) == pytest.approx(ends, abs=1e-12)
        assert ("BCa" if method == "bca" else "percentile") in estimate.method
    assert ("expanded percentile" in judgement.r2.method) == (method == "percentile")


def test_expanded_tail_gives_a_mean_students_interval() -> None:
    # The bootstrap distribution of a mean is nearly normal with sd s sqrt((n - 1) / n) / sqrt(n).
    n, spread = 9, 2.0
    bootstrap = stats.norm(scale=spread * ((n - 1) / n) ** 0.5 / n**0.5)
    student = stats.t(n - 1, scale=spread / n**0.5)
    assert bootstrap.ppf(expanded_tail(0.025, n)) == pytest.approx(student.ppf(0.025))
    assert expanded_tail(0.025, 12, 2) < expanded_tail(0.025, 12) < expanded_tail(0.025, 10**6) < 0.025
    assert (expanded_tail(0.025, 1), expanded_tail(0.025, 2, 2)) == (0.0, 0.0)


def test_expanded_p_is_the_level_at_which_the_expanded_interval_ends_there() -> None:
    for p in (0.3, 0.04, 1e-4):
        assert expanded_tail(expanded_p(p, 12) / 2, 12) == pytest.approx(p / 2)
    assert expanded_p(0.01, 12) > 0.01
    assert (expanded_p(1.0, 12), expanded_p(0.01, 1)) == (1.0, 1.0)


def test_intervals_are_expanded_where_whole_families_are_drawn() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 36)) + np.repeat(rng.normal(size=12), 3)
    families = [f"f{i // 3}" for i in range(36)]
    columns = [ProxyColumn(name=n, higher_is_better=True, values=v) for n, v in (("p", x), ("q", rng.normal(size=36)))]
    judged, other = judge(columns, y, families=families, baseline="p", resamples=999, seed=3)
    drawn = draw_resamples(families, 999, 3)
    assert drawn.expand_for == 12
    rho = [stats.spearmanr(np.repeat(x, row), np.repeat(y, row)).statistic for row in drawn.weights]
    tail = expanded_tail(0.025, 12)
    assert (judged.spearman.low, judged.spearman.high) == pytest.approx(np.quantile(rho, (tail, 1 - tail)).tolist())
    assert judged.spearman.method == "expanded percentile bootstrap over families, 999 resamples"
    assert other.vs_baseline is not None and other.vs_baseline.method.startswith("paired expanded percentile")
    assert other.vs_baseline.p is not None and other.vs_baseline.low is not None
    assert (other.vs_baseline.p < 0.05) == (other.vs_baseline.low > 0 or (other.vs_baseline.high or 0) < 0)


def test_r2_interval_covers_zero_when_r_does() -> None:
    r = Estimate(value=0.3, low=-0.5, high=0.8, method="m")
    assert (squared(r).low, squared(r).high) == (0.0, pytest.approx(0.64))
    wrong_way = Estimate(value=-0.6, low=-0.9, high=-0.2, method="m")
    assert (squared(wrong_way).low, squared(wrong_way).high) == (pytest.approx(0.04), pytest.approx(0.81))
    assert squared(Estimate(value=-0.6, reason="n")).value == pytest.approx(0.36)


def test_bca_is_given_up_for_percentile_when_it_is_not_defined() -> None:
    replicates = np.linspace(0, 1, 101)
    assert bca_quantiles(2.0, replicates, np.array([1.0, 2.0, 3.0]), 0.025) is None
    assert bca_quantiles(0.5, replicates, np.ones(3), 0.025) is None
    estimate = bootstrap_estimate(2.0, replicates, np.array([1.0, 2.0, 3.0]), unit="candidates", level=0.95)
    assert estimate.method.startswith("percentile bootstrap over candidates")


def test_interval_is_missing_with_a_reason_when_resamples_are_mostly_constant() -> None:
    replicates = np.concatenate([np.full(10, np.nan), np.linspace(0, 1, 90)])
    estimate = bootstrap_estimate(0.5, replicates, None, unit="candidates", level=0.95)
    assert (estimate.low, estimate.reason) == (None, "10% of the resamples are constant")


def test_resamples_draw_as_many_candidates_as_there_are() -> None:
    drawn = draw_resamples(["a"] * 17, 500, 0)
    assert drawn.weights.shape == (500, 17)
    assert (drawn.weights.sum(axis=1) == 17).all()
    assert drawn.weights.std() == pytest.approx((16 / 17) ** 0.5, rel=0.05)
    assert (drawn.unit, drawn.note) == ("candidates", None)
    assert "same family" in drawn.scope


def test_resamples_do_not_depend_on_the_blocks_they_are_drawn_in() -> None:
    big = draw_resamples(["a"] * 1500, 3000, 3).weights  # blocks of 2666 rows
    indices = np.random.default_rng(3).integers(0, 1500, (3000, 1500))
    assert (big[-1] == np.bincount(indices[-1], minlength=1500)).all()


def test_resamples_keep_families_whole_when_there_are_ten() -> None:
    families = [f"f{i % 10}" for i in range(30)]
    drawn = draw_resamples(families, 400, 0)
    assert drawn.unit == "families"
    assert (drawn.weights[:, :10] == drawn.weights[:, 10:20]).all()
    assert (drawn.weights[:, :10] == drawn.weights[:, 20:]).all()
    assert (drawn.weights[:, :10].sum(axis=1) == 10).all()
    assert drawn.jackknife.shape == (10, 30)


def test_resamples_stay_within_families_when_there_are_few() -> None:
    families = ["a"] * 5 + ["b"] * 4 + ["c", "d", "e"]
    drawn = draw_resamples(families, 400, 0)
    assert drawn.unit == "candidates within families"
    assert (drawn.weights[:, :5].sum(axis=1) == 5).all()
    assert (drawn.weights[:, 5:9].sum(axis=1) == 4).all()
    assert (drawn.weights[:, 9:].sum(axis=1) == 3).all()
    assert drawn.weights[:, 9:].max() > 1
    assert drawn.note is not None and "not independent" in drawn.note
