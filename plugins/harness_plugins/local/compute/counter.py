"""Random numbers as a function of where they are used: Philox-4x32-10, vectorised.

A generator with a state would tie a sample to the batch and the order it was drawn in. Here the number for a
token is a function of (seed, problem id, sample index, position) alone. The cipher is Salmon et al., "Parallel
random numbers: as easy as 1, 2, 3" (SC'11); its known answers (Random123, kat_vectors) are tested.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Encrypt counters by Philox-4x32 with ten rounds.

    Args:
        counter: 32-bit words held in uint64, shape (4, ...).
        key: 32-bit words held in uint64, shape (2, ...), broadcast against the counter's words.

    Returns:
        32-bit words held in uint64, shape (4, ...).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (right >> _HALF) ^ c1 ^ k0, right & _LOW, (left >> _HALF) ^ c3 ^ k1, left & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3))


def stream_key(seed: int, problem_id: str) -> tuple[int, int]:
    """Hash a seed and a problem id into two 32-bit key words."""
    digest = hashlib.sha256(f"{seed}\0{problem_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little")


def uniforms(
    keys: NDArray[np.uint64], indices: NDArray[np.uint64], first_position: int, num_positions: int
) -> NDArray[np.float64]:
    """Give each row its uniform numbers for a run of positions.

    One Philox block serves two positions. A number holds 53 random bits: k / 2**53 for an integer k, so in [0, 1), exact in
    float64.

    Args:
        keys: two key words a row (`stream_key`), shape (rows, 2).
        indices: sample index of each row, shape (rows,).
        first_position: even.
        num_positions: even.

    Returns:
        Shape (rows, num_positions).
    """
    blocks = np.arange(first_position // 2, (first_position + num_positions) // 2, dtype=np.uint64)
    low, high = indices[:, None] & _LOW, indices[:, None] >> _HALF
    counter = np.stack(np.broadcast_arrays(blocks[None, :], low, high, np.uint64(0)))
    words = philox(counter, keys.T[:, :, None])
    pairs = np.stack([_to_unit(words[0], words[1]), _to_unit(words[2], words[3])], axis=-1)
    return pairs.reshape(len(indices), num_positions)


def _to_unit(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.float64]:
    bits = ((high >> np.uint64(5)) << np.uint64(26)) | (low >> np.uint64(6))
    return bits.astype(np.float64) * 2.0**-53
