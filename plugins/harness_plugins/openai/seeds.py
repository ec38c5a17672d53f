"""Seeds of requests: sample i of a problem has its own, which does not depend on how requests are cut."""

from __future__ import annotations

import hashlib


def request_seed(seed: int, problem_id: str, first_index: int) -> int:
    """Return the seed of a request for the samples from first_index on.

    vLLM's server draws the i-th of a request's n samples with the request's seed plus i; so the seed of a problem's sample
    0 is a hash and sample i's is i more, and a request cut in two draws the very same samples. Two problems share a seed
    among n samples each with a chance of 2n in 2**53.

    Args:
        seed: of the study's step.
        problem_id: of the prompt.
        first_index: of the request.

    Returns:
        A number below 2**53 + first_index, which JSON carries exactly everywhere.
    """
    text = f"{seed}\x1f{problem_id}"
    return (int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 11) + first_index
