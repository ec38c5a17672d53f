"""Checkpoints as the command line names them: a folder, a pinned hub id, either with a name of one's own before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.steps.model import check_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUB = re.compile(r"(?P<path>[\w.-]+/[\w.-]+)@(?P<revision>[^@]+)", re.ASCII)
_UNPINNED = re.compile(r"[\w-][\w.-]*/[\w.-]+", re.ASCII)
_SHORT_REVISION = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one checkpoint comes from."""

    name: str
    """What tables call it."""
    text: str
    """As it was typed, for messages."""
    folder: Path | None = None
    """Absolute; None for a hub id."""
    hub: str | None = None
    """Hub id, "owner/name"."""
    revision: str | None = None

    @property
    def component(self) -> dict[str, Any]:
        """The model component that yields it, as a recipe writes it."""
        if self.folder is not None:
            return {"use": "folder", "path": str(self.folder)}
        return {"use": "hf", "path": self.hub, "revision": self.revision}

    @property
    def checkpoint(self) -> str | dict[str, Any]:
        """The same as a candidate's `checkpoint`."""
        return str(self.folder) if self.folder is not None else self.component


def parse_sources(texts: Sequence[str], taken: Sequence[str] = ()) -> tuple[Source, ...]:
    """Read several checkpoints.

    Args:
        texts: each `PATH`, `OWNER/NAME@COMMIT`, or either with `NAME=` before it.
        taken: names that none of them may have.

    Raises:
        UserError: one cannot be used, or two have one name.
    """
    sources = tuple(parse_source(text) for text in texts)
    seen: dict[str, str] = {}
    for source in sources:
        if source.name in taken:
            raise UserError(f"{source.text}: the name {source.name!r} is taken; write another: NAME={source.text}")
        if source.name in seen:
            raise UserError(
                f"{source.text}: called {source.name!r}, as {seen[source.name]} is; give one of them a name of its own: "
                f"NAME={source.text.rpartition('=')[2]}"
            )
        seen[source.name] = source.text
    return sources


def parse_source(text: str) -> Source:
    """Read one checkpoint; a folder must be there and hold one.

    Raises:
        UserError: there is no such folder, it holds no checkpoint, or a hub id is not pinned to a commit.
    """
    name, place = _split(text)
    folder = Path(place)
    if folder.is_dir():
        check_folder(folder)
        return Source(name=name or folder.resolve().name or place, text=text, folder=folder.absolute())
    if folder.exists():
        raise UserError(f"checkpoint {place!r}: is a file; name the Hugging Face folder it lies in")
    hub = _HUB.fullmatch(place)
    if hub:
        short = f"{hub['path']}@{hub['revision'][:_SHORT_REVISION]}"
        return Source(name=name or short, text=text, hub=hub["path"], revision=hub["revision"])
    if _UNPINNED.fullmatch(place):
        raise UserError(f"checkpoint {place!r}: no such folder; a model of the hub is written OWNER/NAME@COMMIT")
    raise UserError(f"checkpoint {place!r}: no such folder; name a Hugging Face folder, or OWNER/NAME@COMMIT of the hub")


def named_file(text: str, option: str) -> tuple[str, Path]:
    """Read `FILE` or `NAME=FILE`; the name is the file's, without its ending, where none is given.

    Args:
        text: as typed.
        option: that it belongs to, for the message.

    Raises:
        UserError: there is no such file.
    """
    name, place = _split(text)
    path = Path(place)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "no such file"
        raise UserError(f"{option} {place!r}: {what}; name a JSON Lines or Parquet file")
    return name or path.stem, path.absolute()


def _split(text: str) -> tuple[str | None, str]:
    """Part NAME=PLACE; a path that holds an = and is there is a path."""
    name, mark, place = text.partition("=")
    if not mark or Path(text).exists():
        return None, text
    if not name.strip() or not place:
        raise UserError(f"{text!r}: something is missing beside the =; write NAME=PATH")
    return name.strip(), place
