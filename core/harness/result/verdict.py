"""The pick: what to take to RL by the proxy named beforehand, how sure that is, and what it came to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from harness import validity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.result.measured import Measured, Phase


def verdict(
    measured: Sequence[Measured],
    layout: Mapping[str, Any],
    outcome: Callable[[Phase], float],
    *,
    resamples: int,
    seed: int,
) -> dict[str, Any]:
    """Name the candidate that the primary proxy puts first.

    Args:
        measured: all candidates.
        layout: the plan's, for the proxy's name and direction.
        outcome: the outcome at a phase.
        resamples: of problems, for the probability that the pick really is first; only pass@k has one.
        seed: of the resamples.
    """
    primary = layout["primary_proxy"]
    higher = next(p["higher_is_better"] for p in layout["proxies"] if p["name"] == primary)
    known = [(one, value) for one in measured if (value := one.readings[primary].value) is not None]
    if not known:
        return {
            "pick": None,
            "by": primary,
            "probability_best": None,
            "sentence": f"no pick: {primary} is undefined throughout",
        }
    pick, value = (max if higher else min)(known, key=lambda pair: pair[1])
    shorthand = re.fullmatch(r"pass@(\d+)", primary)
    chances = None
    if shorthand:
        counts = {one.name: one.pre.all for one in measured}
        chances = validity.probability_best(counts, int(shorthand[1]), seed=seed, resamples=resamples)
    after = {one.name: outcome(one.post) for one in measured if one.post}
    best = max(after, key=lambda name: after[name]) if after else None
    found = {
        "pick": pick.name,
        "by": primary,
        "value": value,
        "probability_best": chances[pick.name] if chances else None,
        "probabilities": chances,
        "outcome_of_pick": after.get(pick.name),
        "best": best,
        "regret": after[best] - after[pick.name] if best else None,
    }
    return {**found, "sentence": _sentence(found, higher)}


def _sentence(found: Mapping[str, Any], higher: bool) -> str:
    extreme = "highest" if higher else "lowest"
    said = f"take {found['pick']!r} to RL: {extreme} {found['by']}"
    if found["probability_best"] is not None:
        said += f" ({extreme} with probability {found['probability_best']:.2f} over problems)"
    if found["best"] == found["pick"]:
        said += "; after RL it is the best of all"
    elif found["best"]:
        said += f"; after RL {found['best']!r} is best, {found['regret'] * 100:.1f} points above it"
    return said
