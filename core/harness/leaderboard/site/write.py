"""Write the site: pages, and copies of the files their figures come from."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.leaderboard.site import addresses
from harness.leaderboard.site.index_page import index_page
from harness.leaderboard.site.result_page import result_page
from harness.leaderboard.site.study_page import study_page

if TYPE_CHECKING:
    from pathlib import Path

    from harness.leaderboard.board import Leaderboard
    from harness.leaderboard.strategies import Candidate

MARK = ".harness-leaderboard"
"""Says that a folder is a site of ours, which may be written over."""


def write_site(board: Leaderboard, folder: Path) -> Path:
    """Write the site into a folder and return its index.

    Raises:
        UserError: the folder holds other things, or cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
            raise UserError(f"{folder}: is not empty and no site of ours; name a new folder")
        for part in ("results", "studies"):
            shutil.rmtree(folder / part, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        _put(folder, "index.html", index_page(board))
        _results(board, folder)
        for study in board.studies:
            _put(folder, addresses.study_page(study.name), study_page(study))
            shutil.copyfile(board.registry / "studies" / f"{study.name}.json", folder / addresses.study_file(study.name))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}); name another folder") from None
    return folder / "index.html"


def _results(board: Leaderboard, folder: Path) -> None:
    counted: dict[str, list[Candidate]] = {}
    tracks: dict[str, dict[str, str]] = {}
    for track in board.strategies:
        for one in track.standings:
            candidate = one.candidate
            counted.setdefault(candidate.entry.id, []).append(candidate)
            tracks.setdefault(candidate.entry.id, {})[candidate.row["name"]] = track.track.key
    for entry in board.entries:
        made = result_page(entry, counted.get(entry.id, []), tracks.get(entry.id, {}))
        _put(folder, addresses.result_page(entry.id), made)
        shutil.copyfile(entry.path, folder / addresses.result_file(entry))
        if entry.counts is not None:
            shutil.copyfile(entry.counts, folder / addresses.counts_file(entry))
        if entry.recipe is not None:
            _put(folder, addresses.recipe_file(entry), json.dumps(entry.recipe, indent=1, ensure_ascii=True) + "\n")


def _put(folder: Path, address: str, content: str) -> None:
    place = folder / address
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content, encoding="utf-8")
