"""What the host lends to the code of one step: its inputs, folders, components, and the ledger of its attempts."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import params as settings
from harness.errors import PluginError
from harness.plugins import OFFER_HOOKS
from harness.store import read_json
from harness.values import Context, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.offers import Offer
    from harness.plugins import Plugins
    from harness.step import Part, Step
    from harness.store import Ref, Store

KINDS = {kind.kind: kind for kind in OFFER_HOOKS}
_TELL_EVERY_S = 0.5


class Ledger:
    """Progress and cost of a step over all its attempts, in work/<key>/progress.json; anyone may read it while it runs."""

    def __init__(self, work: Path) -> None:
        self.path = work / "progress.json"
        before = read_progress(work)
        self.attempt = int(before.get("attempt", 0)) + 1
        self.spent = float(before.get("spent", 0.0)) + float(before.get("seconds", 0.0))
        self.tokens = 0
        self._start = time.monotonic()
        self._told = 0.0
        self.tell(Progress(done=0, total=1), now=True)

    @property
    def seconds(self) -> float:
        """Seconds of this attempt so far."""
        return time.monotonic() - self._start

    def tell(self, progress: Progress, *, now: bool = False) -> None:
        """Note how far the step is; written at most twice a second unless `now`."""
        self.tokens = max(self.tokens, progress.tokens)
        if not now and self.seconds - self._told < _TELL_EVERY_S:
            return
        self._told = self.seconds
        draft = self.path.with_suffix(".draft")
        row = {
            "attempt": self.attempt,
            "spent": self.spent,
            "seconds": self.seconds,
            "done": progress.done,
            "total": progress.total,
            "note": progress.note,
            "tokens": self.tokens,
        }
        draft.write_text(json.dumps(row), encoding="utf-8")
        draft.replace(self.path)


def read_progress(work: Path) -> dict[str, Any]:
    """Read a step's progress; empty where there is none."""
    try:
        return read_json(work / "progress.json")
    except (OSError, ValueError):
        return {}


@dataclass(kw_only=True)
class Job:
    """One step at work."""

    step: Step
    store: Store
    plugins: Plugins
    ledger: Ledger
    out: Path
    """Becomes the artifact. What an earlier attempt left stands here still; write files whole, by rename."""
    scratch: Path
    """The component's own, kept across kills, gone when the step is done."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Goes into the manifest."""

    def input(self, role: str) -> Path:
        """Return the folder of an input artifact."""
        return self.store.artifact(self.step.inputs[role])

    def inputs(self, prefix: str) -> list[Path]:
        """Return the folders of all inputs whose role starts with `prefix`, in the order of their roles."""
        roles = sorted(role for role in self.step.inputs if role.startswith(prefix))
        return [self.input(role) for role in roles]

    def component(self, part: Part) -> tuple[Callable[..., Any], Any]:
        """Return a part's function and its Params.

        Raises:
            PluginError: this process has another version of the component than the plan was made with.
        """
        offer = self.offer(part)
        return offer.load(), settings.build(offer.params, part.settings)

    def offer(self, part: Part) -> Offer:
        """Return a part's offer."""
        offer = self.plugins.find(KINDS[part.kind], part.name)
        if offer.version != part.version:
            raise PluginError(
                f"{part.kind} {part.name!r}: the plan wants version {part.version}, this worker has {offer.version}; "
                "install the same packages for all workers"
            )
        return offer

    def checkpoint(self, role: str, name: str) -> Path:
        """Return the Hugging Face folder of a model or a training run."""
        return checkpoint_folder(self.store, self.step.inputs[role], name)

    def context(self, *, seed: int, base: str | None = None, **more: Any) -> Context:
        """Build what components see of the host; `base` is the role whose tokenizer counts tokens."""
        count = token_counter(self.checkpoint(base, "final")) if base else _no_tokenizer
        return Context(seed=seed, work=self.scratch, count_tokens=count, progress=self.ledger.tell, **more)


def checkpoint_folder(store: Store, ref: Ref, name: str) -> Path:
    """Return the folder of a checkpoint: `name` of a training run, or a base model wherever it lies."""
    place = store.artifact(ref)
    if ref.kind == "train":
        return place / name
    return Path(read_json(place / "checkpoint.json")["path"] or place / "checkpoint")


@cache
def token_counter(checkpoint: Path) -> Callable[[str], int]:
    """Return a function that counts a text's tokens under a checkpoint's tokenizer, special tokens left out."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    memory: dict[str, int] = {}

    def count(text: str) -> int:
        if text not in memory:
            memory[text] = len(tokenizer.encode(text, add_special_tokens=False).ids)
        return memory[text]

    return count


def _no_tokenizer(text: str) -> int:
    raise RuntimeError("tokens cannot be counted here: no base model is at hand; count characters instead")
