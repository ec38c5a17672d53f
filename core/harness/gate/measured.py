"""What a gate reads: the checkpoint's proxies, and the base's where a rule compares with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.errors import DataError, TooFewSamplesError
from harness.estimators import Estimate, paired_difference, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from harness.values import Counts, LossTable, ProxyValue


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPair:
    """Scores of the same held-out traces by the checkpoint and by the base."""

    own: LossTable
    base: LossTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A checkpoint as measured at a fixed number of samples."""

    candidate: str
    readings: Mapping[str, ProxyValue]
    """By proxy, as the rules call it."""
    counts: Sequence[Counts] = ()
    base: str | None = None
    """The base's name; None where it was not measured."""
    base_readings: Mapping[str, ProxyValue] = field(default_factory=dict)
    base_counts: Sequence[Counts] = ()
    losses: Mapping[str, LossPair] = field(default_factory=dict)
    """By proxy, for those that are a mean held-out loss."""

    def difference(self, proxy: str) -> Estimate:
        """Estimate how far the checkpoint's reading is above the base's, paired by problem or trace.

        Returns:
            An estimate without an interval, and with the reason, where no paired interval is known for the proxy.
        """
        value = _gap(self.readings[proxy], self.base_readings[proxy])
        shorthand = re.fullmatch(r"pass@(\d+)", proxy)
        if shorthand and self.counts and self.base_counts:
            try:
                return paired_difference(self.counts, self.base_counts, int(shorthand[1]))
            except (DataError, TooFewSamplesError) as error:
                return Estimate(value=value, reason=str(error))
        if proxy in self.losses:
            return _loss_difference(self.losses[proxy], value)
        return Estimate(value=value, reason=f"no paired interval is known for {proxy}")


def _gap(own: ProxyValue, base: ProxyValue) -> float | None:
    return None if own.value is None or base.value is None else own.value - base.value


def _loss_difference(pair: LossPair, value: float | None) -> Estimate:
    """The same tokens weigh both losses, so their difference is one weighted mean over traces."""
    own, base = pair.own, pair.base
    if own.trace_ids != base.trace_ids or not _same(own.num_tokens, base.num_tokens):
        return Estimate(value=value, reason="their tokenizers cut the held-out traces differently")
    return weighted_mean(own.nll - base.nll, own.num_tokens)


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool((a == b).all())
