"""What the sampling loop asks of a model: start prompts, advance all rows by a token, forget rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import Tensor


class Batch(Protocol):
    """Rows under generation, each a prompt and what was drawn so far."""

    def step(self, tokens: Tensor) -> Tensor:
        """Append one token to each row and return the next logits.

        Args:
            tokens: int64, shape (rows,), on the decoder's device.

        Returns:
            Shape (rows, vocabulary), float32.
        """

    def drop(self, holes: Tensor, movers: Tensor, num_rows: int) -> None:
        """Copy row movers[i] into row holes[i] for all i, then keep the first num_rows rows only."""


class Decoder(Protocol):
    """A model ready to generate."""

    device: torch.device
    context: int | None
    """Largest number of positions, prompt and completion together; None where there is no bound."""
    mixes_lengths: bool
    """Whether prompts of different lengths may share a batch."""

    def row_bytes(self, num_positions: int) -> int:
        """Bytes of cache for one row."""

    def start(self, prompts: Sequence[Sequence[int]], copies: Sequence[int], room: int) -> tuple[Batch, Tensor]:
        """Prefill each prompt once and give it `copies[i]` rows, in order, with room for `room` more tokens.

        Returns:
            The batch, and the first logits, shape (rows, vocabulary).
        """
