"""Command lines of training steps whose trainer starts a program; they follow from keys and the store's layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import params as settings
from harness.job import checkpoint_folder
from harness.offers import Curation, Grader, Trainer
from harness.store import read_json
from harness.training import TrainJob

if TYPE_CHECKING:
    from harness.plan.graph import Plan
    from harness.plugins import Plugins
    from harness.step import Step
    from harness.store import Store

Command = tuple[str, ...]


def commands(step: Step, plan: Plan, plugins: Plugins, store: Store) -> tuple[Command, ...]:
    """Return what a step starts, in order, each program as its argument list; empty where it starts none.

    Nothing has to be in the store. The number of SFT epochs, which is the curations' to say, is read from what they made
    where that stands, and else from what they declare (Curation.epochs).
    """
    if step.kind != "train":
        return ()
    part = step.parts[0]
    offer = plugins.find(Trainer, part.name)
    if offer.command is None:
        return ()
    work = store.work(step.key)
    job = TrainJob(
        start=_start(step, plan, store),
        examples=(),
        epochs=_epochs(plan.by_ref[step.inputs["data"]], plugins, store),
        seed=step.seed,
        out=work / "out",
        work=work / "scratch",
        save_at=tuple(step.settings.get("save_at", ())),
        reward=plugins.find(Grader, step.parts[1].name) if len(step.parts) > 1 else None,
        progress=_ignore,
    )
    return offer.command(job, settings.build(offer.params, part.settings))


def _start(step: Step, plan: Plan, store: Store) -> Path:
    """Return where the start checkpoint lies, or will if nothing says otherwise when its step has run."""
    ref = step.inputs["start"]
    if ref.kind == "train" or store.has(ref):
        return checkpoint_folder(store, ref, step.settings["checkpoint"])
    part = plan.by_ref[ref].parts[0]
    return Path(str(part.settings["path"])) if part.kind == "checkpoint" else store.artifact(ref) / "checkpoint"


def _epochs(data: Step, plugins: Plugins, store: Store) -> int:
    if data.kind != "curate":
        return 1
    if store.has(data.ref):
        return int(read_json(store.artifact(data.ref) / "curated.json")["epochs"])
    epochs = 1
    for part in data.parts:
        offer = plugins.find(Curation, part.name)
        epochs = offer.epochs(settings.build(offer.params, part.settings)) or epochs
    return epochs


def _ignore(_progress: Any) -> None:
    """Tell no one."""
