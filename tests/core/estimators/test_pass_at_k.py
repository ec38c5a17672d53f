from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DataError, TooFewSamplesError
from harness.estimators import pass_at_k


def enumerated(correct: int, samples: int, k: int) -> float:
    """Share of the k-subsets of the samples that hold a right one, by looking at each subset."""
    subsets = list(combinations([i < correct for i in range(samples)], k))
    return sum(any(subset) for subset in subsets) / len(subsets)


def test_pass_at_k_equals_enumeration_for_all_n_up_to_8() -> None:
    for samples in range(1, 9):
        for k in range(1, samples + 1):
            got = pass_at_k(np.arange(samples + 1), samples, k)
            want = [enumerated(correct, samples, k) for correct in range(samples + 1)]
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-14)


@pytest.mark.parametrize("k", [1, 2, 3, 7, 16, 63, 64, 65, 100, 128, 200, 255, 256])
def test_pass_at_k_matches_exact_arithmetic_at_256_samples(k: int) -> None:
    exact = [1 - Fraction(comb(256 - c, k), comb(256, k)) for c in range(257)]
    np.testing.assert_allclose(pass_at_k(np.arange(257), 256, k), [float(x) for x in exact], rtol=0, atol=1e-13)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 300)), min_size=1, max_size=20), st.integers(1, 300))
def test_pass_at_k_takes_each_problems_own_n(pairs: list[tuple[int, int]], k: int) -> None:
    samples = np.array([max(n, k) for n, _ in pairs])
    correct = np.minimum([c for _, c in pairs], samples)
    got = pass_at_k(correct, samples, k)
    want = [float(1 - Fraction(comb(int(n - c), k), comb(int(n), k))) for n, c in zip(samples, correct, strict=True)]
    np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)
    assert ((got >= 0) & (got <= 1)).all()


def test_pass_at_k_is_not_the_estimate_with_replacement() -> None:
    # verl PR 7240: one right of four reported best@4 = 0.684 by sampling with replacement.
    assert pass_at_k([1], [4], 4).tolist() == [1.0]


def test_pass_at_k_names_the_problem_when_samples_are_too_few() -> None:
    with pytest.raises(TooFewSamplesError, match=r"pass@8: problem 'q2' has 4 samples; draw at least 8"):
        pass_at_k([1, 1], [8, 4], 8, problem_ids=["q1", "q2"])
    with pytest.raises(TooFewSamplesError, match="problem number 1 has 4"):
        pass_at_k([1, 1], [8, 4], 8)
    with pytest.raises(TooFewSamplesError, match="k must be at least 1"):
        pass_at_k([1], [4], 0)


@pytest.mark.parametrize("correct", [-1, 5])
def test_pass_at_k_refuses_counts_that_cannot_be(correct: int) -> None:
    with pytest.raises(DataError, match=rf"problem 'a' has {correct} right of 4 samples"):
        pass_at_k([correct], [4], 1, problem_ids=["a"])


def test_pass_at_k_of_no_problems_is_empty() -> None:
    assert pass_at_k([], [], 4).shape == (0,)
