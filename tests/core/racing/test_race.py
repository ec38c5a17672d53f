"""Races from end to end on counts with known truths."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Counts, DataError, TooFewSamplesError, UserError
from harness.racing import Race, Standing
from harness.racing.correction import stopping_bias
from harness.racing.rule import beaten, student

PROBLEMS = 60


def made(correct: Sequence[int] | np.ndarray, samples: int, benchmark: str = "b") -> Counts:
    return Counts(
        benchmark=benchmark,
        problem_ids=tuple(f"p{i}" for i in range(len(correct))),
        num_samples=np.full(len(correct), samples),
        num_correct=np.asarray(correct),
    )


def run(race: Race, rates: dict[str, np.ndarray], seed: int = 0) -> Standing:
    """Run a race on Bernoulli samples that are the same whenever they are drawn."""
    rng = np.random.default_rng(seed)
    drawn = {name: rng.random((race.budget, len(p))) < p for name, p in rates.items()}
    while (targets := race.next_round()) is not None:
        for name, samples in targets.items():
            race.tell(name, [made(drawn[name][:samples].sum(axis=0), samples)])
    return race.standing()


def flat(rate: float, problems: int = PROBLEMS) -> np.ndarray:
    return np.full(problems, rate)


def test_clear_best_wins_and_saves_samples() -> None:
    rates = {f"c{i}": flat(0.2) for i in range(5)} | {"best": flat(0.7)}
    standing = run(Race(list(rates), {"b": PROBLEMS}, k=1, budget=64), rates)
    assert standing.leader == "best" and standing.is_over
    best = next(r for r in standing.racers if r.name == "best")
    assert best.stopped_in_round is None and best.probability_best > 0.999
    assert standing.rounds == (4,)
    assert standing.samples_spent == 6 * PROBLEMS * 4 and standing.share == pytest.approx(4 / 64)
    assert {r.stopped_by for r in standing.racers if r.name != "best"} == {"best"}


def test_best_is_stopped_at_most_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(3)
    stopped = 0
    for seed in range(200):
        p = rng.beta(0.5, 0.5, 40)
        rates = {"a": p, "b": p[::-1], "c": rng.permutation(p)}
        standing = run(Race(list(rates), {"b": 40}, k=1, budget=32, level=0.8), rates, seed)
        # All three are equally good, so stopping "a" is always an error; one rival each is the worst that can happen.
        stopped += standing.racers[0].stopped_in_round is not None
    assert stopped / 200 <= 0.2 + 3 * (0.2 * 0.8 / 200) ** 0.5


def test_same_candidate_twice_goes_to_the_end() -> None:
    p = np.linspace(0, 1, PROBLEMS)
    race = Race(["a", "b"], {"b": PROBLEMS}, k=1, budget=20)
    while (targets := race.next_round()) is not None:
        for name, samples in targets.items():
            race.tell(name, [made((p * samples).astype(int), samples)])
    standing = race.standing()
    assert standing.share == 1.0 and standing.rounds == (4, 8, 16, 20)
    assert [r.probability_best for r in standing.racers] == pytest.approx([0.5, 0.5])
    assert standing.leader == "a"


def test_one_candidate_has_the_whole_budget_and_no_probability() -> None:
    race = Race(["only"], {"b": 3}, k=1, budget=64)
    assert race.next_round() == {"only": 64}
    race.tell("only", [made([0, 32, 64], 64)])
    assert race.next_round() is None
    (only,) = race.standing().racers
    assert only.probability_best is None and only.estimate.value == pytest.approx(0.5)
    assert "one candidate" in race.standing().notes[0]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_all_alike_at_the_edge_stops_nobody(rate: float) -> None:
    rates = {name: flat(rate) for name in "abc"}
    standing = run(Race(list(rates), {"b": PROBLEMS}, k=1, budget=16), rates)
    assert all(r.stopped_in_round is None for r in standing.racers)
    for racer in standing.racers:
        assert racer.uncorrected == rate and racer.probability_best == pytest.approx(1 / 3)
        assert 0.0 <= racer.estimate.low <= racer.estimate.value <= racer.estimate.high <= 1.0
        assert racer.estimate.high > racer.estimate.low
    json.dumps(standing.to_json(), allow_nan=False)


def test_four_of_four_on_one_problem_is_no_proof_among_twelve() -> None:
    """Fisher's exact test gives 1/70 for 4 of 4 against 0 of 4, and there are eleven such rivals."""
    names = [f"c{i}" for i in range(12)]
    race = Race(names, {"b": 1}, k=1, budget=64)
    for name in names:
        race.tell(name, [made([4 if name == "c0" else 0], 4)])
    assert race.next_round() == dict.fromkeys(names, 8)


def test_budget_below_the_first_round_is_one_round() -> None:
    rates = {"a": flat(0.1), "b": flat(0.9)}
    standing = run(Race(["a", "b"], {"b": PROBLEMS}, k=2, budget=2), rates)
    assert standing.share == 1.0 and standing.leader == "b"
    assert all(r.stopped_in_round is None and r.estimate.value == r.uncorrected for r in standing.racers)


def test_larger_k_ranks_by_pass_at_k() -> None:
    """Half the problems always against all of them sometimes: pass@1 prefers the first, pass@8 the second."""
    rates = {"sharp": np.repeat([1.0, 0.0], 100), "broad": np.full(200, 0.3)}
    assert run(Race(list(rates), {"b": 200}, k=1, budget=64), rates).leader == "sharp"
    standing = run(Race(list(rates), {"b": 200}, k=8, budget=64), rates)
    assert standing.leader == "broad"
    assert standing.racers[1].uncorrected == pytest.approx(1 - 0.7**8, abs=0.03)


def test_benchmarks_weigh_the_same_whatever_their_size() -> None:
    race = Race(["a", "b"], {"large": 100, "small": 10}, k=1, budget=4)
    race.tell("a", [made([4] * 100, 4, "large"), made([0] * 10, 4, "small")])
    race.tell("b", [made([2] * 10, 4, "small"), made([0] * 100, 4, "large")])
    assert [r.uncorrected for r in race.standing().racers] == pytest.approx([0.5, 0.25])


def test_race_told_again_stands_the_same() -> None:
    rng = np.random.default_rng(8)
    rates = {f"c{i}": rng.beta(1, 1, PROBLEMS) for i in range(6)}
    first, second = (run(Race(list(rates), {"b": PROBLEMS}, k=1, budget=64, seed=4), rates, 1).to_json() for _ in range(2))
    assert first == second


def test_next_round_names_who_is_still_to_be_told() -> None:
    race = Race(["a", "b"], {"b": 2}, k=1, budget=8)
    race.tell("a", [made([1, 2], 4)])
    assert race.next_round() == {"b": 4}
    with pytest.raises(UserError, match="no round is complete"):
        race.standing()
    with pytest.raises(UserError, match="'a' is not sampled in this round"):
        race.tell("a", [made([1, 2], 4)])


def test_standing_after_the_first_round_counts_what_was_spent() -> None:
    race = Race(["a", "b"], {"b": 2}, k=1, budget=8)
    race.tell("a", [made([1, 2], 4)])
    race.tell("b", [made([2, 2], 4)])
    standing = race.standing()
    assert (standing.samples_spent, standing.full_budget, standing.is_over) == (16, 32, False)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: Race([], {"b": 1}, k=1, budget=4), UserError, "no candidates"),
        (lambda: Race(["a", "a"], {"b": 1}, k=1, budget=4), UserError, "'a' stands twice"),
        (lambda: Race(["a"], {}, k=1, budget=4), UserError, "without problems"),
        (lambda: Race(["a"], {"b": 0}, k=1, budget=4), UserError, "without problems"),
        (lambda: Race(["a"], {"b": 1}, k=8, budget=4), TooFewSamplesError, "pass@8 with 4 samples"),
        (lambda: Race(["a"], {"b": 1}, k=0, budget=4), TooFewSamplesError, "pass@0"),
        (lambda: Race(["a"], {"b": 1}, k=1, budget=4, level=1.0), UserError, "level 1"),
    ],
)
def test_race_refuses_what_cannot_be_raced(make: Callable[[], Race], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([made([1, 2], 4, "other")], "counts of other; tell each of b once"),
        ([], "counts of nothing"),
        ([made([1, 2, 3], 4)], "3 problems of 'b'; the race is over 2"),
        ([made([1, 2], 5)], "not every problem of 'b' has 4 samples"),
    ],
)
def test_race_refuses_other_counts_than_agreed(counts: list[Counts], says: str) -> None:
    race = Race(["a", "b"], {"b": 2}, k=1, budget=8)
    with pytest.raises(DataError, match=says):
        race.tell("a", counts)


def test_student_expansion_is_close_to_the_quantile() -> None:
    from scipy import stats

    for score in (1.96, 3.0):
        for freedom in (20, 60, 500):
            exact = stats.t.isf(stats.norm.sf(score), freedom)
            assert student(score, np.array(float(freedom))) == pytest.approx(exact, rel=0.01)


def test_rule_leaves_out_those_no_longer_racing() -> None:
    values, variances = np.array([np.nan, 0.5, 0.1]), np.full(3, 1e-4)
    found = beaten(values, variances, np.full(3, 100.0), critical=3.0, step=0.0)
    assert found.tolist() == [False, False, True]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(1e-6, 0.1))
@settings(max_examples=50)
def test_highest_is_never_beaten(values: list[float], variance: float) -> None:
    found = beaten(np.array(values), np.full(len(values), variance), np.full(len(values), 9.0), critical=2.5, step=0.01)
    assert not found[int(np.argmax(values))]


def test_correction_takes_out_most_of_the_bias_of_stopping() -> None:
    """Two candidates a small step apart: the plain estimates drift apart, the corrected ones much less."""
    rng = np.random.default_rng(0)
    truth, unit = np.array([0.5, 0.53]), np.array([0.0012, 0.0012])
    plain, corrected = [], []
    for seed in range(400):
        total, earlier = np.zeros(2), 0
        for look in (4, 8, 16, 32):
            total = total + rng.normal(0, np.sqrt((look - earlier) * unit))
            earlier = look
            now = truth + total / look
            if beaten(now, unit / look, np.full(2, np.inf), critical=2.2, step=0.0).any():
                break
        bias = stopping_bias(
            now,
            unit,
            np.full(2, np.inf),
            looks=(4, 8, 16, 32),
            critical=2.2,
            unit_step=0.0,
            races=300,
            seed=seed,
        )
        plain.append(now[1] - now[0] - 0.03)
        corrected.append(plain[-1] - (bias[1] - bias[0]))
    error = np.std(plain) / len(plain) ** 0.5
    assert np.mean(plain) > 3 * error
    assert abs(np.mean(corrected)) < np.mean(plain) / 2
