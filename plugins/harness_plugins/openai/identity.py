"""Which of a server's models a checkpoint is: the one that `served` names, or the one loaded from that very folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import MissingError, UserError
from harness_plugins.openai.served import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_plugins.openai.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A checkpoint as a server knows it."""

    model: str | None
    """None where it is a folder, which a server may know by any name."""
    folder: Path
    has_tokenizer: bool


def identify(checkpoint: Path) -> Identity:
    """Read what a checkpoint folder is.

    Raises:
        MissingError: no such folder.
    """
    if not checkpoint.is_dir():
        raise MissingError(f"{checkpoint}: no such folder; name a served model, or a folder that the server has loaded")
    file = checkpoint / FILE
    if not file.is_file():
        return Identity(model=None, folder=checkpoint, has_tokenizer=True)
    facts = json.loads(file.read_text(encoding="utf-8"))
    return Identity(model=facts["model"], folder=checkpoint, has_tokenizer=facts["tokenizer"])


def name_on_server(identity: Identity, client: Client) -> str:
    """Return the model's name on the server.

    A folder is looked for by the path that vLLM's list of models gives for each (`root`), because a server that has another
    checkpoint loaded would answer just as willingly.

    Raises:
        UserError: the server has not loaded that folder.
    """
    if identity.model is not None:
        return identity.model
    wanted = identity.folder.resolve()
    found = list(_listed(client.get("models")))
    for name, root in found:
        if any(_is_same(place, wanted) for place in (root, name)):
            return name
    names = ", ".join(repr(name) for name, _ in found) or "nothing"
    raise UserError(
        f"engine 'openai': the server at {client.base_url} has not loaded the checkpoint {str(identity.folder)!r} (it has "
        f'{names}); start it on that folder, or name a served model as {{"use": "served", "model": ..., "revision": ...}}'
    )


def _listed(answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and root of each model."""
    rows = answer.get("data")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("id"), str):
            yield row["id"], row["root"] if isinstance(row.get("root"), str) else ""


def _is_same(place: str, wanted: Path) -> bool:
    return Path(place).is_absolute() and Path(place).resolve() == wanted
