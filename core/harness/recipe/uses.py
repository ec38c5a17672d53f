"""From `{"use": name, ...settings}` to a component with checked settings."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.recipe.component import build_params, definition_of, marked
from harness.recipe.faults import shown
from harness.recipe.local_path import resolve
from harness.recipe.records import Use
from harness.recipe.schema import RECORDS, reserved_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from harness.offers import Offer
    from harness.plugins import Plugins
    from harness.recipe.component import Schema
    from harness.recipe.faults import Faults
    from harness.recipe.locate import Where

    Place = Callable[[Where], Where]
    """From a place below a value to the place in the file."""


def below(*start: str | int) -> Place:
    """Return the Place of a value that stands in the file as it is."""
    return lambda where: (*start, *where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binder:
    """Binds names to offers and settings to Params, for one recipe; what does not fit becomes a fault."""

    plugins: Plugins
    definitions: Mapping[str, Schema]
    """`$defs` of the composed schema."""
    folder: Path
    """Where relative paths start."""
    faults: Faults

    def bind(self, kind: str, raw: Mapping[str, Any], place: Place) -> Use | None:
        """Bind one component whose structure is right; None where a fault was noted.

        Args:
            kind: as the composed schema names it: "curation", "sft trainer".
            raw: `use`, its settings and the host's own keys.
            place: of `raw`.
        """
        offer = self.find(kind, raw["use"], place(("use",)))
        if offer is None:
            return None
        own = {"use", *reserved_of(kind)}
        settings: dict[str, Any] = deepcopy({k: v for k, v in raw.items() if k not in own})
        paths: set[str] = set()
        chains: dict[str, list[Use]] = {}
        is_whole = True
        schema = self.definitions[definition_of(kind, offer.name)]
        for where, meaning, value in list(marked(schema, self.definitions, settings)):
            field = str(where[0])
            if meaning == "path":
                found = self.path(value, place(where))
                is_whole = is_whole and found is not None
                paths.add(field)
                _put(settings, where, str(found))
            else:
                bound = [self.bind("curation", u, _nest(place, (*where, i))) for i, u in enumerate(value)]
                uses = [use for use in bound if use is not None]
                is_whole = is_whole and len(uses) == len(bound)
                chains.setdefault(field, []).extend(uses)
                _put(settings, where, [{"use": use.offer.name, **use.settings} for use in uses])
        if not is_whole:
            return None
        return self._built(offer, settings, tuple(sorted(paths)), {f: tuple(c) for f, c in chains.items()}, place)

    def find(self, kind: str, name: str, where: Where) -> Offer | None:
        """Return an offer by kind and name; None where a fault was noted."""
        try:
            return self.plugins.find(RECORDS[kind], name)
        except HarnessError as error:
            self.faults.add(where, str(error))
            return None

    def path(self, text: str, where: Where) -> Path | None:
        """Return a local path made absolute; None where a fault was noted."""
        try:
            return resolve(text, self.folder)
        except ValueError as error:
            self.faults.add(where, str(error))
            return None

    def _built(
        self,
        offer: Offer,
        settings: dict[str, Any],
        paths: tuple[str, ...],
        chains: Mapping[str, tuple[Use, ...]],
        place: Place,
    ) -> Use | None:
        from pydantic import ValidationError

        try:
            params, filled = build_params(offer, settings)
        except ValidationError as error:
            for where, message in _complaints(error, settings):
                self.faults.add(place(where), message)
            return None
        except Exception as error:
            self.faults.add(place(()), f"{offer.kind} {offer.name!r} refuses its settings ({error!r}); change them")
            return None
        return Use(offer=offer, params=params, settings=filled, paths=paths, chains=chains or None, label=offer.name)


def _nest(place: Place, start: Where) -> Place:
    return lambda where: place((*start, *where))


def _put(settings: Any, where: Where, value: Any) -> None:
    *parents, last = where
    for step in parents:
        settings = settings[step]
    settings[last] = value


def _complaints(error: Any, settings: Mapping[str, Any]) -> Iterator[tuple[Where, str]]:
    """Yield (place below the settings, message) for each complaint of pydantic; most are a Params's own checks."""
    for item in error.errors(include_url=False):
        where = _real(item["loc"][1:], settings)
        if item["type"] in ("value_error", "assertion_error"):
            text = " ".join(str(item["ctx"]["error"]).split())
            yield where, text if ";" in text else f"{text or 'refused'}; change it"
        else:
            message = item["msg"][:1].lower() + item["msg"][1:]
            yield where, f"{shown(item['input'])} does not fit: {message}; change it"


def _real(where: tuple[Any, ...], settings: Any) -> Where:
    """Keep the part of pydantic's path that stands in the settings; the rest names alternatives of a type."""
    kept: list[str | int] = []
    for step in where:
        try:
            settings = settings[step]
        except (KeyError, IndexError, TypeError):
            break
        kept.append(step)
    return tuple(kept)
