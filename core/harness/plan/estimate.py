"""What a plan would cost on GPUs, by a model that is stated: a dry run's answer to "can we afford it?".

Floating-point operations, after Kaplan et al. 2020 (arXiv 2001.08361, section 2.1): 2 a weight and token for a forward
pass, three times as many with backward, and for attention 4 x layers x width x (tokens looked back on, on average) a token.
GPU seconds = operations / (peak of the card x utilisation). Recomputed activations are part of the utilisation. Not counted:
prompts of samples (shared by a problem's samples), grading, loading, and groups that dynamic filtering draws anew.

Disk: checkpoints at their bytes a weight; samples at 4 bytes a token before compression; and, while a run trains, 14 bytes a
weight for each kept state (weights in half precision, a float32 copy and two moments; arXiv 1910.02054, section 3.1,
without gradients).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from harness import params as settings
from harness.cards import PEAK_FLOPS
from harness.offers import Trainer
from harness.plan.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.plan.graph import Plan
    from harness.plugins import Plugins
    from harness.recipe.cost import CostFacts
    from harness.step import Step
    from harness.training import Workload

SAMPLE_BYTES = 4
"""Bytes of text a token: English has about four characters a token."""
STATE_BYTES = 14
PASSES = {"generate": 1, "score": 1, "train": 3}
"""Forward passes that each kind of work is worth."""
Work = Literal["generate", "score", "train"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one step, or several, would take."""

    steps: int = 0
    samples: int = 0
    """Completions drawn, in RL too."""
    tokens: float = 0.0
    """Tokens drawn, scored and trained on; a completion that RL draws and trains on counts once."""
    gpu_hours: float = 0.0
    checkpoint_bytes: float = 0.0
    sample_bytes: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        """Add field by field."""
        return Cost(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def times(self, number: int) -> Cost:
        """Return what a number of such steps take."""
        return Cost(**{f.name: getattr(self, f.name) * number for f in fields(self)})


NOTHING = Cost()


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """Costs of single steps."""

    sizes: Sizes
    plugins: Plugins
    facts: CostFacts
    gpu: str
    at_most: bool
    """Take every text as long as it may be, rather than as long as the recipe expects."""
    workloads: dict[int, Workload | None]
    """Those looked up already, by the identity of the settings, which the plan holds."""

    def of(self, step: Step) -> Cost:
        """Return a step's cost; nothing for kinds that need no GPU."""
        if step.kind == "train":
            work = self.workload(step)
            if work is None:
                self.sizes.unknown[f"the size of a run of {step.parts[0].name}, which its plug-in does not say"] = None
                return Cost(steps=1)
            return self._sft(step, work) if step.settings["method"] == "sft" else self._rl(step, work)
        return {"sample": self._sample, "score": self._score, "drift": self._score}.get(step.kind, _free)(step)

    def workload(self, step: Step) -> Workload | None:
        """Return what a training step's settings say of its size."""
        part = step.parts[0]
        if id(part.settings) not in self.workloads:
            offer = self.plugins.find(Trainer, part.name)
            found = offer.workload(settings.build(offer.params, part.settings)) if offer.workload else None
            self.workloads[id(part.settings)] = found
        return self.workloads[id(part.settings)]

    def _sft(self, step: Step, work: Workload) -> Cost:
        data = step.inputs["data"]
        length = self._length(self._trace(), work.max_tokens)
        tokens = self.sizes.examples(data) * self.sizes.epochs(data) * length
        return Cost(
            steps=1,
            tokens=tokens,
            gpu_hours=self._hours("train", tokens, length / 2),
            checkpoint_bytes=self._weights(step, work),
        )

    def _rl(self, step: Step, work: Workload) -> Cost:
        steps = work.steps
        if steps is None:
            steps = -(-self.sizes.examples(step.inputs["data"]) // work.prompts_per_step) * work.episodes
        samples = steps * work.prompts_per_step * work.rollouts
        prompt, drawn = self.facts.prompt_tokens, self._length(self.facts.completion_tokens, work.max_tokens)
        whole = prompt + drawn
        hours = self._hours("generate", samples * drawn, prompt + drawn / 2)
        hours += self._hours("score", work.scorings * samples * whole, whole / 2)
        hours += self._hours("train", work.passes * samples * whole, whole / 2)
        return Cost(
            steps=1,
            samples=samples,
            tokens=samples * whole,
            gpu_hours=hours,
            checkpoint_bytes=self._weights(step, work),
        )

    def _sample(self, step: Step) -> Cost:
        samples = self.sizes.examples(step.inputs["problems"]) * step.settings["samples"]
        drawn = self._length(self.facts.completion_tokens, step.settings["sampling"]["max_tokens"])
        return Cost(
            steps=1,
            samples=samples,
            tokens=samples * drawn,
            gpu_hours=self._hours("generate", samples * drawn, self.facts.prompt_tokens + drawn / 2),
            sample_bytes=samples * drawn * SAMPLE_BYTES,
        )

    def _score(self, step: Step) -> Cost:
        """Count traces once, and for the drift from the base a second forward pass; own sets count as large as the whole."""
        ref = step.inputs["traces"]
        source = self.sizes.plan.by_ref[ref]
        traces = self.sizes.examples(source.inputs["heldout"] if source.kind == "curate" else ref)
        trace = self._trace()
        if trace is None:
            self.sizes.unknown["cost.trace_tokens"] = None
            return Cost(steps=1)
        tokens = traces * trace
        passes = 2 if step.kind == "drift" else 1
        return Cost(steps=1, tokens=tokens, gpu_hours=self._hours("score", passes * tokens, trace / 2))

    def _trace(self) -> int | None:
        own = self.facts.trace_tokens
        return None if own is None else self.facts.prompt_tokens + own

    def _length(self, expected: int | None, limit: int) -> int:
        return limit if self.at_most or expected is None else min(expected, limit)

    def _weights(self, step: Step, work: Workload) -> float:
        return (1 + len(step.settings.get("save_at", ()))) * work.weight_bytes * self.facts.parameters

    def _hours(self, work: Work, tokens: float, context: float) -> float:
        """Return GPU hours of tokens that look back on `context` others on average."""
        facts = self.facts
        share: float = getattr(facts.utilisation, work)
        operations = PASSES[work] * tokens * (2 * facts.parameters + 4 * facts.layers * facts.width * context)
        return operations / (PEAK_FLOPS[self.gpu] * share) / 3600


def _free(_step: Step) -> Cost:
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A training run among others."""

    title: str
    gpus: int
    hours: float
    """Of wall time, if the card is used as stated."""
    state_bytes: float
    """On disk while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Costs of the steps of a plan that are still to do."""

    gpu: str
    facts: CostFacts
    expected: dict[str, Cost]
    """By kind of step, in the plan's order; training by its method."""
    at_most: dict[str, Cost]
    longest: Run | None
    unknown: tuple[str, ...]
    """What the recipe would have to state; without it, sums are too low."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        rows = [{"kind": kind, **_row(cost, self.at_most[kind])} for kind, cost in self.expected.items()]
        run = self.longest
        return {
            "gpu": self.gpu,
            "peak_flops": PEAK_FLOPS[self.gpu],
            "parameters": self.facts.parameters,
            "utilisation": {f.name: getattr(self.facts.utilisation, f.name) for f in fields(self.facts.utilisation)},
            "by_kind": rows,
            "total": _row(total(self.expected), total(self.at_most)),
            "longest_run": {f.name: getattr(run, f.name) for f in fields(run)} if run else None,
            "unknown": list(self.unknown),
        }


def total(costs: dict[str, Cost]) -> Cost:
    """Return the sum over kinds."""
    return sum(costs.values(), NOTHING)


def estimate(plan: Plan, facts: CostFacts, plugins: Plugins, steps: Iterable[Step], gpu: str | None = None) -> Estimate:
    """Estimate what some steps of a plan cost.

    Args:
        plan: the whole plan.
        facts: the recipe's `cost`.
        plugins: where the plan's components are found.
        steps: those to count.
        gpu: a key of PEAK_FLOPS; None: the recipe's.
    """
    card = gpu or facts.gpu
    sizes = Sizes(plan=plan, plugins=plugins, facts=facts)
    loads: dict[int, Workload | None] = {}
    both = [
        Estimator(sizes=sizes, plugins=plugins, facts=facts, gpu=card, at_most=most, workloads=loads)
        for most in (False, True)
    ]
    found: dict[tuple[str, Cost, Cost], int] = {}
    longest: Run | None = None
    for step in steps:
        expected, at_most = (estimator.of(step) for estimator in both)
        if expected.steps:
            kind = f"train {step.settings['method']}" if step.kind == "train" else step.kind
            found[kind, expected, at_most] = found.get((kind, expected, at_most), 0) + 1
            longest = _longer(longest, both[0], step, expected)
    sums: tuple[dict[str, Cost], dict[str, Cost]] = ({}, {})
    for (kind, *costs), number in found.items():
        for own, cost in zip(sums, costs, strict=True):
            own[kind] = own.get(kind, NOTHING) + cost.times(number)
    return Estimate(gpu=card, facts=facts, expected=sums[0], at_most=sums[1], longest=longest, unknown=tuple(sizes.unknown))


def _longer(longest: Run | None, estimator: Estimator, step: Step, cost: Cost) -> Run | None:
    work = estimator.workload(step) if step.kind == "train" else None
    if work is None or (longest is not None and longest.hours >= cost.gpu_hours / work.gpus):
        return longest
    state = STATE_BYTES * work.resume_states * estimator.facts.parameters
    return Run(title=step.title, gpus=work.gpus, hours=cost.gpu_hours / work.gpus, state_bytes=state)


def _row(expected: Cost, at_most: Cost) -> dict[str, Any]:
    return {
        "steps": expected.steps,
        "samples": expected.samples,
        "tokens": round(expected.tokens),
        "tokens_at_most": round(at_most.tokens),
        "gpu_hours": expected.gpu_hours,
        "gpu_hours_at_most": at_most.gpu_hours,
        "checkpoint_bytes": round(expected.checkpoint_bytes),
        "sample_bytes": round(expected.sample_bytes),
        "sample_bytes_at_most": round(at_most.sample_bytes),
    }
