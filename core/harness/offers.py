"""The frozen records plug-ins yield: what a component is called, what it takes, and how to get its one function.

Yielding an offer is cheap and imports nothing heavy; `load()` may import what it likes and returns the component, which is
one function (the Protocols below). `params` is a frozen dataclass; its field annotations (with annotated-types bounds) and
attribute docstrings become the recipe's JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from harness.contract import Grader, NoParams, Offer
from harness.values import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from harness.training import TrainJob, Workload
    from harness.values import (
        Context,
        Curated,
        Drift,
        Evidence,
        Example,
        Problem,
        ProxyValue,
        Sample,
        SampleRequest,
        TokenScores,
        Trace,
    )


class LoadExamples(Protocol):
    """A data source: yield examples in a fixed order."""

    def __call__(self, params: Any, context: Context) -> Iterable[Example]: ...


class LoadModel(Protocol):
    """A model source: return a Hugging Face checkpoint folder; it may be made or fetched under `context.work`."""

    def __call__(self, params: Any, context: Context) -> Path: ...


class Curate(Protocol):
    """A curation: turn one training set into another; pure, seeded by `context.seed`."""

    def __call__(self, data: Curated, params: Any, context: Context) -> Curated: ...


class CountExamples(Protocol):
    """Say how many examples a curation leaves at most; None where it cannot be known."""

    def __call__(
        self, params: Any, incoming: int | None, chain: Callable[[Sequence[Mapping[str, Any]], int | None], int | None], /
    ) -> int | None:
        """Return the number, from the settings, the number that comes in, and the same question for a nested chain."""


class Train(Protocol):
    """A trainer: see TrainJob."""

    def __call__(self, job: TrainJob, params: Any) -> None: ...


class EngineSession(Protocol):
    """An open engine: one checkpoint, ready to sample and score."""

    def sample(self, requests: Sequence[SampleRequest]) -> Iterator[Sample]:
        """Yield every sample of every request, in any order."""

    def score(self, traces: Sequence[Trace]) -> Iterator[TokenScores]:
        """Yield one TokenScores a trace, in any order."""


class DriftSession(EngineSession, Protocol):
    """A session of an engine that declares `measures_drift`."""

    def drift(self, base: Path, traces: Sequence[Trace]) -> Drift:
        """Measure how far the open checkpoint is from the one in the folder `base`.

        The divergence is exact: over the whole vocabulary at every response token of every trace, not estimated from
        samples. What cannot be compared (another vocabulary, other shapes) is undefined with a reason and no error.
        """


class OpenEngine(Protocol):
    """An engine: open a checkpoint folder as a context manager."""

    def __call__(self, checkpoint: Path, params: Any) -> AbstractContextManager[EngineSession]: ...


class LoadProblems(Protocol):
    """A benchmark: return its problems in a fixed order."""

    def __call__(self, params: Any, context: Context) -> list[Problem]: ...


class ComputeProxy(Protocol):
    """A proxy: read one candidate's evidence."""

    def __call__(self, evidence: Evidence, params: Any) -> ProxyValue: ...


class OpenExecutor(Protocol):
    """An executor: open a pool that runs steps (see harness.execute.Pool) as a context manager."""

    def __call__(self, params: Any) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource(Offer):
    """Yields examples; `load()` returns a LoadExamples."""

    kind: ClassVar[str] = "data source"
    grader: str | None = None
    """The grader that judges answers to its prompts, where they have answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Offer):
    """Yields a base checkpoint; `load()` returns a LoadModel."""

    kind: ClassVar[str] = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation(Offer):
    """One step of a data strategy; `load()` returns a Curate."""

    kind: ClassVar[str] = "curation"
    needs_pass_rates: bool = False
    """Ask the host to sample the base on the SFT prompts first (Context.pass_rates)."""
    epochs: Callable[[Any], int | None] = lambda _params: None
    """From params, the number of epochs it sets whatever the data, None where it sets none; `harness plan` goes by it."""
    selects: bool = True
    """Whether it can change the distribution, as a filter does and a random subset does not. What selects is applied to the
    held-out traces too, with `context.scale` set, which gives the candidate's own held-out set."""
    needs_pools: bool = False
    """Ask the host for all of the recipe's data sources by name (Context.pools)."""
    size: CountExamples = lambda _params, incoming, _chain: incoming
    """How many examples it leaves, at most; without it: as many as come in. `harness plan` goes by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer(Offer):
    """Trains; `load()` returns a Train."""

    kind: ClassVar[str] = "trainer"
    method: Literal["sft", "rl"]
    command: Callable[[TrainJob, Any], tuple[tuple[str, ...], ...]] | None = None
    """From a job and params, the programs it would start, in order, each as its argument list; None where it starts none.
    Pure: it reads no file, and neither `job.examples` nor `job.monitor`."""
    workload: Callable[[Any], Workload] | None = None
    """From params, the size of a run; without it, `harness plan` estimates no cost of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine(Offer):
    """Samples and scores; `load()` returns an OpenEngine."""

    kind: ClassVar[str] = "engine"
    measures_drift: bool = False
    """Whether its sessions are DriftSessions."""
    applies_chat_template: bool = False
    """Whether it honours `SampleRequest.chat`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark(Offer):
    """Problems with a grader; `load()` returns a LoadProblems."""

    kind: ClassVar[str] = "benchmark"
    grader: str
    sampling: Sampling = Sampling()
    """Defaults; a recipe may set each field."""
    samples: int = 64
    """Default samples a problem."""


Need = Literal["counts", "samples", "own-loss", "fixed-loss", "drift", "training", "run", "rl-metrics", "base", "peers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy(Offer):
    """A measurement before RL said to foretell the outcome; `load()` returns a ComputeProxy."""

    kind: ClassVar[str] = "proxy"
    higher_is_better: bool
    """Which way it is said to point."""
    needs: Callable[[Any], frozenset[Need]]
    """From params, the evidence it reads; the plan collects that and no more."""
    min_samples: Callable[[Any], int] = lambda _params: 1
    """From params, the samples a problem it needs (k for pass@k); k > n is refused at validation."""
    min_rl_steps: Callable[[Any], int] = lambda _params: 0
    """From params, the RL steps it reads; more than the recipe's RL has is refused at validation."""
    trivial: bool = False
    """A baseline that looks at nothing that matters; every board shows these rows."""
    pattern: str | None = None
    """A regular expression with named groups for shorthand names: `pass@(?P<k>\\d+)` lets a recipe say "pass@16"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor(Offer):
    """Runs steps somewhere; `load()` returns an OpenExecutor."""

    kind: ClassVar[str] = "executor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A sub-command: `load()` returns a click.Command."""

    name: str
    summary: str
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A section of the report: `load()` returns a function from result (a mapping) to HTML."""

    name: str
    title: str
    load: Callable[[], Callable[[Mapping[str, Any]], str]]


__all__ = [
    "Benchmark",
    "Command",
    "ComputeProxy",
    "Curate",
    "Curation",
    "DataSource",
    "DriftSession",
    "Engine",
    "EngineSession",
    "Executor",
    "Grader",
    "LoadExamples",
    "LoadModel",
    "LoadProblems",
    "Model",
    "Need",
    "NoParams",
    "Offer",
    "OpenEngine",
    "OpenExecutor",
    "Panel",
    "Proxy",
    "Train",
    "Trainer",
]
