"""The composed schema is a schema, says what editors need, and agrees with the loader."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from core.recipe import components
from core.recipe.broken import EDITS, Broken
from harness import Curation, LocalPath, PluginError, hookimpl
from harness.cli.main import call
from harness.plugins import Plugins
from harness.recipe import FaultyRecipeError, composed_schema, load


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return composed_schema(Plugins.of(components))


def test_composed_schema_is_a_schema(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


def test_composed_schema_accepts_the_good_recipe(schema: dict[str, Any], good: str) -> None:
    assert list(Draft202012Validator(schema).iter_errors(json.loads(good))) == []


def test_every_object_is_closed_but_for_notes_and_templates(schema: dict[str, Any]) -> None:
    def open_objects(value: Any, where: str) -> list[str]:
        if isinstance(value, list):
            return [w for i, v in enumerate(value) for w in open_objects(v, f"{where}/{i}")]
        if not isinstance(value, dict):
            return []
        is_open = value.get("type") == "object" and value.get("additionalProperties") in (None, True)
        below = [w for k, v in value.items() if k != "default" for w in open_objects(v, f"{where}/{k}")]
        return ([where] if is_open and "oneOf" not in value else []) + below

    assert open_objects(schema, "") == [
        "/$defs/candidate/properties/details",
        "/$defs/grid/properties/curate/items",
        "/$defs/grid/properties/sft",
    ]


def test_components_carry_their_settings_with_bounds_defaults_and_docstrings(schema: dict[str, Any]) -> None:
    subset = schema["$defs"]["curation.subset"]
    assert subset["required"] == ["use", "examples"]
    assert subset["properties"]["examples"] == {
        "description": "How many to keep.",
        "type": "integer",
        "minimum": 1,
        "maximum": 1_000_000,
    }
    assert subset["properties"]["with_replacement"]["default"] is False
    path = schema["$defs"]["model.folder-model"]["properties"]["path"]
    assert (path["format"], path["description"]) == ("path", "The checkpoint folder.")
    part = schema["$defs"]["curation.mixture.Part"]
    assert part["properties"]["curate"]["items"] == {"$ref": "#/$defs/curation"}
    assert part["additionalProperties"] is False
    names = schema["$defs"]["proxy-name"]["anyOf"]
    assert {"enum": ["drift", "generalization-loss", "micro-probe", "pass@k", "random"]} in names


WHOLE_ONLY = {
    # What no schema can say of one value by itself, or jsonschema sees otherwise.
    "float as integer", "own check", "no sft data", "no rl data", "no reward", "no trainer", "no heldout",
    "probe without rl", "probe beyond rl", "drift without measuring", "drift without heldout",
    "seed and seeds", "candidate twice", "benchmark twice", "proxy twice", "k above n", "outcome k above n", "k of zero",
    "primary not listed", "baseline not listed", "unknown start", "start from base", "start from itself", "cycle",
    "checkpoint and sft", "checkpoint and curate", "null and curate", "other trainer", "descending", "beyond the end",
    "missing file", "empty data", "path outside", "devious path", "zero in a path", "endless path", "missing checkpoint",
    "file as checkpoint", "missing plug-in", "broken plug-in", "unknown axis", "unknown axis in name",
    "unknown axis in skip",
    "idle axis", "grid value out of range", "grid names collide", "huge grid", "key twice", "deep key twice", "NaN",
    "endless integer", "half a character",
}  # fmt: skip


@pytest.mark.parametrize("broken", EDITS, ids=lambda b: b.name)
def test_schema_refuses_what_the_loader_calls_a_fault_of_structure(
    broken: Broken, good: str, schema: dict[str, Any]
) -> None:
    try:
        raw = json.loads(broken.of(good))
    except ValueError:
        assert broken.path.startswith("column") or broken.name == "endless integer"
        return
    refused = bool(list(Draft202012Validator(schema).iter_errors(raw)))
    assert refused == (broken.name not in WHOLE_ONLY)


def test_loader_agrees_with_the_schema_on_mutations(
    good: str, schema: dict[str, Any], folder: Path, plugins: Plugins
) -> None:
    """Replace each value of the good recipe by values of other types; the schema's verdict must be the loader's."""
    validator = Draft202012Validator(schema)
    checked = 0
    for where in _places(json.loads(good)):
        for value in (None, True, 0.5, "zz", {"use": "zz"}):
            raw = json.loads(good)
            _put(raw, where, value)
            if where and where[0] == "grid" and {"curate", "sft", "axes", "name", "skip"} & set(where):
                continue
            refused = next(validator.iter_errors(raw), None)
            found = _faults(raw, folder, plugins)
            checked += 1
            if refused is not None:
                assert found, (where, value, refused.message)
            elif found:
                about = {fault.message for fault in found}
                assert not any("; give a" in message or "no such key" in message for message in about), (where, value, about)
    assert checked > 400


def _faults(raw: Any, folder: Path, plugins: Plugins) -> tuple[Any, ...]:
    path = folder / "r.json"
    path.write_text(json.dumps(raw))
    try:
        load(path, plugins)
    except FaultyRecipeError as error:
        return error.faults
    return ()


def _places(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for step, inner in items for p in ((*where, step), *_places(inner, (*where, step)))]


def _put(raw: Any, where: tuple[Any, ...], value: Any) -> None:
    for step in where[:-1]:
        raw = raw[step]
    raw[where[-1]] = value


def test_schema_command_prints_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_PLUGINS", "none-of-those-installed")
    assert call(["schema", "--plugin", str(Path(__file__).parent / "components.py")]) == 0
    printed = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(printed)
    assert "curation.mixture" in printed["$defs"]


def test_installed_plugins_have_schemas_and_documented_settings() -> None:
    plugins = Plugins.discover()
    schema = composed_schema(plugins)
    Draft202012Validator.check_schema(schema)
    bare = [
        f"{name}.{field}"
        for name, definition in schema["$defs"].items()
        for field, content in definition.get("properties", {}).items()
        if "." in name and "description" not in content and "$ref" not in content
    ]
    assert bare == []


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[3].glob("recipes/**/*.json")), ids=lambda p: p.stem)
def test_shipped_recipes_load_and_fit_the_composed_schema(path: Path) -> None:
    plugins = Plugins.discover()
    assert load(path, plugins).name
    validator = Draft202012Validator(composed_schema(plugins))
    assert [e.message for e in validator.iter_errors(json.loads(path.read_text()))] == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Deep:
    """A path below the top."""

    files: tuple[LocalPath, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A type no schema knows."""

    what: Plugins | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A setting that is the host's."""

    use: str = ""


@pytest.mark.parametrize(
    ("params", "says"), [(Deep, "LocalPath"), (Opaque, "no JSON Schema"), (Taken, "the host's own key")]
)
def test_ill_params_are_the_plugins_fault(params: type, says: str) -> None:
    class IllPlugin:
        @hookimpl
        def harness_curations(self) -> list[Curation]:
            return [Curation(name="ill", version="1", summary="ill", params=params, load=lambda: print)]

    with pytest.raises(PluginError, match=says) as caught:
        composed_schema(Plugins.of(IllPlugin()))
    assert "curation 'ill'" in str(caught.value)
    assert "\n" not in str(caught.value)
