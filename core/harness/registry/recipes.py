"""An entry against its recipe: the digest, the layout the recipe gives, the versions of what it names, the readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import digest
from harness.errors import HarnessError
from harness.offers import Proxy
from harness.plan.layout import layout_of
from harness.plugins import OFFER_HOOKS, Plugins
from harness.recipe import load
from harness.recipe.load import recipe_digest
from harness.registry.again import differences
from harness.result.recorded import layout_from
from harness.values import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.recipe import Recipe
    from harness.registry.records import Entry
    from harness.result.counts import ByPhase

KINDS = {kind.kind: kind for kind in OFFER_HOOKS}
_COMPARED = (
    "study",
    "seeds",
    "benchmarks",
    "primary_proxy",
    "baseline_proxy",
    "outcome",
    "evaluate_at",
    "has_rl",
    "proxies",
)
_OF_CANDIDATE = ("name", "family", "kind", "details", "curation")


def digest_faults(entry: Entry) -> Iterator[str]:
    """Say whether `recipe_digest` is the recipe's, by today's rule or the first one (the whole recipe)."""
    raw = entry.submission["recipe"]
    try:
        known = {digest.of_json(raw), recipe_digest(raw)}
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        yield f"submission.recipe: is no recipe ({type(error).__name__}); put the study's recipe.json there"
        return
    if entry.result["recipe_digest"] not in known:
        yield f"recipe_digest {entry.result['recipe_digest'][:12]}... is not that of the recipe in the submission"


def component_faults(entry: Entry, plugins: Plugins) -> Iterator[str]:
    """Say what is wrong with the versions: a component of the recipe without one, or one that nobody has released."""
    listed = entry.submission["components"]
    keys = [(one["kind"], one["name"]) for one in listed]
    for twice in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"submission.components: {twice[0]} {twice[1]!r} stands twice"
    for name in sorted(names_used(entry.submission["recipe"]) - {name for _, name in keys}):
        yield f"submission.components: {name!r} is used in the recipe and has no version"
    for one in listed:
        if one["from"] != "file" and one["from"] not in entry.result["plugins"]:
            yield f"submission.components: {one['name']!r} is from {one['from']!r}, which is not among the result's plugins"
        ours = _version_here(one, plugins)
        if ours is not None and _rank(one["version"]) > _rank(ours):
            said = f"{one['kind']} {one['name']!r} has version {one['version']!r}"
            yield f"submission.components: {said}; known up to {ours!r}"
    yield from _harness_faults(entry)


def component_notes(entry: Entry, plugins: Plugins) -> Iterator[str]:
    """Say which components have changed since, and which are not installed here."""
    gone = []
    for one in entry.submission["components"]:
        ours = _version_here(one, plugins)
        if ours is None:
            gone.append(f"{one['kind']} {one['name']!r} of {one['from']}")
        elif ours != one["version"]:
            yield f"{one['kind']} {one['name']!r} is by version {one['version']}, and {ours} is here"
    if gone:
        yield f"not installed here: {', '.join(gone)}"


def loaded_recipe(entry: Entry, plugins: Plugins) -> Recipe | str:
    """Load an entry's recipe, or say why it cannot be laid out here; a stranger's plug-in file is never imported."""
    raw = entry.submission["recipe"]
    if raw.get("plugins"):
        return "its recipe brings plug-in files, which are not run here"
    try:
        return load(raw, plugins)
    except HarnessError as error:
        return f"its recipe does not load here ({str(error).splitlines()[0][:200]})"


def layout_faults(entry: Entry, recipe: Recipe) -> Iterator[str]:
    """Say where a result is laid out otherwise than its recipe says: another primary proxy, a candidate left out."""
    wanted, found = layout_of(recipe), layout_from(entry.result)
    wanted["proxies"] = [{"reads_rl": 0, **proxy} for proxy in wanted["proxies"]]
    for name in _COMPARED:
        if name == "proxies" and not found["has_rl"]:
            continue
        for told in differences(found[name], wanted[name], name, False):
            yield told.replace("from the counts", "from the recipe")
    candidates = [{part: one[part] for part in _OF_CANDIDATE} for one in entry.result["candidates"]]
    names = [one["name"] for one in candidates]
    if names != [one["name"] for one in wanted["candidates"]]:
        odd = sorted(set(names).symmetric_difference(one["name"] for one in wanted["candidates"])) or names
        yield f"candidates are not the recipe's, or in another order: see {odd[0]!r}"
        return
    planned = [{part: one[part] for part in _OF_CANDIDATE} for one in wanted["candidates"]]
    for line in differences(candidates, planned, "candidates", False):
        yield line.replace("from the counts", "from the recipe")


def counted_faults(entry: Entry, recipe: Recipe, counts: Mapping[str, ByPhase]) -> Iterator[str]:
    """Read the proxies that need counts alone again, where this version of them is here; say where a reading is another."""
    seeds = entry.result["seeds"]
    versions = {(one["kind"], one["name"], one["version"]) for one in entry.submission["components"]}
    if entry.result["candidates"][0]["outcome"] is None:
        return
    for use in recipe.proxies:
        offer = use.offer
        if not isinstance(offer, Proxy) or offer.needs(use.params) != {"counts"} or offer.trivial:
            continue
        if ("proxy", offer.name, offer.version) not in versions:
            continue
        compute = offer.load()
        for one in entry.result["candidates"]:
            recorded = one["proxies"][use.label]
            per_seed = recorded.get("seeds") or {str(seed): recorded["value"] for seed in seeds}
            for seed in seeds:
                evidence = Evidence(candidate=one["name"], seed=seed, counts=counts[one["name"]]["pre"][seed])
                value = compute(evidence, use.params).value
                # Undefined here may mean that it wants majorities, which the counts of a registry do not hold.
                if value is not None:
                    place = f"candidates[{one['name']!r}].proxies[{use.label!r}], seed {seed}"
                    yield from differences(per_seed.get(str(seed)), value, place, False)


def names_used(raw: Any) -> set[str]:
    """Return every component a raw recipe names with `use`, executors apart: they move no number."""
    found: set[str] = set()
    pending = [part for name, part in raw.items() if name != "execution"]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("use"), str):
                found.add(value["use"])
            pending.extend(part for name, part in value.items() if name not in ("details", "notes"))
        elif isinstance(value, list):
            pending.extend(value)
    return found


def _harness_faults(entry: Entry) -> Iterator[str]:
    from packaging.version import InvalidVersion, Version

    from harness import __version__

    told = [entry.result["environment"].get("harness"), *(check["harness"] for check in entry.submission["checks"])]
    for text in told:
        try:
            if text is None or Version(text) > Version(__version__):
                yield f"harness version {text!r}: this is {__version__}; upgrade posttrain-harness, or correct it"
        except InvalidVersion:
            yield f"harness version {text!r} is no version"


def _version_here(one: Mapping[str, Any], plugins: Plugins) -> str | None:
    kind = KINDS.get(one["kind"])
    offer = plugins.offers(kind).get(one["name"]) if kind else None
    return offer.version if offer else None


def _rank(version: str) -> tuple[int, int, str]:
    return (1, int(version), "") if version.isdecimal() else (0, 0, version)
