"""Both boards of a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.leaderboard.entry import Entry, LeftOut, read_entries
from harness.leaderboard.proxies import ProxyBoard, proxy_boards
from harness.leaderboard.strategies import StrategyBoard, strategy_boards
from harness.registry.files import check_name, check_plain
from harness.shipped import shipped
from harness.studies import Study, read_study_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA_VERSION = 1
METHODS = {
    "strategies": "ranks hold together with probability 95 %: differences of the outcome paired by problem (Student's t, "
    "benchmarks as strata, runs' variance pooled over candidates), Holm over all ordered pairs (Mogstad et al. 2024)",
    "proxies": "decisions: of two starts of one family in one study, how often the proxy named the one that ended higher; "
    "ranks: pairs both proxies speak of, exact sign flips over base models, Holm; none under 10 bases in common",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard:
    """What a registry says of strategies and of proxies."""

    registry: Path
    entries: tuple[Entry, ...]
    studies: tuple[Study, ...]
    strategies: tuple[StrategyBoard, ...]
    proxies: tuple[ProxyBoard, ...]
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-safe mapping; paths of this machine do not stand in it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "results": [
                {
                    "id": one.id,
                    "study": one.result["study"],
                    "tier": one.tier or None,
                    "recipe_digest": one.result["recipe_digest"],
                }
                for one in self.entries
            ],
            "studies": [
                {"name": s.name, "title": s.title, "source": s.source.id, "confidence": s.source.confidence}
                for s in self.studies
            ],
            "strategies": [board.to_json() for board in self.strategies],
            "proxies": [board.to_json() for board in self.proxies],
            "left_out": [one.to_json() for one in self.left_out],
            "warnings": list(self.warnings),
            "methods": METHODS,
        }


def leaderboard(registry: Path | None = None, *, resamples: int = 10_000, seed: int = 0) -> Leaderboard:
    """Read a registry and make both boards.

    Args:
        registry: a folder with results/ or studies/; None: the one that ships with the harness.
        resamples: of base models, for the intervals of decision accuracy.
        seed: of the resamples.

    Raises:
        DataError: the folder is no registry.
    """
    root = shipped("registry") if registry is None else registry
    if not any((root / part).is_dir() for part in ("results", "studies")):
        raise DataError(f"{root}: holds neither results/ nor studies/; name a registry, or leave --registry out for our own")
    entries, lost = read_entries(root)
    entries, twins = _without_twins(entries)
    published, broken = _studies(root)
    strategies, absent = strategy_boards(entries)
    proxies, warnings = proxy_boards(entries, published, resamples=resamples, seed=seed)
    return Leaderboard(
        registry=root,
        entries=tuple(entries),
        studies=tuple(published),
        strategies=tuple(strategies),
        proxies=tuple(proxies),
        left_out=(*lost, *twins, *broken, *absent),
        warnings=tuple(warnings),
    )


def _without_twins(entries: Sequence[Entry]) -> tuple[list[Entry], list[LeftOut]]:
    """Keep the first of several results with the very same numbers: each run counts once."""
    known: dict[str, str] = {}
    found, lost = [], []
    for entry in entries:
        first = known.setdefault(entry.result["numbers_digest"], entry.id)
        if first == entry.id:
            found.append(entry)
        else:
            lost.append(LeftOut(what=entry.id, why=f"the same numbers as {first}, which stands for it"))
    return found, lost


def _studies(root: Path) -> tuple[list[Study], list[LeftOut]]:
    found, lost = [], []
    for path in sorted((root / "studies").glob("*.json")):
        try:
            found.append(_study(path, root))
        except DataError as error:
            lost.append(LeftOut(what=path.relative_to(root).as_posix(), why=str(error).removeprefix(f"{path}: ")))
    return found, lost


def _study(path: Path, root: Path) -> Study:
    """Read a study whose name can be a file's: the site has a page of that name."""
    if fault := check_plain(path, root) or check_name(path.stem):
        raise DataError(fault)
    study = read_study_file(path)
    if study.name != path.stem:
        raise DataError(f"is named {path.name} and holds the study {study.name!r}")
    return study
