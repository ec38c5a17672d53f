"""A small plug-in with a component of every kind and a Params field of every type, for the recipe's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen

from harness import (
    Benchmark,
    Curation,
    CurationChain,
    DataSource,
    Engine,
    Executor,
    Grader,
    LocalPath,
    Model,
    NoParams,
    Proxy,
    Sampling,
    Trainer,
    hookimpl,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderParams:
    """Settings of folder-model."""

    path: LocalPath
    """The checkpoint folder."""
    revision: str | None = None
    """Any word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesParams:
    """Settings of lines."""

    path: LocalPath | None = None
    """The file; null for none."""
    fields: Mapping[str, str] | None = None
    """From our names to the file's."""
    parts: tuple[Annotated[int, Ge(1)], ...] = ()
    """Which parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetParams:
    """Settings of subset."""

    examples: Annotated[int, Ge(1), Le(1_000_000)]
    """How many to keep."""
    with_replacement: bool = False
    """Whether one may be drawn twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochsParams:
    """Settings of epochs."""

    epochs: Annotated[int, Ge(1)] = 1
    """Times over the set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthParams:
    """Settings of length-filter."""

    keep: Literal["shortest", "longest"] = "shortest"
    """Which end."""
    share: Annotated[float, Gt(0), Le(1)] | None = None
    """Share of the set; null: all."""

    def __post_init__(self) -> None:
        if self.keep == "longest" and self.share is None:
            raise ValueError("'longest' needs a 'share'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part."""

    share: Annotated[float, Gt(0)]
    """Its weight."""
    curate: CurationChain = ()
    """What it goes through first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureParams:
    """Settings of mixture."""

    parts: Annotated[tuple[Part, ...], MinLen(1)]
    """What is mixed."""
    otherwise: CurationChain | None = None
    """What the rest goes through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftParams:
    """Settings of plain-sft."""

    learning_rate: Annotated[float, Gt(0), Le(1)] = 1e-3
    """Peak rate."""
    batch: Annotated[int, Ge(1)] = 32
    """Examples a step."""
    schedule: Literal["cosine", "linear"] = "cosine"
    """Its course."""
    pack: bool = False
    """Whether examples share a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSftParams:
    """Settings of other-sft."""

    rank: Annotated[int, Ge(1)]
    """Rank of the adapter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RlParams:
    """Settings of plain-rl."""

    steps: Annotated[int, Ge(1)] = 40
    """RL steps."""
    clip: tuple[float, float] = (0.2, 0.2)
    """Low and high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassParams:
    """Settings of pass@k."""

    k: Annotated[int, Ge(1)]
    """Which k."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeParams:
    """Settings of micro-probe."""

    steps: Annotated[int, Ge(1)] = 40
    """RL steps it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerParams:
    """Settings of local-processes."""

    workers: Annotated[int, Ge(1)] | Literal["auto"] = "auto"
    """How many."""


def _none(*_arguments: Any) -> Any:
    raise AssertionError("loading a recipe runs no component")


def _load() -> Any:
    return _none


@hookimpl
def harness_data_sources() -> Iterator[DataSource]:
    yield DataSource(name="lines", version="1", summary="lines of a file", params=LinesParams, load=_load)
    yield DataSource(name="sums", version="1", summary="sums", load=_load, grader="exact")


@hookimpl
def harness_models() -> Iterator[Model]:
    yield Model(name="tiny", version="1", summary="a tiny model", load=_load)
    yield Model(name="folder-model", version="1", summary="a folder", params=FolderParams, load=_load)


@hookimpl
def harness_curations() -> Iterator[Curation]:
    for name, params in (
        ("subset", SubsetParams),
        ("epochs", EpochsParams),
        ("length-filter", LengthParams),
        ("mixture", MixtureParams),
    ):
        yield Curation(name=name, version="1", summary=f"the {name}", params=params, load=_load)


@hookimpl
def harness_trainers() -> Iterator[Trainer]:
    yield Trainer(name="plain-sft", version="1", summary="sft", params=SftParams, load=_load, method="sft")
    yield Trainer(name="other-sft", version="1", summary="sft", params=OtherSftParams, load=_load, method="sft")
    yield Trainer(name="plain-rl", version="1", summary="rl", params=RlParams, load=_load, method="rl")


@hookimpl
def harness_engines() -> Iterator[Engine]:
    yield Engine(name="local", version="1", summary="samples", load=_load)
    yield Engine(name="measuring", version="1", summary="measures drift too", load=_load, measures_drift=True)


@hookimpl
def harness_benchmarks() -> Iterator[Benchmark]:
    for name, samples in (("easy", 64), ("hard", 32)):
        yield Benchmark(
            name=name,
            version="1",
            summary=f"{name} sums",
            load=_load,
            grader="exact",
            samples=samples,
            sampling=Sampling(max_tokens=50),
        )


@hookimpl
def harness_graders() -> Iterator[Grader]:
    yield Grader(name="exact", version="1", summary="equal strings", load=_load)


@hookimpl
def harness_proxies() -> Iterator[Proxy]:
    def proxy(name: str, needs: str, **more: Any) -> Proxy:
        fields: dict[str, Any] = {"params": NoParams, "higher_is_better": True, **more}
        return Proxy(name=name, version="1", summary=name, load=_load, needs=lambda _p: frozenset({needs}), **fields)

    yield proxy("pass@k", "counts", params=PassParams, pattern=r"pass@(?P<k>\d+)", min_samples=lambda p: int(p.k))
    yield proxy("generalization-loss", "own-loss", higher_is_better=False)
    yield proxy("drift", "drift", higher_is_better=False)
    yield proxy("micro-probe", "rl-metrics", params=ProbeParams, min_rl_steps=lambda p: int(p.steps))
    yield proxy("random", "peers", trivial=True)


@hookimpl
def harness_executors() -> Iterator[Executor]:
    yield Executor(name="local-processes", version="1", summary="here", params=WorkerParams, load=_load)
