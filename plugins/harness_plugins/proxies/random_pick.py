"""random: a number that knows nothing of the candidate but its name.

The floor of every board: a proxy that does no better was not worth measuring. Formula: the first 53 bits of
SHA-256 of seed and name, as a fraction in [0, 1), so that the same study always draws the same numbers.
Source: none needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from harness import Evidence, NoParams, Proxy, ProxyValue, hookimpl


def compute(evidence: Evidence, params: NoParams) -> ProxyValue:
    """Draw uniformly, keyed by seed and candidate name."""
    digest = hashlib.sha256(f"{evidence.seed}:{evidence.candidate}".encode()).digest()
    return ProxyValue(value=(int.from_bytes(digest[:8]) >> 11) / 2**53)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the floor."""
    yield Proxy(
        name="random",
        version="1",
        summary="a random number a candidate",
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset(),
        trivial=True,
    )
