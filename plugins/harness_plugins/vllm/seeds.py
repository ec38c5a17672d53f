"""Seeds of requests: sample i of a request has its own seed, which does not depend on how requests are cut."""

from __future__ import annotations

import hashlib


def request_seed(seed: int, problem_id: str, first_index: int) -> int:
    """Return the seed of a request for the samples from first_index on.

    vLLM draws the i-th of a request's n samples with the request's seed plus i. The seed of a problem's sample 0 is a hash,
    and sample i's is i more, so a block that starts later, or a request cut in two, draws the very same samples. Two
    problems share a seed among n samples each with a chance of 2n in 2**53. The hash is not rounded to multiples of some
    power of two, because torch's CPU generator heeds the low 32 bits alone.

    Args:
        seed: of the study's step.
        problem_id: of the prompt.
        first_index: of the request.

    Returns:
        A number below 2**53 + first_index, which JSON carries exactly everywhere.
    """
    text = f"{seed}\x1f{problem_id}"
    return (int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 11) + first_index
