"""What a recipe will yield to its proxies, checked before anything is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.offers import Engine, Proxy
from harness.recipe.faults import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.recipe.records import BenchmarkUse, RlStage, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a recipe's evidence comes from."""

    benchmarks: Sequence[BenchmarkUse]
    has_heldout: bool
    engine: Use | None
    """None where it was at fault itself."""
    rl: RlStage | None

    @property
    def rl_steps(self) -> int | None:
        """RL steps, where the trainer's settings say how many."""
        steps = getattr(self.rl.use.params, "steps", None) if self.rl else None
        return steps if isinstance(steps, int) else None


def lacking(use: Use, sources: Sources) -> Iterator[str]:
    """Say what of the evidence a proxy reads the recipe does not yield, and what to do.

    Args:
        use: a proxy.
        sources: of the recipe.
    """
    offer = use.offer
    if not isinstance(offer, Proxy):
        raise TypeError(offer)
    needed = offer.min_samples(use.params)
    short = [b for b in sources.benchmarks if b.samples < needed]
    if short:
        yield (
            f"{use.label} needs {needed} samples a problem, and benchmark {quoted(short[0].name)} draws {short[0].samples}; "
            'raise its "samples", or lower k'
        )
    needs = offer.needs(use.params)
    if needs & {"own-loss", "fixed-loss", "drift"} and not sources.has_heldout:
        yield f'{use.label} reads held-out traces; add "heldout" to "data", or drop this proxy'
    engine = sources.engine.offer if sources.engine else None
    if "drift" in needs and isinstance(engine, Engine) and not engine.measures_drift:
        yield (
            f"{use.label} reads the drift from the base, which engine {quoted(engine.name)} cannot measure; "
            "take an engine that can, such as 'local', or drop this proxy"
        )
    if "rl-metrics" in needs:
        yield from _lacking_rl(use, offer, sources)


def _lacking_rl(use: Use, offer: Proxy, sources: Sources) -> Iterator[str]:
    if sources.rl is None:
        yield f'{use.label} reads an RL run, and the recipe has none; add "rl", or drop this proxy'
        return
    wanted, steps = offer.min_rl_steps(use.params), sources.rl_steps
    if steps is not None and wanted > steps:
        yield (
            f"{use.label} reads {wanted} RL steps, and RL has {steps}; "
            'raise the "steps" of "rl", or lower those of this proxy'
        )
