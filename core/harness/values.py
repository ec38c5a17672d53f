"""The data that flows between components: plain frozen records, JSON-able, the same in every plug-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

Finish = Literal["stop", "length"]
Phase = Literal["pre", "post"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One training or held-out trace: a prompt, a worked response, and the answer if there is one."""

    id: str
    """Unique within its data set."""
    prompt: str
    response: str
    """The worked trace, without an end-of-sequence token; empty where only the prompt is used (RL)."""
    answer: str | None = None
    """Gold answer, for RL rewards and graders."""
    source: str = ""
    """Which part of the data it came from (a family, a file, a hub id); quantiles and mixtures go by it."""
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One benchmark or RL problem."""

    id: str
    """Unique within its benchmark and stable across versions of the data."""
    prompt: str
    answer: str
    """Gold answer, as its grader wants it."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """Free; `statement` holds the bare problem where the prompt adds to it (the contamination check goes by it)."""
    chat: bool = False
    """The prompt is a user's message: the engine puts it into the checkpoint's own chat template."""
    stop: tuple[str, ...] = ()
    """A completion ends before the first of these; the host cuts it there, so that no engine needs to know of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How completions are drawn."""

    max_tokens: int = 128
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRequest:
    """Ask for samples first_index .. first_index + num_samples - 1 of one prompt.

    A sample is a function of (weights, prompt, sampling, seed, problem_id, index) and of nothing else: neither of the
    batch it was drawn in, nor of order, nor of a restart.
    """

    problem_id: str
    prompt: str
    num_samples: int
    sampling: Sampling
    seed: int
    first_index: int = 0
    chat: bool = False
    """The prompt is a user's message, to be put into the checkpoint's chat template; asked only of engines that declare
    `applies_chat_template`."""
    stop: tuple[str, ...] = ()
    """An engine may end a completion once it holds one of these; the host cuts the text there in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One completion."""

    problem_id: str
    index: int
    text: str
    """Completion text without special tokens."""
    num_tokens: int
    """Completion tokens, the end-of-sequence token included."""
    finish: Finish
    """`stop`: the model ended it; `length`: it was cut at max_tokens."""
    logprob: float
    """Sum over its tokens of the log-probability (nats) under the sampling distribution at temperature 1; NaN where the
    engine cannot tell."""
    entropy: float
    """Mean over its tokens of the next-token entropy at temperature 1 (nats); NaN where the engine cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A held-out (prompt, response) whose response tokens are to be scored; the end-of-sequence token is scored too."""

    id: str
    prompt: str
    response: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScores:
    """What a model says of one trace: one entry a response token, end-of-sequence included, in order."""

    id: str
    logprobs: NDArray[np.float32]
    """log p(token), nats, shape (tokens,)."""
    entropies: NDArray[np.float32]
    """Next-token entropy where that token was due, nats, shape (tokens,); NaN where the engine cannot tell."""
    ranks: NDArray[np.int32] | NDArray[np.float32]
    """1 + how many tokens were more probable than the true one, shape (tokens,); NaN where the engine cannot tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """A verdict on one completion; `correct` means full marks, never partial credit."""

    correct: bool
    answer: str | None = None
    """The extracted answer, None where there is none; majority votes go by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """A strategy's training set on its way through the chain of curations."""

    examples: tuple[Example, ...]
    epochs: int = 1
    """How often SFT goes over the examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Correct counts per problem of one candidate on one benchmark: the raw material of every pass@k.

    Aligned arrays of shape (problems,).
    """

    benchmark: str
    problem_ids: tuple[str, ...]
    num_samples: NDArray[np.int64]
    num_correct: NDArray[np.int64]
    num_majority: NDArray[np.int64] | None = None
    """Samples that agree with the most frequent extracted answer."""
    majority_correct: NDArray[np.bool_] | None = None
    """Whether the most frequent extracted answer is right (ties: the answer seen first by sample index)."""
    num_distinct: NDArray[np.int64] | None = None
    """Distinct extracted answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTable:
    """Every graded sample of one candidate on one benchmark, without its text; aligned arrays of shape (samples,)."""

    benchmark: str
    problem_ids: NDArray[np.str_]
    index: NDArray[np.int64]
    correct: NDArray[np.bool_]
    num_tokens: NDArray[np.int64]
    truncated: NDArray[np.bool_]
    logprob: NDArray[np.float64]
    """Sum of token log-probabilities, nats."""
    entropy: NDArray[np.float64]
    """Mean token entropy, nats."""
    answer: NDArray[np.int64] | None = None
    """Which answer was extracted, as a number from 0 (equal numbers: equal answers); -1 where none was. The texts stay on
    disk: one of 1,000 characters would widen a text array of 200,000 samples to 800 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossTable:
    """Scores of held-out traces, one row a trace, in the order of the held-out set; shape (traces,)."""

    trace_ids: tuple[str, ...]
    num_tokens: NDArray[np.int64]
    nll: NDArray[np.float64]
    """Sum over response tokens of -log p, nats."""
    entropy: NDArray[np.float64]
    """Sum over response tokens of next-token entropy, nats."""
    rank: NDArray[np.float64]
    """Sum over response tokens of min(rank, 100)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a checkpoint is from its base, in what it predicts and in its weights; aligned arrays of shape (traces,)."""

    trace_ids: tuple[str, ...]
    """In the order of the held-out set; empty where there are no traces or the divergence is undefined."""
    num_tokens: NDArray[np.int64]
    """Response tokens, end-of-sequence included."""
    kl: NDArray[np.float64]
    """Sum over response tokens of KL(checkpoint || base) of the next token, whole vocabulary, temperature 1, nats."""
    kl_reason: str | None = None
    """Why the divergence is undefined: another vocabulary, say."""
    parameter_distance: float | None
    """L2 norm of (checkpoint's weights - base's), divided by that of the base's."""
    distance_reason: str | None = None
    """Why the distance is None: other shapes, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFacts:
    """What training cost and logged, for the trivial baselines and the short-RL proxies."""

    tokens: int
    """Training tokens seen, repeats counted."""
    final_loss: float | None
    """Training loss at the end, nats per token; None for the base."""
    position: int
    """Order of the candidate in the recipe, from 0; "last checkpoint" goes by it."""
    rl_metrics: tuple[Mapping[str, float], ...] = ()
    """The RL run's metrics.jsonl, one mapping a step: `reward` is of the completions drawn in that step, before its update;
    `monitor_accuracy`, where it was measured, is after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was measured of one candidate under one seed before RL; fields the proxy did not ask for are empty."""

    candidate: str
    seed: int
    counts: tuple[Counts, ...] = ()
    """One entry a benchmark, in the recipe's order."""
    samples: tuple[SampleTable, ...] = ()
    own_loss: LossTable | None = None
    """Held-out traces of the candidate's own SFT distribution."""
    fixed_loss: LossTable | None = None
    """Held-out traces common to all candidates."""
    drift: Drift | None = None
    """Distance from the base, on the held-out traces common to all candidates."""
    training: TrainingFacts | None = None
    run: str = ""
    """Name of the SFT run it is a checkpoint of: `run` in the candidate's details, else the candidate its chain of
    `start_from` begins with, which is itself where it starts from none."""
    base: Evidence | None = None
    """The same evidence of the base model, where the proxy needs it."""
    peers: tuple[Evidence, ...] = ()
    """The evidence of all candidates of the same seed, this one among them, where the proxy needs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyValue:
    """A proxy's reading of one candidate."""

    value: float | None
    """None means undefined, and `reason` says why; never NaN."""
    reason: str | None = None
    low: float | None = None
    """Lower end of the 95 % interval over problems or traces, where the proxy has one."""
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a component is; components call `context.progress(...)` or `job.progress(...)` as often as they like."""

    done: float
    total: float
    note: str = ""
    """A few words: "reward .31", "loss .42"."""
    tokens: int = 0
    """Tokens trained or sampled so far in this step, all attempts of it together where the component can tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the host lends to data sources, curations, models and benchmarks."""

    seed: int
    work: Path
    """A folder of this step's own that survives a kill."""
    count_tokens: Callable[[str], int]
    """Tokens of a text under the base's tokenizer, special tokens not counted."""
    progress: Callable[[Progress], None]
    pass_rates: Mapping[str, float] = field(default_factory=dict)
    """The base's own pass rate by example id; filled where the curation declares `needs_pass_rates`."""
    pools: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)
    """The recipe's data sources by name ("sft", …); filled where the curation declares `needs_pools`."""
    scale: float = 1.0
    """Multiply counts of examples by this: the same curation is asked of a smaller, held-out set."""
    curate: Callable[[Curated, Sequence[Mapping[str, Any]], int], Curated] | None = None
    """Run a nested chain (a Params field of type CurationChain) on a training set; the last argument is a salt that sets
    its seed apart. None outside curations."""
