"""What the last step must know besides its inputs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.recipe import Recipe


def layout_of(recipe: Recipe) -> dict[str, Any]:
    """Say what the analysis must know besides its inputs."""
    return {
        "study": recipe.name,
        "recipe_digest": recipe.digest,
        "seeds": list(recipe.seeds),
        "candidates": [
            {
                "name": c.name,
                "family": c.family or "base",
                "details": dict(c.details or {}),
                "curation": [{"use": use.offer.name, **use.settings} for use in c.curate],
                "kind": "checkpoint" if c.checkpoint or c.model else "sft" if c.sft else "base",
            }
            for c in recipe.candidates
        ],
        "benchmarks": [{"name": b.name, "samples": b.samples} for b in recipe.benchmarks],
        "proxies": [
            {
                "name": p.label,
                "higher_is_better": p.offer.higher_is_better,  # type: ignore[attr-defined]
                "trivial": p.offer.trivial,  # type: ignore[attr-defined]
                **({"reads_rl": steps} if (steps := p.offer.min_rl_steps(p.params)) else {}),  # type: ignore[attr-defined]
            }
            for p in recipe.proxies
        ],
        "primary_proxy": recipe.primary_proxy,
        "baseline_proxy": recipe.baseline_proxy,
        "outcome": asdict(recipe.outcome),
        "evaluate_at": list(recipe.rl.evaluate_at) if recipe.rl else [],
        "has_rl": recipe.rl is not None,
        "warnings": list(recipe.warnings),
    }
