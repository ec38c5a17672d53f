"""Candidates: what each is made of, and that those that start from others can be trained in some order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import suggest
from harness.recipe.faults import quoted, shown
from harness.recipe.records import Candidate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.recipe.grid import Draft
    from harness.recipe.locate import Where
    from harness.recipe.records import Use
    from harness.recipe.structure import Structure
    from harness.recipe.uses import Binder, Place


def build_candidates(
    drafts: Sequence[Draft], raw: Mapping[str, Any], binder: Binder, structure: Structure
) -> tuple[Candidate, ...]:
    """Bind every candidate, and note what is wrong between them.

    Args:
        drafts: candidates as written or as grids made them.
        raw: the recipe, for its `sft` and `data`.
        binder: of the recipe.
        structure: of the recipe; what grids made has not been checked yet.
    """
    built: list[tuple[Candidate, Place]] = []
    for draft in drafts:
        if not draft.is_from_grid or structure.check(draft.raw, "candidate", draft.place):
            built.append((_build(draft, raw, binder, structure), draft.place))
    if binder.faults:
        return ()
    _check_names(built, binder)
    _check_starts(built, binder)
    _check_data(built, raw, binder)
    return tuple(candidate for candidate, _ in built)


def _build(draft: Draft, raw: Mapping[str, Any], binder: Binder, structure: Structure) -> Candidate:
    own, place = draft.raw, draft.place
    name = own["name"]
    if "checkpoint" in own:
        return _checkpoint(own, place, binder)
    curate = [
        binder.bind("curation", use, lambda where, i=i: place(("curate", i, *where)))  # type: ignore[misc]
        for i, use in enumerate(own.get("curate", ()))
    ]
    sft = None
    if "sft" in own and own["sft"] is None:
        for key in ("curate", "start_from"):
            if key in own:
                binder.faults.add(
                    place((key,)), f'"sft": null trains nothing; remove {key!r}, or give "sft" settings', key=True
                )
    else:
        sft = _trainer(own, raw, place, binder, structure)
    return Candidate(
        name=name,
        curate=tuple(use for use in curate if use),
        sft=sft,
        start_from=own.get("start_from"),
        family=own.get("family"),
        details=own.get("details"),
    )


def _checkpoint(own: Mapping[str, Any], place: Place, binder: Binder) -> Candidate:
    for key in ("curate", "sft", "start_from"):
        if own.get(key) is not None:
            binder.faults.add(place((key,)), f"a checkpoint is taken as it is; remove {key!r} or 'checkpoint'", key=True)
    if isinstance(own["checkpoint"], dict):
        model = binder.bind("model", own["checkpoint"], lambda where: place(("checkpoint", *where)))
        return Candidate(name=own["name"], model=model, family=own.get("family"), details=own.get("details"))
    path = binder.path(own["checkpoint"], place(("checkpoint",)))
    if path and not path.is_dir():
        message = f"{shown(own['checkpoint'])} is a file; name a Hugging Face checkpoint folder"
        binder.faults.add(place(("checkpoint",)), message)
    return Candidate(name=own["name"], checkpoint=path, family=own.get("family"), details=own.get("details"))


def _trainer(
    own: Mapping[str, Any], raw: Mapping[str, Any], place: Place, binder: Binder, structure: Structure
) -> Use | None:
    """Merge a candidate's `sft` over the recipe's and bind it."""
    override: Mapping[str, Any] = own.get("sft") or {}
    base: Mapping[str, Any] = raw.get("sft", {})
    if not base and "use" not in override:
        message = 'nothing says how to train it; give the recipe "sft", or this candidate "sft": null for the base as it is'
        binder.faults.add(place(("sft",) if "sft" in own else ()), message)
        return None
    merged = dict(override) if override.get("use", base.get("use")) != base.get("use") else {**base, **override}

    def merged_place(where: Where) -> Where:
        return place(("sft", *where)) if "sft" in own and (not where or where[0] in override) else ("sft", *where)

    is_whole = structure.check(merged, "sft-trainer", lambda where: place(("sft", *where)))
    return binder.bind("sft trainer", merged, merged_place) if is_whole else None


def _check_names(built: Sequence[tuple[Candidate, Place]], binder: Binder) -> None:
    seen: set[str] = set()
    for candidate, place in built:
        if candidate.name in seen:
            message = f"two candidates are called {quoted(candidate.name)}; give each its own name"
            binder.faults.add(place(("name",)), message)
        seen.add(candidate.name)


def _check_starts(built: Sequence[tuple[Candidate, Place]], binder: Binder) -> None:
    """Check that every `start_from` names a candidate with SFT, and that no chain of them comes back to itself."""
    by_name = {candidate.name: candidate for candidate, _ in built}
    told: set[str] = set()
    for candidate, place in built:
        start, where = candidate.start_from, place(("start_from",))
        if start is None:
            continue
        if start not in by_name:
            binder.faults.add(where, f"no candidate named {quoted(start)}; {suggest(start, by_name)}")
        elif by_name[start].sft is None:
            message = (
                f"{quoted(start)} has no SFT to start from; name a candidate that is trained, or leave it out for the base"
            )
            binder.faults.add(where, message)
        else:
            cycle = _cycle(candidate.name, by_name)
            if cycle and not told & set(cycle):
                told |= set(cycle)
                round_trip = " -> ".join(quoted(name) for name in (*cycle, cycle[0]))
                binder.faults.add(where, f"goes round in a circle: {round_trip}; let one of them start from the base")


def _cycle(name: str, by_name: Mapping[str, Candidate]) -> list[str]:
    """Return the names from `name` round to it again; empty where its chain ends elsewhere."""
    trail = [name]
    while (start := by_name[trail[-1]].start_from) in by_name:
        if start == name:
            return trail
        if start in trail:
            return []
        trail.append(str(start))
    return []


def _check_data(built: Sequence[tuple[Candidate, Place]], raw: Mapping[str, Any], binder: Binder) -> None:
    trained = [(candidate, place) for candidate, place in built if candidate.sft]
    if trained and "sft" not in raw.get("data", {}):
        message = f'missing; candidate {quoted(trained[0][0].name)} is trained on it, so add "sft" to "data"'
        binder.faults.add(("data", "sft"), message)
