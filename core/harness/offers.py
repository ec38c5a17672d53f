"""The frozen records plug-ins yield: what a component is called, what it takes, and how to get its one function.

Yielding an offer is cheap and imports nothing heavy; `load()` may import what it likes and returns the component, which is
one function (the Protocols below). `params` is a frozen dataclass; its field annotations (with annotated-types bounds) and
attribute docstrings become the recipe's JSON Schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from harness.values import Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from harness.values import (
        Context,
        Curated,
        Evidence,
        Example,
        Grade,
        Problem,
        ProxyValue,
        Sample,
        SampleRequest,
        TokenScores,
        Trace,
        TrainJob,
    )


@dataclass(frozen=True, slots=True)
class Marker:
    """Tells the host what a Params field means beyond its type; used through the aliases below."""

    meaning: Literal["path", "chain"]

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Carry the meaning into the JSON Schema, where the recipe's loader reads it."""
        schema: dict[str, Any] = handler(core)
        return {**schema, "x-harness": self.meaning}


LocalPath = Annotated[Path, Marker("path")]
"""A file or folder. In a recipe, relative paths start at the recipe's folder and may not leave it; absolute ones may be
anywhere. The loader checks that it exists, components get it absolute, and keys hold its content's digest, not its name."""

CurationChain = Annotated[tuple[Mapping[str, Any], ...], Marker("chain")]
"""A nested list of `{"use": curation, ...}`, checked like a candidate's own; run it with `context.curate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoParams:
    """For components without settings."""


class LoadExamples(Protocol):
    """A data source: yield examples in a fixed order."""

    def __call__(self, params: Any, context: Context) -> Iterable[Example]: ...


class LoadModel(Protocol):
    """A model source: return a Hugging Face checkpoint folder; it may be made or fetched under `context.work`."""

    def __call__(self, params: Any, context: Context) -> Path: ...


class Curate(Protocol):
    """A curation: turn one training set into another; pure, seeded by `context.seed`."""

    def __call__(self, data: Curated, params: Any, context: Context) -> Curated: ...


class Train(Protocol):
    """A trainer: see TrainJob."""

    def __call__(self, job: TrainJob, params: Any) -> None: ...


class EngineSession(Protocol):
    """An open engine: one checkpoint, ready to sample and score."""

    def sample(self, requests: Sequence[SampleRequest]) -> Iterator[Sample]:
        """Yield every sample of every request, in any order."""

    def score(self, traces: Sequence[Trace]) -> Iterator[TokenScores]:
        """Yield one TokenScores a trace, in any order."""


class OpenEngine(Protocol):
    """An engine: open a checkpoint folder as a context manager."""

    def __call__(self, checkpoint: Path, params: Any) -> AbstractContextManager[EngineSession]: ...


class LoadProblems(Protocol):
    """A benchmark: return its problems in a fixed order."""

    def __call__(self, params: Any, context: Context) -> list[Problem]: ...


class GradeCompletion(Protocol):
    """A grader: judge one completion. Pure; must return for every string a model may print."""

    def __call__(self, problem: Problem, completion: str) -> Grade: ...


class ComputeProxy(Protocol):
    """A proxy: read one candidate's evidence."""

    def __call__(self, evidence: Evidence, params: Any) -> ProxyValue: ...


class OpenExecutor(Protocol):
    """An executor: open a pool that runs steps (see harness.execute.Pool) as a context manager."""

    def __call__(self, params: Any) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What all kinds of component have in common."""

    kind: ClassVar[str] = ""
    name: str
    """kebab-case, unique within its kind; what a recipe's `use` says."""
    version: str
    """Rises when the component's output can change; part of every key."""
    summary: str
    """One line, lowercase, no full stop."""
    params: type = NoParams
    """Frozen dataclass of settings."""
    load: Callable[[], Callable[..., Any]]
    """Return the component; heavy imports happen here or later, never earlier."""
    requires: tuple[str, ...] = ()
    """Import names of the packages it needs; checked before a study starts."""


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
    selects: bool = True
    """Whether it can change the distribution, as a filter does and a random subset does not. What selects is applied to the
    held-out traces too, with `context.scale` set, which gives the candidate's own held-out set."""
    needs_pools: bool = False
    """Ask the host for all of the recipe's data sources by name (Context.pools)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer(Offer):
    """Trains; `load()` returns a Train."""

    kind: ClassVar[str] = "trainer"
    method: Literal["sft", "rl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine(Offer):
    """Samples and scores; `load()` returns an OpenEngine."""

    kind: ClassVar[str] = "engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark(Offer):
    """Problems with a grader; `load()` returns a LoadProblems."""

    kind: ClassVar[str] = "benchmark"
    grader: str
    sampling: Sampling = Sampling()
    """Defaults; a recipe may set each field."""
    samples: int = 64
    """Default samples a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader(Offer):
    """Judges completions; `load()` returns a GradeCompletion."""

    kind: ClassVar[str] = "grader"


Need = Literal["counts", "samples", "own-loss", "fixed-loss", "training", "rl-metrics", "base", "peers"]


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
