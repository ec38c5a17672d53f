"""Every number of a result worked out again from its counts, and where it differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.estimators import mean_pass_at_k
from harness.reanalysis import reanalyze
from harness.result.recorded import is_pass_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.registry.records import Entry
    from harness.result.counts import ByPhase

TOLERANCE = 1e-6
"""Far below what is read off a number, far above what another machine's order of summing moves."""
MOST_TOLD = 8
_APART = ("numbers_digest", "submission", "reanalysis")


def number_faults(entry: Entry, *, earlier_methods: bool = False) -> Iterator[str]:
    """Work an entry's numbers out again and say which are others.

    Args:
        entry: its form is right and its counts can be read.
        earlier_methods: let intervals by a method that this harness no longer uses stand, and parts that it did not have
            then be missing; values are compared all the same.
    """
    try:
        again = reanalyze(entry.path)
    except UserError as error:
        yield str(error).removeprefix(f"{entry.counts}: ").removeprefix(f"{entry.path}: ")
        return
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        yield f"cannot be worked out again ({type(error).__name__}: {error}); submit a study's own result"
        return
    recorded = {name: part for name, part in entry.result.items() if name not in _APART}
    fresh = {name: part for name, part in again.items() if name not in _APART}
    told = list(differences(recorded, fresh, "", earlier_methods))
    yield from told[:MOST_TOLD]
    if len(told) > MOST_TOLD:
        yield f"and {len(told) - MOST_TOLD} more numbers that are not what the counts give"


def differences(recorded: Any, again: Any, place: str, earlier_methods: bool) -> Iterator[str]:
    """Say where a recorded part is not what was worked out again.

    Args:
        recorded: of the entry.
        again: the same from the counts.
        place: for messages, as in "candidates['base'].outcome".
        earlier_methods: see `number_faults`.
    """
    if isinstance(recorded, dict) and isinstance(again, dict):
        yield from _of_mappings(recorded, again, place, earlier_methods)
    elif isinstance(recorded, list) and isinstance(again, list | tuple):
        if len(recorded) != len(again):
            yield f"{place}: {len(recorded)} entries, and {len(again)} follow from the counts"
            return
        for number, (one, other) in enumerate(zip(recorded, again, strict=True)):
            yield from differences(one, other, f"{place}[{_label(one, number)}]", earlier_methods)
    elif _is_number(recorded) and _is_number(again):
        if abs(recorded - again) > TOLERANCE * max(1.0, abs(again)):
            yield f"{place}: stands as {recorded!r}, and comes to {again!r} from the counts"
    elif recorded != again:
        yield f"{place}: stands as {_shown(recorded)}, and comes to {_shown(again)} from the counts"


def _of_mappings(recorded: Mapping[str, Any], again: Mapping[str, Any], place: str, earlier_methods: bool) -> Iterator[str]:
    if recorded.get("method") != again.get("method") and "method" in recorded and "method" in again:
        if not earlier_methods:
            yield (
                f"{place}: by {_shown(recorded['method'])}, and this harness works it out by {_shown(again['method'])}; "
                "run the same recipe with this harness, which samples nothing anew"
            )
            return
        recorded, again = {"value": recorded.get("value")}, {"value": again.get("value")}
    for name in sorted(recorded.keys() - again.keys()):
        yield f"{_inside(place, name)}: does not follow from the counts; take it out"
    if not earlier_methods:
        for name in sorted(again.keys() - recorded.keys()):
            yield f"{_inside(place, name)}: is missing; run the same recipe with this harness"
    for name in recorded.keys() & again.keys():
        yield from differences(recorded[name], again[name], _inside(place, name), earlier_methods)


def reading_faults(entry: Entry, counts: Mapping[str, ByPhase]) -> Iterator[str]:
    """Say where a pass@k among a candidate's proxies is not that of its counts.

    A ranking's are left out: where sampling was adaptive they are corrected for it.
    """
    if entry.result["candidates"][0]["outcome"] is None:
        return
    for one in entry.result["candidates"]:
        by_seed = counts[one["name"]]["pre"]
        drawn = min(int(part.num_samples.min()) for entries in by_seed.values() for part in entries)
        for label, reading in one["proxies"].items():
            k = is_pass_at(label)
            if k is None:
                continue
            if k > drawn:
                yield f"candidate {one['name']!r}: {label} needs {k} samples a problem; {drawn} were drawn"
                continue
            values = {str(seed): mean_pass_at_k(by_seed[seed], k).value for seed in entry.result["seeds"]}
            known = [value for value in values.values() if value is not None]
            mean = sum(known) / len(known) if len(known) == len(values) else None
            place = f"candidates[{one['name']!r}].proxies[{label!r}]"
            yield from differences(reading["value"], mean, f"{place}.value", False)
            if "seeds" in reading:
                yield from differences(reading["seeds"], values, f"{place}.seeds", False)


def _label(one: Any, number: int) -> str:
    return repr(one["name"]) if isinstance(one, dict) and isinstance(one.get("name"), str) else str(number)


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 90 else f"{text[:87]}..."
