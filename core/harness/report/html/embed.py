"""Data inside a page: JSON in script elements that nothing in it can leave, and samples as compressed blocks."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.report.study.samples import SampleSet, ShownSample

BLOCK = 250
"""Samples in one block; a page of samples unpacks only the blocks it shows."""

_UNSAFE = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
"""What could end a script element or begin a comment (HTML standard, 4.12.1.3); JSON may escape any letter."""


def json_for_script(value: Any) -> str:
    """Write JSON that is plain ASCII and holds no letter HTML gives a meaning to."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).translate(_UNSAFE)


def data_element(name: str, value: Any) -> str:
    """Return a script element with JSON, which no browser runs."""
    return f'<script type="application/json" id="{name}">{json_for_script(value)}</script>'


def packed_element(name: str, value: Any) -> str:
    """Return a script element with JSON, compressed and in base64, which no browser runs."""
    packed = gzip.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)
    return f'<script type="text/plain" id="{name}">{base64.b64encode(packed).decode()}</script>'


def sample_elements(samples: SampleSet) -> Iterator[str]:
    """Yield the facts of all samples, then their texts block by block."""
    yield packed_element("sample-data", _facts(samples))
    for number in range(0, len(samples.samples), BLOCK):
        part = samples.samples[number : number + BLOCK]
        yield packed_element(f"sample-data-{number // BLOCK}", [[sample.text, sample.answer] for sample in part])


def _facts(samples: SampleSet) -> dict[str, Any]:
    """Return what the filters go by, as columns."""
    return {
        "block": BLOCK,
        "candidates": samples.candidates,
        "benchmarks": samples.benchmarks,
        "phases": samples.phases,
        "problems": [[problem.benchmark, problem.id, problem.prompt, problem.answer] for problem in samples.problems],
        **_columns(samples.samples),
    }


def _columns(samples: Sequence[ShownSample]) -> dict[str, list[int]]:
    return {
        "problem": [sample.problem for sample in samples],
        "candidate": [sample.candidate for sample in samples],
        "phase": [sample.phase for sample in samples],
        "seed": [sample.seed for sample in samples],
        "index": [sample.index for sample in samples],
        "correct": [int(sample.is_correct) for sample in samples],
        "tokens": [sample.tokens for sample in samples],
        "cut": [int(sample.is_truncated) for sample in samples],
    }
