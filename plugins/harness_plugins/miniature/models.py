"""miniature-base and miniature-blank: the shipped base, and one that knows nothing.

The base was pretrained by `python -m harness_plugins.miniature.pretrain` on faulty traces; README.md tells how. The
blank is for tests and for whoever wants a base of their own. Weights and data are the project's own work (Apache-2.0).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import Ge, Le

from harness import Model, NoParams, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import Context

SHIPPED = Path(__file__).parent / "base"
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankParams:
    """Settings of miniature-blank."""

    seed: Annotated[int, Ge(0), Le(2**63 - 1)] = 0
    """Seed of the weights; apart from the study's seed, as a base is."""
    size: Literal["tiny", "small", "medium"] = "tiny"
    """126, 389 or 741 thousand parameters; the base is tiny."""


def load_base(_params: NoParams, _context: Context) -> Path:
    """Return the shipped folder."""
    return SHIPPED


def load_blank(params: BlankParams, context: Context) -> Path:
    """Write a randomly initialised model under the step's work folder."""
    from harness_plugins.miniature.architecture import build_blank, save_checkpoint

    folder = context.work / "blank"
    save_checkpoint(build_blank(params.size, params.seed), folder)
    return folder


@hookimpl
def harness_models() -> Iterable[Model]:
    """Offer both."""
    yield Model(
        name="miniature-base",
        version="1",
        summary="the miniature's pretrained base, a Qwen3 of 126 thousand parameters",
        load=lambda: load_base,
        requires=REQUIRES,
    )
    yield Model(
        name="miniature-blank",
        version="1",
        summary="a randomly initialised Qwen3 with the miniature's tokenizer",
        params=BlankParams,
        load=lambda: load_blank,
        requires=REQUIRES,
    )
