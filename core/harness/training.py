"""A training job: what a trainer is handed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.contract import Grader
    from harness.values import Example, Problem, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a trainer's settings say of one run's size, for estimates."""

    max_tokens: int
    """SFT: the longest example, prompt and response together; RL: the longest completion."""
    gpus: int = 1
    prompts_per_step: int = 0
    """RL: prompts a step."""
    rollouts: int = 0
    """RL: completions of a prompt."""
    steps: int | None = None
    """RL steps; None: as many as `episodes` passes over the prompts make."""
    episodes: int = 1
    passes: int = 1
    """RL: passes of the optimizer over a step's completions."""
    scorings: int = 1
    """RL: forward passes over a completion besides: the policy's log-probabilities, and a reference model's."""
    weight_bytes: int = 2
    """Bytes a weight of the checkpoints it writes."""
    resume_states: int = 1
    """States for a resume, weights and optimizer, that it keeps while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """One training run: read `start`, write `out`, keep what a resume needs in `work`.

    A trainer writes a Hugging Face folder (weights as safetensors, tokenizer included) to `out / "final"`, one to
    `out / f"step-{n}"` for each n in `save_at`, and `out / "metrics.jsonl"`, one object a step. Killed at any moment and
    called again with the same job, it ends with the same files as if undisturbed.
    """

    start: Path
    examples: tuple[Example, ...]
    epochs: int = 1
    seed: int
    out: Path
    work: Path
    save_at: tuple[int, ...] = ()
    """Optimizer steps (SFT) or RL steps after which a checkpoint is kept."""
    reward: Grader | None = None
    """RL only: what pays 1 for a right completion and 0 otherwise."""
    monitor: tuple[Problem, ...] = ()
    """Problems for the independent accuracy curve, never trained on."""
    monitor_grader: Grader | None = None
    """Grades `monitor`; not the reward's grader where the recipe has two."""
    plugin_files: tuple[Path, ...] = ()
    """Local plug-in files of the study, for programs that must find its components again (see harness.grading)."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the trainer finds worth keeping of the run, as JSON; goes into the artifact's manifest."""
    progress: Callable[[Progress], None]
