"""A recipe after loading: every name resolved to an offer, every setting checked, every default filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.contamination import Rule
    from harness.offers import Benchmark, Grader, Offer
    from harness.recipe.cost import CostFacts
    from harness.values import Sampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A component with its settings."""

    offer: Offer
    params: Any
    """Instance of offer.params; LocalPath fields absolute."""
    settings: Mapping[str, Any]
    """The same as JSON, defaults filled in; LocalPath fields as absolute strings."""
    paths: tuple[str, ...] = ()
    """Top-level fields of `settings` that are LocalPaths: keys take their content's digest."""
    chains: Mapping[str, tuple[Use, ...]] | None = None
    """Nested chains by top-level field (CurationChain fields found at any depth below it, flattened in order)."""
    label: str = ""
    """For proxies: the name in tables, "pass@16" for {"use": "pass@k", "k": 16}; else the offer's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One line of the study: a strategy to train, a checkpoint to take as it is, or the base."""

    name: str
    curate: tuple[Use, ...] = ()
    sft: Use | None = None
    """The trainer with this candidate's settings merged over the recipe's; None: no SFT."""
    checkpoint: Path | None = None
    """An existing Hugging Face folder, instead of training."""
    model: Use | None = None
    """An existing checkpoint by a model component (`hf` with a revision), instead of a folder."""
    start_from: str | None = None
    """Another candidate whose SFT checkpoint this one's SFT starts from (staged SFT); None: the base."""
    family: str | None = None
    """Candidates that share a family are not independent; None: one family for the study's base."""
    details: Mapping[str, Any] | None = None
    """Grid coordinates or free notes, shown in reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkUse:
    """A benchmark with its sampling; `samples` is for the measurement before RL."""

    use: Use
    name: str
    """Unique in the recipe: the offer's name, or the recipe's `name`."""
    samples: int
    sampling: Sampling
    grader: str
    """Who judges its completions: the offer's grader, or the recipe's `grader`."""

    @property
    def offer(self) -> Benchmark:
        """The benchmark's offer, typed."""
        from harness.offers import Benchmark

        if not isinstance(self.use.offer, Benchmark):
            raise TypeError(self.use.offer)
        return self.use.offer


@dataclass(frozen=True, slots=True, kw_only=True)
class RlStage:
    """The RL every candidate goes through."""

    use: Use
    reward: Grader
    """From the recipe's `reward`, else the rl data source's grader."""
    evaluate_at: tuple[int, ...] = ()
    """RL steps at which the outcome is measured besides the end; ascending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What RL is for: mean over benchmarks of pass@k after RL."""

    k: int = 1
    samples: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The rule of equal budgets: every trained candidate must come within `tolerance` of `tokens` SFT tokens."""

    tokens: int
    """SFT tokens (prompt and response, repeats counted), under the base's tokenizer."""
    tolerance: float = 0.05
    """Share of `tokens` a candidate may be off."""
    enforce: Literal["cut", "refuse"] = "cut"
    """`cut`: drop examples from the end of a set that is over; `refuse`: fail the candidate. Too few is always refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A whole study."""

    name: str
    path: Path | None
    """The file it came from; None for a recipe given as a mapping."""
    digest: str
    """SHA-256 of the canonical JSON of the raw recipe, without what says where it runs, what it costs and why."""
    raw: Mapping[str, Any]
    seeds: tuple[int, ...]
    """From `seeds`, or (seed,). A seed moves the choice of data, SFT and RL; problems stay."""
    base: Use
    data: Mapping[str, Use]
    """"sft", "heldout", "rl" and any further pools."""
    candidates: tuple[Candidate, ...]
    rl: RlStage | None
    engine: Use
    benchmarks: tuple[BenchmarkUse, ...]
    proxies: tuple[Use, ...]
    primary_proxy: str
    """Label of the proxy named beforehand."""
    baseline_proxy: str
    """Label of the proxy to beat."""
    outcome: Outcome
    execution: Use
    budget: Budget | None = None
    contamination: Rule | None = None
    """Look for benchmark problems among the training problems; None: do not."""
    cost: CostFacts | None = None
    """What `harness plan` estimates cost by; None: it does not."""
    warnings: tuple[str, ...] = ()


def trained_on(data: Mapping[str, Use]) -> tuple[str, ...]:
    """Name the data sources whose problems may be trained on: all but the held-out traces."""
    return tuple(name for name in data if name != "heldout")
