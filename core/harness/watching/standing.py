"""How far a study is: what stands in the store, and what the steps at work say of themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.job import read_progress
from harness.store import Ref, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from harness.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAtWork:
    """A step that has begun and has not ended."""

    title: str
    share: float
    """Part done, 0 to 1."""
    note: str
    attempt: int
    seconds: float
    """Over all attempts."""
    held: bool
    """Whether some process is at it now; else it waits for the study to be run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a study stands."""

    study: str
    folder: Path
    steps: int
    done: int
    at_work: tuple[StepAtWork, ...]
    result: Path | None

    @property
    def state(self) -> Literal["done", "running", "stopped"]:
        """In a word; a study between two steps looks stopped from outside."""
        if self.result:
            return "done"
        return "running" if any(step.held for step in self.at_work) else "stopped"

    @property
    def status(self) -> str:
        """The same, with what to do."""
        return "stopped; run the same recipe to go on" if self.state == "stopped" else self.state

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping."""
        return {
            "study": self.study,
            "folder": str(self.folder),
            "steps": self.steps,
            "done": self.done,
            "status": self.status,
            "at_work": [asdict(step) for step in self.at_work],
            "result": str(self.result) if self.result else None,
        }


def study_folders(store: Store) -> list[Path]:
    """Return the folders of a store's studies, in order of their names."""
    return [folder for folder in sorted((store.root / "studies").glob("*")) if (folder / "plan.json").is_file()]


def standing(store: Store, folder: Path) -> Standing:
    """Look where a study stands.

    Args:
        store: it stands in.
        folder: of the study.
    """
    plan = read_json(folder / "plan.json")
    done, at_work = 0, []
    for step in plan["steps"]:
        if store.has(Ref(step["kind"], step["key"])):
            done += 1
            continue
        row = read_progress(store.work(step["key"]))
        if row:
            at_work.append(
                StepAtWork(
                    title=step["title"],
                    share=row["done"] / row["total"] if row["total"] else 0.0,
                    note=row["note"],
                    attempt=row["attempt"],
                    seconds=row["spent"] + row["seconds"],
                    held=_is_held(store, step["key"]),
                )
            )
    result = folder / "result.json"
    return Standing(
        study=plan["study"],
        folder=folder,
        steps=len(plan["steps"]),
        done=done,
        at_work=tuple(at_work),
        result=result if result.is_file() else None,
    )


def _is_held(store: Store, key: str) -> bool:
    from filelock import Timeout

    try:
        with store.lock(key).acquire(timeout=0):
            return False
    except Timeout:
        return True
