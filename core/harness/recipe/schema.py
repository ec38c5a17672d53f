"""The JSON Schema (draft 2020-12) of a recipe, composed of the skeleton below and every installed component's Params.

It serves two readers: editors, which complete from it, and `structure.check`, which explains faults by it. `x-kind` marks
the places where a component stands; other readers ignore it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness import offers as kinds
from harness.errors import PluginError
from harness.recipe.component import Schema, definition_of, settings_schema
from harness.recipe.cost import COST
from harness.recipe.notes import NOTES

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from harness.plugins import Plugins

SCHEMA_VERSION = 1
_UNSEEN = r"\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069"
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": rf"^(?![\s\S]*[{_UNSEEN}])"}
"""One line without characters that cannot be seen."""
STUDY_NAME: Schema = {**NAME, "pattern": rf"^(?![. ])(?![\s\S]*[/\\{_UNSEEN}])"}
"""It names a folder, too."""
OUTCOME_METRIC = r"^pass@[1-9][0-9]{0,5}(?![\s\S])"
SEED: Schema = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}

SFT_TRAINER = "sft trainer"
RL_TRAINER = "rl trainer"
RECORDS: dict[str, type[kinds.Offer]] = {
    **{
        record.kind: record
        for record in (
            kinds.DataSource,
            kinds.Model,
            kinds.Curation,
            kinds.Engine,
            kinds.Benchmark,
            kinds.Grader,
            kinds.Proxy,
            kinds.Executor,
        )
    },
    SFT_TRAINER: kinds.Trainer,
    RL_TRAINER: kinds.Trainer,
}
"""The record of each kind of component, as a recipe tells kinds apart."""


def composed_schema(plugins: Plugins, only: Container[str] | None = None) -> Schema:
    """Compose the schema of recipes from what the plug-ins offer.

    Args:
        plugins: whose offers may be named.
        only: describe the settings of proxies and of components with these names, and only name the others; None
            for all.

    Raises:
        PluginError: some component's Params have no schema.
    """
    definitions: dict[str, Schema] = {}
    for kind, offers in by_kind(plugins).items():
        definitions |= _components(kind, offers, only)
    definitions["sft-settings"] = _settings_only(definitions)
    definitions["proxy-name"] = _proxy_names(plugins.offers(kinds.Proxy))
    definitions |= {"candidate": _candidate(), "grid": _grid(plugins)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "harness recipe",
        "type": "object",
        "properties": _study() | _measurement() | _rules(),
        "required": ["schema_version", "name", "base", "benchmarks"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def by_kind(plugins: Plugins) -> dict[str, Mapping[str, kinds.Offer]]:
    """Group offers as a recipe tells them apart: trainers by their method."""
    found: dict[str, Mapping[str, kinds.Offer]] = {}
    for kind, record in RECORDS.items():
        offers = plugins.offers(record)
        if record is kinds.Trainer:
            offers = {n: o for n, o in offers.items() if isinstance(o, kinds.Trainer) and f"{o.method} trainer" == kind}
        found[kind] = offers
    return found


def reserved_of(kind: str) -> Schema:
    """Return the host's own keys that may stand among a component's settings, with their schemas."""
    return {"notes": NOTES, **{"benchmark": _BENCHMARK_KEYS, RL_TRAINER: _RL_KEYS}.get(kind, {})}


def ref(kind: str) -> Schema:
    """Refer to a definition of the composed schema."""
    return {"$ref": f"#/$defs/{kind.replace(' ', '-')}"}


def _components(kind: str, offers: Mapping[str, kinds.Offer], only: Container[str] | None) -> dict[str, Schema]:
    """Return the definition of a kind, and one for each of its components."""
    definitions: dict[str, Schema] = {}
    alternatives = []
    for name, offer in sorted(offers.items()):
        if only is not None and name not in only and kind != "proxy":
            continue
        at = definition_of(kind, name)
        own, nested = ({"properties": {}}, {}) if kind == "grader" else settings_schema(offer, at)
        taken = {"use", *reserved_of(kind)} & set(own["properties"])
        if taken:
            raise PluginError(
                f"{kind} {name!r}: its setting {min(taken)!r} is the host's own key; ask its author to rename it"
            )
        definitions |= nested
        definitions[at] = {
            "title": name,
            "description": offer.summary,
            "type": "object",
            "properties": {"use": {"const": name, "description": offer.summary}, **own["properties"], **reserved_of(kind)},
            "required": ["use", *own.get("required", [])],
            "additionalProperties": False,
        }
        alternatives.append({"$ref": f"#/$defs/{at}"})
    definitions[kind.replace(" ", "-")] = {
        "type": "object",
        "properties": {"use": {"type": "string", "enum": sorted(offers), "x-kind": kind}},
        "required": ["use"],
        "x-kind": kind,
        "oneOf": alternatives or [False],
    }
    return definitions


def _settings_only(definitions: dict[str, Schema]) -> Schema:
    """Return what a candidate may set of the recipe's SFT trainer: nothing is required, and `use` may be left out."""
    own = [a["$ref"].removeprefix("#/$defs/") for a in definitions["sft-trainer"]["oneOf"] if isinstance(a, dict)]
    for name in own:
        definitions[f"{name}.some"] = {**definitions[name], "required": []}
    return {
        "description": "Settings merged over the recipe's `sft`; null: no SFT, the base as it is.",
        "type": ["object", "null"],
        "properties": {"use": definitions["sft-trainer"]["properties"]["use"]},
        "x-kind": SFT_TRAINER,
        "anyOf": [{"type": "null"}, *({"$ref": f"#/$defs/{name}.some"} for name in own)],
    }


def _proxy_names(offers: Mapping[str, kinds.Proxy]) -> Schema:
    patterns = [_portable(offer.pattern) for _, offer in sorted(offers.items()) if offer.pattern]
    return {
        "description": "A proxy by its name, or by a shorthand such as pass@16.",
        "type": "string",
        "x-kind": "proxy",
        "anyOf": [{"enum": sorted(offers)}, *({"pattern": pattern} for pattern in patterns)],
    }


def _portable(pattern: str) -> str:
    """Write a Python pattern for a whole name as one that JavaScript reads alike."""
    bare = re.sub(r"\(\?P<\w+>", "(", pattern).replace(r"\d", "[0-9]")
    return rf"^(?:{bare})(?![\s\S])"


def _candidate() -> Schema:
    return {
        "description": "One strategy to train, one checkpoint to take as it is, or the base.",
        "type": "object",
        "properties": {
            "name": {**NAME, "description": "Unique; what tables call it."},
            "curate": {
                "description": "Curations of data.sft in order; without any: all of it, once.",
                "type": "array",
                "items": ref("curation"),
            },
            "sft": ref("sft-settings"),
            "checkpoint": {
                "description": "An existing checkpoint, instead of training: a Hugging Face folder, or a model component.",
                "anyOf": [{"type": "string", "minLength": 1}, ref("model")],
            },
            "start_from": {"description": "Another candidate whose SFT checkpoint this one's SFT starts from.", **NAME},
            "family": {"description": "Candidates that share a family are not independent.", **NAME},
            "details": {"description": "Free notes for the report.", "type": "object"},
            "notes": NOTES,
        },
        "required": ["name"],
        "additionalProperties": False,
    }


def _grid(plugins: Plugins) -> Schema:
    """A template; it is open where `$axis` may stand, and each candidate it gives is checked like any other."""
    scalar = {"type": ["string", "number", "boolean", "null"]}
    curations = sorted(plugins.offers(kinds.Curation))
    return {
        "description": "Candidates in full factorial: one for each combination of the axes' values.",
        "type": "object",
        "properties": {
            "name": {**NAME, "description": "Template: {axis} stands for the axis's value."},
            "axes": {
                "description": "Values by axis; in `curate` and `sft`, the string $axis stands for the value.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": r"^[A-Za-z_][A-Za-z0-9_]*(?![\s\S])"},
                "additionalProperties": {"type": "array", "minItems": 1, "uniqueItems": True, "items": scalar},
            },
            "skip": {
                "description": "Combinations to leave out; an axis that is not named may have any value.",
                "type": "array",
                "items": {"type": "object", "minProperties": 1, "additionalProperties": scalar},
            },
            "curate": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"use": {"type": "string", "enum": curations, "x-kind": "curation"}},
                    "required": ["use"],
                },
            },
            "sft": {"type": "object"},
            "family": NAME,
            "notes": NOTES,
        },
        "required": ["axes"],
        "additionalProperties": False,
    }


def _study() -> Schema:
    """Return the keys that say what is trained."""
    return {
        "$schema": {"type": "string"},
        "schema_version": {"type": "integer", "const": SCHEMA_VERSION, "description": "Version of the recipe's form."},
        "name": {**STUDY_NAME, "description": "Name of the study; it names a folder, too."},
        "seed": {**SEED, "description": "The study's one seed; 0 if left out. Give `seed` or `seeds`."},
        "seeds": {
            "description": "Seeds of repeated runs; a seed moves the choice of data, SFT and RL, and no problem.",
            "type": "array",
            "items": SEED,
            "minItems": 1,
            "uniqueItems": True,
        },
        "notes": NOTES,
        "plugins": {
            "description": "Local plug-in files, relative to the recipe.",
            "type": "array",
            "items": {"type": "string", "minLength": 1},
        },
        "base": {"description": "The base model.", **ref("model")},
        "data": {
            "description": "Data sources by role; further names are pools for curations.",
            "type": "object",
            "properties": {
                "sft": {"description": "What curations choose from.", **ref("data source")},
                "heldout": {"description": "Traces never trained on, for losses.", **ref("data source")},
                "rl": {"description": "Prompts with answers.", **ref("data source")},
            },
            "propertyNames": {"pattern": r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?![\s\S])"},
            "additionalProperties": ref("data source"),
        },
        "candidates": {"type": "array", "minItems": 1, "items": ref("candidate")},
        "grid": {
            "description": "Candidates by axes; a list for several grids.",
            "anyOf": [ref("grid"), {"type": "array", "minItems": 1, "items": ref("grid")}],
        },
        "sft": {"description": "The SFT every candidate goes through.", **ref(SFT_TRAINER)},
        "rl": {"description": "The RL every candidate goes through; without it, candidates are ranked.", **ref(RL_TRAINER)},
    }


def _measurement() -> Schema:
    """Return the keys that say what is measured, where and at what cost."""
    return {
        "engine": {"description": "What samples and scores; {'use': 'local'} if left out.", **ref("engine")},
        "benchmarks": {"type": "array", "minItems": 1, "items": ref("benchmark")},
        "proxies": {
            "description": "What is said to foretell the outcome; pass@1 and the largest pass@k if left out.",
            "type": "array",
            "minItems": 1,
            "items": {"anyOf": [ref("proxy-name"), ref("proxy")]},
        },
        "primary_proxy": {**NAME, "description": "The proxy named beforehand; the largest pass@k if left out."},
        "baseline_proxy": {**NAME, "description": "The proxy to beat; pass@1 if left out."},
        "execution": {"description": "Where steps run.", **ref("executor")},
        "cost": COST,
    }


def _rules() -> Schema:
    """Return the keys that say what counts."""
    return {
        "outcome": {
            "description": "What RL is for, measured after it.",
            "type": "object",
            "properties": {
                "metric": {"type": "string", "pattern": OUTCOME_METRIC, "default": "pass@1"},
                "samples": {"description": "Samples a problem.", "type": "integer", "minimum": 1, "default": 64},
            },
            "additionalProperties": False,
        },
        "contamination": _CONTAMINATION,
        "budget": {
            "description": "Same budget as a rule: every trained candidate comes within tolerance of this many tokens.",
            "type": "object",
            "properties": {
                "tokens": {"description": "SFT tokens, repeats counted.", "type": "integer", "minimum": 1},
                "tolerance": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.05},
                "enforce": {"type": "string", "enum": ["cut", "refuse"], "default": "cut"},
            },
            "required": ["tokens"],
            "additionalProperties": False,
        },
    }


_CONTAMINATION: Schema = {
    "description": "Look for benchmark problems among the training problems, and score without them too.",
    "anyOf": [
        {"type": "boolean"},
        {
            "type": "object",
            "properties": {
                "ngram": {"description": "Tokens in an n-gram.", "type": "integer", "minimum": 2, "default": 13},
                "share": {
                    "description": "Share of a problem's n-grams that one training prompt must hold.",
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": 1,
                    "default": 0.5,
                },
            },
            "additionalProperties": False,
        },
    ],
}
_BENCHMARK_KEYS: Schema = {
    "name": {**NAME, "description": "Unique; the component's name if left out."},
    "samples": {"description": "Samples a problem before RL.", "type": "integer", "minimum": 1},
    "grader": {"description": "Who judges completions; the benchmark's own if left out.", **ref("grader")},
    "sampling": {
        "description": "How completions are drawn; the benchmark's own if left out.",
        "type": "object",
        "properties": {
            "max_tokens": {"type": "integer", "minimum": 1},
            "temperature": {"type": "number", "minimum": 0},
            "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        },
        "additionalProperties": False,
    },
}
_RL_KEYS: Schema = {
    "evaluate_at": {
        "description": "RL steps at which the outcome is measured besides the end, ascending.",
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
    },
    "reward": {"description": "What pays for a right completion; the rl data's grader if left out.", **ref("grader")},
}
