"""Make the miniature's base again: `python -m harness_plugins.miniature.pretrain --out DIR`.

Three stages, a fixed number of steps each, everything seeded: on one machine the same files come out again. Stage 1
teaches the formats from traces with slips. Stage 2 goes on with misconceptions, so that problems differ in how hard they
are and correct SFT data has something to teach. Stage 3 adds longer problems: without it, skill falls off a cliff right
past stage 2's sizes, and a benchmark is either mastered or out of reach. About 15 minutes on one idle CPU core; README.md
beside this file has what came out.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness_plugins.miniature.architecture import build_blank, save_checkpoint
from harness_plugins.miniature.arithmetic import FaultyArithmetic, Misconceptions, draw_misconceptions
from harness_plugins.miniature.forward import next_token_logits, rotary_tables
from harness_plugins.miniature.splits import PRETRAINING, draw_from
from harness_plugins.miniature.styles import STYLES, write_trace
from harness_plugins.miniature.vocabulary import BOS_ID, EOS_ID, PAD_ID, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from harness_plugins.miniature.families import Family

BATCH = 64
WINDOW = 16
"""Batches drawn together and sorted by length, so that little is padded."""
WARMUP_STEPS = 50
MISCONCEPTION_SEED = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of pretraining."""

    seed: int
    steps: int
    learning_rate: float
    """Peak; a cosine takes it to 2 %."""
    sizes: Mapping[Family, tuple[int, int]]
    style_weights: tuple[float, float, float, float]
    """In the order of STYLES."""
    slip: float
    """Probability that a step is wrong at random."""
    misconceived: float = 0.0
    """Share of facts believed wrongly."""
    belief: float = 0.9
    misconceptions: Misconceptions = field(init=False)

    def __post_init__(self) -> None:
        """Draw the wrong facts."""
        drawn = draw_misconceptions(random.Random(MISCONCEPTION_SEED), self.misconceived)
        object.__setattr__(self, "misconceptions", drawn)


STAGES = (
    Stage(
        seed=123,
        steps=6_500,
        learning_rate=5e-3,
        sizes={"chain": (2, 10), "dag": (3, 7), "add": (2, 4), "countdown": (3, 3)},
        style_weights=(0.30, 0.25, 0.35, 0.10),
        slip=0.10,
    ),
    Stage(
        seed=124,
        steps=2_800,
        learning_rate=3e-3,
        sizes={"chain": (2, 12), "dag": (3, 8), "add": (2, 5)},
        style_weights=(0.25, 0.25, 0.40, 0.10),
        slip=0.05,
        misconceived=0.35,
    ),
    Stage(
        seed=125,
        steps=1_600,
        learning_rate=2e-3,
        sizes={"chain": (2, 15), "dag": (3, 10), "add": (2, 6)},
        style_weights=(0.25, 0.25, 0.40, 0.10),
        slip=0.05,
        misconceived=0.35,
    ),
)


def pretrain(out: Path, stages: tuple[Stage, ...] = STAGES) -> None:
    """Train a blank tiny model through the stages; `out` holds the model as the last finished stage left it."""
    import torch

    torch.set_num_threads(1)
    model = build_blank("tiny", seed=0)
    for number, stage in enumerate(stages, start=1):
        _train(model, stage, f"stage {number}")
        save_checkpoint(model, out)


def _train(model: Any, stage: Stage, name: str) -> None:
    import torch

    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=stage.learning_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    tables = rotary_tables(model.config)
    started, num_tokens, losses = time.monotonic(), 0, []
    for step, rows in zip(range(stage.steps), _batches(stage), strict=False):
        for group in optimizer.param_groups:
            group["lr"] = stage.learning_rate * _schedule(step, stage.steps)
        loss = _response_loss(model, rows, tables)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        num_tokens += sum(len(prompt) + len(response) for prompt, response in rows)
        losses.append(loss.item())
        if (step + 1) % 200 == 0 or step + 1 == stage.steps:
            recent = sum(losses[-200:]) / len(losses[-200:])
            sys.stderr.write(
                f"{name}: step {step + 1}/{stage.steps}, {num_tokens / 1e6:.2f} M tokens, loss {recent:.4f}, "
                f"{time.monotonic() - started:.0f} s\n"
            )


def _schedule(step: int, num_steps: int) -> float:
    cosine = 0.5 * (1 + math.cos(math.pi * step / num_steps))
    return min(1.0, (step + 1) / WARMUP_STEPS) * (0.02 + 0.98 * cosine)


Row = tuple[list[int], list[int]]


def _batches(stage: Stage) -> Iterator[list[Row]]:
    rng = random.Random(stage.seed)
    rows = _rows(stage, rng)
    while True:
        window = sorted((next(rows) for _ in range(BATCH * WINDOW)), key=lambda row: len(row[0]) + len(row[1]))
        batches = [window[start : start + BATCH] for start in range(0, len(window), BATCH)]
        rng.shuffle(batches)
        yield from batches


def _rows(stage: Stage, rng: random.Random) -> Iterator[Row]:
    arithmetic = FaultyArithmetic(rng, slip=stage.slip, misconceptions=stage.misconceptions, belief=stage.belief)
    for drawn in draw_from(rng, PRETRAINING, stage.sizes):
        (style,) = rng.choices(STYLES, stage.style_weights)
        response = write_trace(drawn.question.solve(arithmetic), style)
        yield [BOS_ID, *encode(drawn.question.prompt)], [*encode(response), EOS_ID]


def _response_loss(model: Any, rows: list[Row], tables: tuple[Tensor, Tensor]) -> Tensor:
    import torch
    import torch.nn.functional as F  # noqa: N812 - its customary name

    longest = max(len(prompt) + len(response) for prompt, response in rows)
    padded = [prompt + response + [PAD_ID] * (longest - len(prompt) - len(response)) for prompt, response in rows]
    ids = torch.tensor(padded)
    starts = torch.tensor([len(prompt) for prompt, _ in rows])[:, None]
    ends = torch.tensor([len(prompt) + len(response) for prompt, response in rows])[:, None]
    positions = torch.arange(1, longest)[None]
    targets = ids[:, 1:].masked_fill((positions < starts) | (positions >= ends), -100)
    logits = next_token_logits(model, ids[:, :-1], tables)
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def main() -> None:
    """Read the command line and pretrain."""
    parser = argparse.ArgumentParser(description="Make the miniature's base model again.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; made if missing")
    pretrain(parser.parse_args().out)


if __name__ == "__main__":
    main()
