"""Facts that a cost estimate needs and no dry run can know: the model's size, counts of the data, lengths of texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.cards import DEFAULT_CARD, PEAK_FLOPS
from harness.recipe.notes import NOTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.recipe.component import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Utilisation:
    """Share of the card's peak that is reached (model FLOPs utilisation); what is stated is an assumption."""

    train: float = 0.4
    """Forward and backward; Llama 3 reports 0.38 to 0.43 on H100 (arXiv 2407.21783, table 4)."""
    score: float = 0.4
    """Forward over known tokens: log-likelihoods, prompts."""
    generate: float = 0.1
    """Drawing tokens one after another, bound by memory; an assumption of ours for large batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts:
    """A recipe's `cost`."""

    parameters: float
    """Weights of the base."""
    layers: int = 0
    """Attention layers; 0: attention over the context is left out."""
    width: int = 0
    """Heads times head size, summed over query heads."""
    gpu: str = DEFAULT_CARD
    """A key of PEAK_FLOPS."""
    prompt_tokens: int = 0
    """Tokens of a prompt, on average."""
    trace_tokens: int | None = None
    """Tokens of a worked response of the data, on average; None: as many as the trainer takes at most."""
    completion_tokens: int | None = None
    """Tokens of a completion, on average; None: as many as the sampling allows."""
    examples: Mapping[str, int] = field(default_factory=dict)
    """Examples of the recipe's data sources, by role."""
    problems: Mapping[str, int] = field(default_factory=dict)
    """Problems of its benchmarks, by name."""
    utilisation: Utilisation = Utilisation()


_COUNT: Schema = {"type": "integer", "minimum": 1}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT}
_SHARE: Schema = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
COST: Schema = {
    "description": "What `harness plan` needs to estimate GPU hours and disk; no key holds it.",
    "type": "object",
    "properties": {
        "parameters": {"description": "Weights of the base.", "type": "number", "minimum": 1},
        "layers": {**_COUNT, "description": "Attention layers; with `width`, attention over the context is counted."},
        "width": {**_COUNT, "description": "Query heads times head size."},
        "gpu": {"description": "The card.", "type": "string", "enum": sorted(PEAK_FLOPS), "default": DEFAULT_CARD},
        "prompt_tokens": {"description": "Tokens of a prompt, on average.", "type": "integer", "minimum": 0},
        "trace_tokens": {**_COUNT, "description": "Tokens of a worked response, on average; the limit if left out."},
        "completion_tokens": {**_COUNT, "description": "Tokens of a completion, on average; max_tokens if left out."},
        "examples": {**_COUNTS, "description": "Examples of `data`, by role."},
        "problems": {**_COUNTS, "description": "Problems of the benchmarks, by name."},
        "utilisation": {
            "description": "Share of the card's peak that is reached.",
            "type": "object",
            "properties": {"train": _SHARE, "score": _SHARE, "generate": _SHARE},
            "additionalProperties": False,
        },
        "notes": NOTES,
    },
    "required": ["parameters"],
    "dependentRequired": {"layers": ["width"], "width": ["layers"]},
    "additionalProperties": False,
}


def cost_facts(raw: Mapping[str, Any]) -> CostFacts | None:
    """Read a recipe's `cost`, whose structure is right; None where it has none."""
    if "cost" not in raw:
        return None
    own = {key: value for key, value in raw["cost"].items() if key != "notes"}
    return CostFacts(**{**own, "utilisation": Utilisation(**own.get("utilisation", {}))})
