"""The meta-analysis against loops written by hand over the registry's files, and its rank test against SciPy."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from harness.shipped import shipped, shipped_names
from harness.studies import Row, Study, meta_analysis, ordered_pairs, read_study, readings, studies
from harness.studies.permutation import rank_test
from harness.studies.records import Column, Source

FILES = [name for name in shipped_names("registry") if name.startswith("studies/") and name.endswith(".json")]
RAW = {raw["name"]: raw for raw in (json.loads(shipped("registry", name).read_text(encoding="utf-8")) for name in FILES)}
META = meta_analysis(studies(), resamples=500)
EVIDENCE = {evidence.proxy: evidence for evidence in META.proxies}


def test_tallies_are_those_of_the_note_and_of_loops_by_hand() -> None:
    published = {"pass@1": (61, 91), "pass@k": (69, 104), "token-entropy": (15, 24)}
    counted = {proxy: [0, 0] for proxy in published}
    for raw in RAW.values():
        for pair in raw.get("tally", []):
            proxy = raw["columns"][pair["proxy"]]["proxy"]
            kept = [row for row in raw["rows"] if "excluded" not in row]
            for i in range(len(kept)):
                for j in range(i):
                    a, b = kept[i], kept[j]
                    if a["family"] != b["family"] or a.get("evaluation") != b.get("evaluation"):
                        continue
                    x = [row["values"].get(pair["proxy"]) for row in (a, b)]
                    y = [row["values"].get(pair["outcome"]) for row in (a, b)]
                    if None in x or None in y or y[0] == y[1]:
                        continue
                    counted[proxy][0] += (x[0] > x[1]) == (y[0] > y[1]) and x[0] != x[1]
                    counted[proxy][1] += 1
    assert {proxy: tuple(pair) for proxy, pair in counted.items()} == published
    assert {p: (EVIDENCE[p].tally.right, EVIDENCE[p].tally.total) for p in published} == published


def test_decisions_count_each_start_once() -> None:
    """By hand: pass@1 within a base, over the studies that count, each by its own outcome and primary evaluation."""
    right = total = 0.0
    for name, raw in RAW.items():
        if raw["varied"] != "sft within a base" or "rows" not in raw or raw.get("same_models_as"):
            continue
        column = next((c for c, about in raw["columns"].items() if about.get("proxy") == "pass@1"), None)
        if column is None:
            continue
        kept = [
            r for r in raw["rows"] if "excluded" not in r and r.get("evaluation", "") == raw.get("primary_evaluation", "")
        ]
        points = [(r["family"], r["values"].get(column), r["values"].get(raw["outcome"])) for r in kept]
        for i, (family, x, y) in enumerate(points):
            for other, u, v in points[:i]:
                if family == other and None not in (x, y, u, v) and y != v:
                    total += 1
                    right += 0.5 if x == u else float((x > u) == (y > v))
        assert name != "entropy-collapse-interventions"
    found = EVIDENCE["pass@1"].decisions["sft within a base"]
    assert (found.pairs.right + found.pairs.tied / 2, found.pairs.total) == (right, total)
    assert found.accuracy.value == pytest.approx(right / total)


RHO = {
    ("entropy-collapse-qwen", "pass@1"): -0.90,
    ("entropy-collapse-qwen", "pass@k"): -0.60,
    ("entropy-collapse-qwen", "token-entropy"): 0.70,
    ("entropy-collapse-deepseek", "pass@k"): 1.00,
    ("on-policy-warmup-alfworld-seen", "pass@k"): -0.20,
    ("on-policy-warmup-scienceworld-seen", "pass@k"): 0.80,
    ("simplerl-zoo", "pass@1"): 0.93,
}


@pytest.mark.parametrize(("study", "proxy"), RHO, ids=str)
def test_rank_correlation_is_the_one_known_of_the_study(study: str, proxy: str) -> None:
    (found,) = [reading for reading in EVIDENCE[proxy].readings if reading.study == study]
    assert round(found.test.rho or 9, 2) == RHO[study, proxy]


def test_every_rank_correlation_is_scipys() -> None:
    seen = 0
    for evidence in META.proxies:
        for reading in evidence.readings:
            raw = RAW[reading.study]
            kept = [
                row["values"]
                for row in raw["rows"]
                if "excluded" not in row
                and row.get("evaluation", "") == raw.get("primary_evaluation", "")
                and {reading.column, reading.outcome} <= set(row["values"])
            ]
            x, y = ([values[name] for values in kept] for name in (reading.column, reading.outcome))
            assert reading.n == len(kept)
            if reading.test.rho is not None:
                sign = 1 if raw["columns"][reading.column]["higher_is_better"] else -1
                assert reading.test.rho == pytest.approx(sign * stats.spearmanr(x, y).statistic, abs=1e-12)
                seen += 1
    assert seen > 35


@pytest.mark.parametrize("size", [4, 5, 6, 7])
def test_exact_p_is_scipys_permutation_test(size: int) -> None:
    rng = np.random.default_rng(size)
    x, y = rng.integers(0, 4, size).astype(float), rng.normal(size=size)
    found = rank_test(x, y)

    def statistic(z: np.ndarray) -> float:
        return abs(float(stats.spearmanr(z, y).statistic))

    again = stats.permutation_test((x,), statistic, permutation_type="pairings", n_resamples=np.inf, alternative="greater")
    assert found.rho == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found.p == pytest.approx(again.pvalue, abs=1e-12) and found.method == "exact permutation test"


def test_drawn_p_is_near_the_t_approximation_of_scipy() -> None:
    x = np.arange(30.0)
    y = x + np.random.default_rng(1).normal(0, 25, 30)
    found = rank_test(x, y)
    assert found.p == pytest.approx(stats.spearmanr(x, y).pvalue, abs=0.01)
    assert "drawn" in found.method


@pytest.mark.parametrize(
    ("x", "y", "rho", "reason"),
    [
        ([1, 2], [1, 2], None, "n < 3"),
        ([1, 1, 1], [1, 2, 3], None, "constant"),
        ([1, 2, 3], [1, 2, 3], 1.0, "n < 4"),
    ],
)
def test_too_few_or_constant_starts_have_no_p(x: list[float], y: list[float], rho: float | None, reason: str) -> None:
    found = rank_test(x, y)
    assert (found.rho, found.p, found.reason) == (rho if rho is None else pytest.approx(rho), None, reason)


def test_rows_of_several_families_have_no_p() -> None:
    (retu,) = [reading for reading in EVIDENCE["pass@1"].readings if reading.study == "retu-qwen2.5-7b"]
    assert retu.test.p is None and "not exchangeable" in (retu.test.reason or "")


def study_of(name: str, bases: int, *, same_models_as: str | None = None) -> Study:
    """Return a study of three starts a base; the proxy orders two of the three pairs rightly."""
    rows = [
        Row(label=f"{base}-{i}", family=f"base {base}", values={"x": x, "y": y})
        for base in range(bases)
        for i, (x, y) in enumerate([(1, 1), (2, 3), (3, 2)])
    ]
    columns = {
        "x": Column(name="x", role="proxy", what="a score", proxy="pass@1"),
        "loss": Column(name="loss", role="proxy", what="a loss", proxy="validation-loss", higher_is_better=False),
        "y": Column(name="y", role="outcome", what="after RL"),
    }
    source = Source(id="made up", where="", how_read="", confidence="A", licence="")
    return Study(
        name=name,
        title=name,
        source=source,
        varied="sft within a base",
        rl="",
        seeds=1,
        caveats=(),
        columns=columns,
        outcome="y",
        baseline="x",
        rows=tuple(rows),
        same_models_as=same_models_as,
    )


def test_interval_resamples_whole_bases_from_ten_on() -> None:
    def accuracy(bases: int) -> dict[str, object]:
        (pass_at_1,) = [e for e in meta_analysis([study_of("one", bases)], resamples=200).proxies if e.proxy == "pass@1"]
        return pass_at_1.to_json()["decisions"]["sft within a base"]["accuracy"]

    few, many = accuracy(9), accuracy(10)
    assert few["value"] == many["value"] == pytest.approx(2 / 3)
    assert few["low"] is None and "too few" in str(few["reason"])
    assert many["low"] == many["high"] == pytest.approx(2 / 3), "bases that are all alike leave no spread"


def test_second_evaluation_of_the_same_starts_is_shown_and_not_counted() -> None:
    meta = meta_analysis([study_of("one", 1), study_of("two", 1, same_models_as="one")], resamples=200)
    (found,) = [e for e in meta.proxies if e.proxy == "pass@1"]
    assert len(found.readings) == 2
    assert found.decisions["sft within a base"].pairs.total == 3
    alone = meta_analysis([study_of("two", 1, same_models_as="one")], resamples=200).proxies
    assert next(e for e in alone if e.proxy == "pass@1").decisions["sft within a base"].pairs.total == 3


def test_pairs_stay_within_family_and_evaluation_and_drop_what_is_unknown() -> None:
    study = study_of("one", 1)
    rows = [
        *study.rows,
        Row(label="other base", family="other", values={"x": 9, "y": 0}),
        Row(label="other benchmark", family="base 0", evaluation="b", values={"x": 9, "y": 0}),
        Row(label="unknown", family="base 0", values={"x": 9}),
        Row(label="out", family="base 0", values={"x": 9, "y": 0}, excluded="printed twice"),
        Row(label="alike", family="base 0", values={"x": 2, "y": 1}),
    ]
    (pairs,) = ordered_pairs(rows, study.columns["x"], study.columns["y"]).values()
    assert (pairs.right, pairs.tied, pairs.wrong) == (3, 1, 1)
    turned = replace(study.columns["x"], higher_is_better=False)
    (pairs,) = ordered_pairs(rows, turned, study.columns["y"]).values()
    assert (pairs.right, pairs.tied, pairs.wrong) == (1, 1, 3)


def test_largest_k_and_the_first_listed_column_are_read() -> None:
    chosen = {reading.proxy: reading.column for reading in readings(read_study("on-policy-warmup-alfworld-seen"))}
    assert chosen == {"pass@k": "pre_pass64", "all-pass@k": "pre_allpass64"}
    qwen = {reading.proxy: reading.column for reading in readings(read_study("entropy-collapse-qwen"))}
    assert qwen["token-entropy"] == "pre_entropy_T1_table1"


def test_meta_analysis_is_json_without_nan() -> None:
    text = json.dumps(META.to_json(), allow_nan=False)
    assert {p["proxy"] for p in json.loads(text)["proxies"]} >= {"pass@1", "pass@k", "token-entropy", "generalization-loss"}


def test_minimum_validation_loss_gives_the_published_pearson() -> None:
    rows = [row.values for row in read_study("retu-qwen2.5-7b-sets").rows if row.label[:4] != "Unif" or "102K" in row.label]
    r = stats.pearsonr([row["min_val_loss"] for row in rows], [row["best_A_post"] for row in rows]).statistic
    assert len(rows) == 5 and round(float(r), 2) == -0.92
