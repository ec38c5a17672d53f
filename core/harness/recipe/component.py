"""One component's settings: their JSON Schema, and from JSON to its frozen Params.

The schema comes from the Params dataclass through pydantic, its descriptions from the attribute docstrings. LocalPath and
CurationChain fields carry `x-harness` in it, by which the loader finds them at any depth.
"""

from __future__ import annotations

import json
import re
from dataclasses import is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from harness.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import TypeAdapter

    from harness.offers import Offer
    from harness.recipe.locate import Where

Schema = dict[str, Any]
CHAIN_ITEM: Schema = {"$ref": "#/$defs/curation"}


def definition_of(kind: str, name: str) -> str:
    """Return a component's name among the composed schema's `$defs`."""
    return re.sub(r"[^\w.-]", "-", f"{kind}.{name}", flags=re.ASCII)


def settings_schema(offer: Offer, prefix: str) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of an offer's settings, and that of the records nested in it by name among `$defs`.

    Raises:
        PluginError: its Params cannot be turned into a schema; the message names the offer.
    """
    try:
        own, others = _schemas(offer.params, f"#/$defs/{prefix}.")
        nested = {f"{prefix}.{name}": schema for name, schema in others.items()}
    except Exception as error:
        raise PluginError(
            f"{offer.kind} {offer.name!r}: its Params ({offer.params.__module__}.{offer.params.__qualname__}) have no "
            f"JSON Schema ({type(error).__name__}: {str(error).splitlines()[0]}); ask its author for plain annotated types"
        ) from error
    if _has_deep_path(own, nested):
        raise PluginError(f"{offer.kind} {offer.name!r}: a LocalPath must be a field of Params itself, at no depth below")
    return own, nested


def build_params(offer: Offer, settings: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the Params instance and its settings as JSON with all defaults filled in.

    Raises:
        pydantic.ValidationError: the settings do not fit.
    """
    adapter = _adapter(offer.params)
    built = adapter.validate_json(json.dumps([dict(settings)]))
    filled: dict[str, Any] = adapter.dump_python(built, mode="json", warnings="none")[0]
    return built[0], filled


def marked(schema: Schema, definitions: Mapping[str, Schema], value: Any) -> Iterator[tuple[Where, str, Any]]:
    """Yield (place, "path" or "chain", value) for the fields of a value that mean more than their type.

    Args:
        schema: of the value.
        definitions: what its references name.
        value: settings that fit the schema.
    """
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")]
    for alternative in schema.get("anyOf", ()):
        yield from marked(alternative, definitions, value)
    if "x-harness" in schema:
        if isinstance(value, (str, list)):
            yield (), schema["x-harness"], value
        return
    for step, inner in _parts(schema, value):
        yield from (((step, *where), meaning, found) for where, meaning, found in marked(inner, definitions, value[step]))


def _has_deep_path(own: Schema, nested: Mapping[str, Schema]) -> bool:
    fields = own.get("properties", {}).values()
    alternatives = [a for field in fields for a in field.get("anyOf", [field])]
    below = [a for a in alternatives if a.get("x-harness") != "path"]
    return '"x-harness": "path"' in json.dumps([below, nested])


def _parts(schema: Schema, value: Any) -> Iterator[tuple[Any, Schema]]:
    """Pair each child of a value with its schema."""
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        rest = schema.get("items")
        for index in range(len(value)):
            inner = first[index] if index < len(first) else rest
            if isinstance(inner, dict):
                yield index, inner
    elif isinstance(value, dict):
        yield from ((name, inner) for name, inner in schema.get("properties", {}).items() if name in value)
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            yield from ((name, others) for name in value if name not in schema.get("properties", {}))


@cache
def _schemas(params: type, references: str) -> tuple[Schema, dict[str, Schema]]:
    """Return the schema of a Params class, and those of the records nested in it by name; shared, not to be changed."""
    whole = _adapter(params).json_schema(ref_template=f"{references}{{model}}")
    nested = {name: _tidy(schema) for name, schema in whole["$defs"].items()}
    own = nested.pop(whole["prefixItems"][0]["$ref"].removeprefix(references))
    fields = own["properties"].items()
    for base in params.__mro__[1:]:
        if is_dataclass(base) and any("description" not in field for _, field in fields):
            # Pydantic reads the docstrings of the fields a class declares, not of those it inherits.
            inherited = _schemas(base, references)[0]["properties"]
            for name, field in fields:
                if "description" in inherited.get(name, {}):
                    field.setdefault("description", inherited[name]["description"])
    return own, nested


@cache
def _adapter(params: type) -> TypeAdapter[Any]:
    """Return an adapter that is strict all the way down; the tuple around is what lets it carry a configuration."""
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)
    return TypeAdapter(tuple[params], config=config)  # type: ignore[valid-type]


def _tidy(schema: Any) -> Any:
    """Drop pydantic's made-up titles, one-line the descriptions, and say what a chain holds."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: v if k in ("default", "const", "enum") else _tidy(v) for k, v in schema.items() if not _is_title(k, v)}
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    if kept.get("x-harness") == "chain":
        kept["items"] = CHAIN_ITEM
    return kept


def _is_title(key: str, value: Any) -> bool:
    """Tell a schema's title from a setting that is called `title`."""
    return key == "title" and isinstance(value, str)
