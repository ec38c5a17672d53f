"""All hooks, in call order. Offer hooks yield frozen records; event hooks take one frozen event and return nothing."""

# Annotations are read by documentation and tests only, so that offering stays cheap.
from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness import events, offers

hookspec = pluggy.HookspecMarker("harness")
hookimpl = pluggy.HookimplMarker("harness")


@hookspec
def harness_data_sources() -> Iterable[offers.DataSource]:
    """Offer sources of training, held-out and RL examples."""
    return ()


@hookspec
def harness_models() -> Iterable[offers.Model]:
    """Offer base models."""
    return ()


@hookspec
def harness_curations() -> Iterable[offers.Curation]:
    """Offer steps of data strategies."""
    return ()


@hookspec
def harness_trainers() -> Iterable[offers.Trainer]:
    """Offer SFT and RL trainers."""
    return ()


@hookspec
def harness_engines() -> Iterable[offers.Engine]:
    """Offer engines that sample and score."""
    return ()


@hookspec
def harness_benchmarks() -> Iterable[offers.Benchmark]:
    """Offer benchmarks."""
    return ()


@hookspec
def harness_graders() -> Iterable[offers.Grader]:
    """Offer graders."""
    return ()


@hookspec
def harness_proxies() -> Iterable[offers.Proxy]:
    """Offer proxies for the post-RL outcome."""
    return ()


@hookspec
def harness_executors() -> Iterable[offers.Executor]:
    """Offer executors."""
    return ()


@hookspec
def harness_commands() -> Iterable[offers.Command]:
    """Offer sub-commands of `harness`."""
    return ()


@hookspec
def harness_panels() -> Iterable[offers.Panel]:
    """Offer sections of the report."""
    return ()


@hookspec
def harness_study_started(event: events.StudyStarted) -> None:
    """Learn that work begins."""


@hookspec
def harness_step_started(event: events.StepStarted) -> None:
    """Learn that a worker began a step."""


@hookspec
def harness_step_progressed(event: events.StepProgressed) -> None:
    """Learn how far a running step is."""


@hookspec
def harness_step_finished(event: events.StepFinished) -> None:
    """Learn that a step's artifact stands."""


@hookspec
def harness_step_failed(event: events.StepFailed) -> None:
    """Learn that a step failed."""


@hookspec
def harness_study_finished(event: events.StudyFinished) -> None:
    """Learn that the study ended."""
