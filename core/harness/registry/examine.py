"""One entry, looked at from all sides: digests, versions, its recipe, its counts, its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import digest
from harness.errors import DataError
from harness.registry import again, plausible, recipes
from harness.result.compose import numbers_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from harness.plugins import Plugins
    from harness.recipe import Recipe
    from harness.registry.records import Entry
    from harness.result.counts import ByPhase

    Tell = Callable[[str], None]


def examine(entry: Entry, plugins: Plugins, *, earlier_methods: bool, tell: Tell, note: Tell) -> None:
    """Look at an entry whose form is right.

    Args:
        entry: of the registry, or about to be.
        plugins: whose components its recipe may name.
        earlier_methods: let intervals by methods that are no longer used stand.
        tell: receives each reason to refuse it.
        note: receives what could not be looked at.
    """
    recipe = _recipe(entry, plugins, tell, note)
    try:
        counts = _read_counts(entry)
    except DataError as error:
        tell(str(error).replace(str(entry.counts), entry.counts.name))
        return
    if not _tell_all(plausible.count_faults(entry.result, counts), tell):
        return
    for check in entry.submission["checks"]:
        if check["tier"] == "reproduced" and check["counts_digest"] != plausible.counts_digest(counts):
            tell("submission: the reproduction has other counts (its counts_digest is not theirs)")
    _tell_all(again.number_faults(entry, earlier_methods=earlier_methods), tell)
    if earlier_methods:
        note("intervals by earlier methods stand as recorded (earlier.json)")
    if _tell_all(again.reading_faults(entry, counts), tell) and recipe is not None:
        _tell_all(recipes.counted_faults(entry, recipe, counts), tell)


def _recipe(entry: Entry, plugins: Plugins, tell: Tell, note: Tell) -> Recipe | None:
    """Check digests and versions; return the recipe where it is right and loads here."""
    told = list(recipes.digest_faults(entry))
    if numbers_digest(entry.result) != entry.result["numbers_digest"]:
        told.append("numbers_digest is not that of the numbers; a result is submitted as harness run wrote it")
    told += [*recipes.component_faults(entry, plugins), *plausible.k_faults(entry.result)]
    for said in recipes.component_notes(entry, plugins):
        note(said)
    if not _tell_all(told, tell):
        return None
    recipe = recipes.loaded_recipe(entry, plugins)
    if isinstance(recipe, str):
        note(f"not held against its recipe: {recipe}")
        return None
    return recipe if _tell_all(recipes.layout_faults(entry, recipe), tell) else None


def _tell_all(problems: Iterable[str], tell: Tell) -> bool:
    """Tell the first problems and how many more there are; whether there were none."""
    told = list(problems)
    for problem in told[: again.MOST_TOLD]:
        tell(problem)
    if len(told) > again.MOST_TOLD:
        tell(f"and {len(told) - again.MOST_TOLD} more like these")
    return not told


def _read_counts(entry: Entry) -> Mapping[str, ByPhase]:
    if not entry.counts.is_file() or entry.counts.is_symlink():
        raise DataError(f"has no counts beside it; put {entry.counts.name} there")
    counts = plausible.read_bounded(entry.counts)
    if digest.of_path(entry.counts) != entry.submission["counts_sha256"]:
        raise DataError(f"{entry.counts.name} is not the file that was submitted (its SHA-256 is another)")
    return counts
