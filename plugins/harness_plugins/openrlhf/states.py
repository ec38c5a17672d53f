"""OpenRLHF's checkpoints: where a stopped run may be taken up, and the Hugging Face folders of steps."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HF = re.compile(r"global_step(\d+)_hf")
_STATE = re.compile(r"global_step(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """The checkpoints of one run.

    DeepSpeed keeps states in folders and the name of the one to take up in `latest`, written last. A step's Hugging Face
    folder is written after its state and not atomically, and a resumed run does not write it again; so it counts only when
    it has been moved to its place, which is done once a later step was logged or the program has ended.
    """

    folder: Path
    """`--ckpt.path`; Hugging Face folders of steps lie here."""
    states: Path
    """Where DeepSpeed keeps its own: the same, or `_actor` below it for RL."""
    places: Path
    """Where folders of steps go, as step-<n>."""
    wanted: Sequence[int]
    """Steps whose folders are wanted."""

    def rewind(self) -> int:
        """Let the next run take up the last state before which no wanted folder is missing; return its step, 0 for none."""
        wanted = [n for n in self.wanted if not self.place(n).is_dir()]
        usable = [n for n in self._saved() if all(n < missing for missing in wanted)]
        latest = self.states / "latest"
        if not usable:
            shutil.rmtree(self.folder, ignore_errors=True)
            return 0
        draft = latest.with_suffix(".draft")
        draft.write_text(f"global_step{usable[-1]}", encoding="utf-8")
        draft.replace(latest)
        for path in self.folder.glob("global_step*_hf"):
            shutil.rmtree(path)
        return usable[-1]

    def collect(self, before: int) -> None:
        """Move the folders of wanted steps below `before` to their places, and remove those of others."""
        for path in sorted(self.folder.glob("global_step*_hf")):
            found = _HF.fullmatch(path.name)
            if found is None or (step := int(found[1])) >= before:
                continue
            if step in self.wanted and not self.place(step).is_dir():
                path.rename(self.place(step))
            else:
                shutil.rmtree(path)

    def place(self, step: int) -> Path:
        """Return where a step's folder belongs."""
        return self.places / f"step-{step}"

    def _saved(self) -> list[int]:
        """Return the steps of whole states, ascending: those up to the one that `latest` names."""
        latest = self.states / "latest"
        named = _STATE.fullmatch(latest.read_text(encoding="utf-8").strip()) if latest.is_file() else None
        if named is None:
            return []
        steps = [int(found[1]) for path in self.states.iterdir() if path.is_dir() and (found := _STATE.fullmatch(path.name))]
        return sorted(step for step in steps if step <= int(named[1]))
