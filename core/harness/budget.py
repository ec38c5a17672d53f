"""Token budgets: how many SFT tokens a strategy costs, and how to hold all strategies to the same cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.recipe.records import Budget
    from harness.values import Curated, Example

END_TOKENS = 1
"""Each response is followed by one end-of-sequence token, which is trained on like the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBudget:
    """SFT tokens of a training set under the base's tokenizer; prompt and response are counted apart and added."""

    prompts: int
    """Prompt tokens in one epoch."""
    responses: int
    """Response tokens in one epoch, one end-of-sequence token each included."""
    epochs: int

    @property
    def per_epoch(self) -> int:
        """Tokens of one pass over the examples."""
        return self.prompts + self.responses

    @property
    def total(self) -> int:
        """Tokens seen in training, repeats counted."""
        return self.epochs * self.per_epoch


def count(data: Curated, count_tokens: Callable[[str], int]) -> TokenBudget:
    """Count the tokens of a training set."""
    return TokenBudget(
        prompts=sum(count_tokens(example.prompt) for example in data.examples),
        responses=sum(count_tokens(example.response) + END_TOKENS for example in data.examples),
        epochs=data.epochs,
    )


def fit(data: Curated, budget: Budget, count_tokens: Callable[[str], int], where: str = "budget") -> Curated:
    """Hold a training set to the budget: tokens in [1 - tolerance, 1 + tolerance] x budget.tokens.

    Under `cut`, examples are dropped from the end until the total is at most (1 + tolerance) x tokens; epochs stay
    whole. Under `refuse`, a set that is over is an error. A set that is under, be it by the cut, always is one.

    Args:
        data: the training set.
        budget: what the recipe asks for.
        count_tokens: tokens of a text under the base's tokenizer.
        where: opens the error message; a candidate's name, say.

    Raises:
        UserError: the set is out of bounds and may not, or cannot, be cut to fit.
    """
    # A share like 0.05 is not exact in binary: 100 x 1.05 must allow 105.
    most = int(budget.tokens * (1 + budget.tolerance) + 1e-6)
    least = budget.tokens * (1 - budget.tolerance) - 1e-6
    asked = f"the budget of {budget.tokens:,} (tolerance {budget.tolerance:.1%})"
    totals = [data.epochs * tokens for tokens in accumulate(_tokens(e, count_tokens) for e in data.examples)]
    total = totals[-1] if totals else 0
    if total > most and budget.enforce == "refuse":
        raise UserError(
            f"{where}: {total:,} tokens are {total - budget.tokens:,} over {asked}; "
            "give it fewer examples or epochs, or set budget.enforce to 'cut'"
        )
    if total < least:
        raise UserError(
            f"{where}: {total:,} tokens fall {budget.tokens - total:,} short of {asked}; "
            "give it more examples or epochs, or lower budget.tokens"
        )
    kept = sum(tokens <= most for tokens in totals)
    left = totals[kept - 1] if kept else 0
    if left < least:
        raise UserError(
            f"{where}: {total:,} tokens are over {asked}, and dropping whole examples leaves {left:,}; "
            "raise budget.tolerance or budget.tokens, or give it fewer epochs"
        )
    return data if kept == len(totals) else replace(data, examples=data.examples[:kept])


def _tokens(example: Example, count_tokens: Callable[[str], int]) -> int:
    return count_tokens(example.prompt) + count_tokens(example.response) + END_TOKENS
