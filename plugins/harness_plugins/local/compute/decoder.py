"""What the sampling loop asks of a model: start prompts, advance all rows by a token, forget rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import torch
    from numpy.typing import NDArray
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

    def keep(self, is_kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Forget the other rows, one at least staying; return the former places of the rows in their new order."""


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
