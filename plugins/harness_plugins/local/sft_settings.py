"""Settings of local-sft; apart from the trainer, because both it and its loop read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness_plugins.local.settings import Optimization


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Optimization):
    """Settings of supervised fine-tuning; how often it goes over the data is the curation's to say (`epochs`)."""

    learning_rate: Annotated[float, Gt(0), Lt(100)] = 1e-3
    """Peak learning rate. 1e-3 suits the miniature; models of a billion parameters want about 1e-5."""
    batch_size: Annotated[int, Ge(1)] = 32
    """Examples an optimizer step; an epoch's last batch may be smaller."""
    betas: tuple[Annotated[float, Ge(0), Lt(1)], Annotated[float, Ge(0), Lt(1)]] = (0.9, 0.98)
    """Decay rates of the moments, for optimizers that take `betas`."""
    schedule: Literal["constant", "linear", "cosine"] = "cosine"
    """How the learning rate falls after warm-up."""
    warmup_share: Annotated[float, Ge(0), Le(1)] = 0.05
    """Share of all steps over which the learning rate rises from near 0 to its peak."""
    packing: Literal["bucket", "pack"] = "bucket"
    """How examples make batches. `bucket`: examples of like length share a batch (of each 8 shuffled batches), so that
    attention wastes little. `pack`: batches are drawn at random. Either way a batch's examples are laid end to end, each
    seeing itself only, with positions of its own (models outside the Llama family: padded instead), and the loss of a given
    batch is the same."""
    max_tokens: Annotated[int, Ge(2)] = 4096
    """Longest example, prompt, response and end-of-sequence token together; the model's own context also limits it."""
    too_long: Literal["drop", "cut", "refuse"] = "drop"
    """What becomes of longer examples: left out, cut at the end (and then without an end-of-sequence token), or an error.
    Every line of metrics.jsonl says how many there were (`num_too_long`)."""
