"""Seeds derived from labels: what happens at a step depends on (seed, step), never on what was drawn before it."""

from __future__ import annotations

import hashlib
import random


def seed_from(*labels: int | str) -> int:
    """Derive a seed in [0, 2**63) from labels; unrelated labels give unrelated seeds."""
    text = "\x1f".join(f"{type(label).__name__}:{label}" for label in labels)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def shuffled(num: int, *labels: int | str) -> list[int]:
    """Return 0 .. num - 1 in an order that the labels fix."""
    order = list(range(num))
    random.Random(seed_from(*labels)).shuffle(order)  # noqa: S311 - an order, not a secret
    return order
