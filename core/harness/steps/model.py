"""model: find or make a base checkpoint; the artifact says where it lies, or holds it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.store import write_json

if TYPE_CHECKING:
    from harness.job import Job


def run(job: Job) -> None:
    """Write checkpoint.json: {"path": folder, or null where the artifact's own checkpoint/ is meant}."""
    part = job.step.parts[0]
    if part.kind == "checkpoint":
        folder = Path(str(part.settings["path"]))
    else:
        load, params = job.component(part)
        folder = load(params, job.context(seed=job.step.seed))
    check_folder(folder)
    inside = folder.is_relative_to(job.scratch)
    if inside:
        folder.rename(job.out / "checkpoint")
    write_json(job.out / "checkpoint.json", {"path": None if inside else str(folder)})


def check_folder(folder: Path) -> None:
    """Check that a folder holds a checkpoint in Hugging Face form, or names a model that a server has (`served.json`).

    Raises:
        UserError: it has no config.json, or no safetensors.
    """
    if (folder / "served.json").is_file():
        return
    if not (folder / "config.json").is_file():
        raise UserError(f"checkpoint {str(folder)!r}: has no config.json; give a Hugging Face folder")
    if not any(folder.glob("*.safetensors")):
        raise UserError(f"checkpoint {str(folder)!r}: has no *.safetensors; save the weights as safetensors")
