import numpy as np
import pytest
from scipy import stats

from harness_plugins.local.compute.counter import philox, stream_key, uniforms

# Random123, examples/kat_vectors, lines "philox4x32 10": counter, key, answer.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> np.ndarray:
    return np.array([int(word, 16) for word in text.split()], dtype=np.uint64)


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN)
def test_philox_gives_the_known_answer(counter, key, answer):
    assert philox(words(counter), words(key)).tolist() == words(answer).tolist()


def test_philox_gives_the_same_answers_when_vectorised():
    counters = np.stack([words(counter) for counter, _, _ in KNOWN], axis=1)
    keys = np.stack([words(key) for _, key, _ in KNOWN], axis=1)
    expected = np.stack([words(answer) for _, _, answer in KNOWN], axis=1)
    assert (philox(counters, keys) == expected).all()


def test_uniforms_depend_on_row_and_position_only():
    keys = np.array([stream_key(0, "a"), stream_key(0, "b"), stream_key(1, "a")], dtype=np.uint64)
    indices = np.array([5, 2**40, 5], dtype=np.uint64)
    whole = uniforms(keys, indices, 0, 32)
    parts = np.hstack([uniforms(keys[:2], indices[:2], 0, 8), uniforms(keys[:2], indices[:2], 8, 24)])
    assert (whole[:2] == parts).all()
    assert len(np.unique(whole)) == whole.size


def test_uniforms_are_uniform_and_uncorrelated_between_neighbours():
    keys = np.tile(np.array(stream_key(3, "p"), dtype=np.uint64), (400, 1))
    draws = uniforms(keys, np.arange(400, dtype=np.uint64), 0, 100)
    assert 0 <= draws.min() < draws.max() < 1
    assert stats.kstest(draws.ravel(), "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(draws[:-1].ravel(), draws[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(draws[:, :-1].ravel(), draws[:, 1:].ravel())[0, 1]) < 0.02


def test_stream_key_takes_any_seed_and_id():
    keys = {stream_key(seed, name) for seed in (-1, 0, 1, 2**80) for name in ("", "0", "é", "\ud800")}
    assert len(keys) == 16
