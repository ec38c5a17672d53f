"""Load a recipe: read it, check its structure, bind every name, and check what only the whole can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import digest
from harness.errors import HarnessError
from harness.offers import DataSource, Grader, Trainer
from harness.recipe.candidates import build_candidates
from harness.recipe.cost import cost_facts
from harness.recipe.evidence import Sources
from harness.recipe.faults import quoted, shown
from harness.recipe.grid import Draft, expand
from harness.recipe.measures import build_benchmarks, build_outcome, build_proxies, choose_baseline, choose_primary
from harness.recipe.notes import without_notes
from harness.recipe.read import read
from harness.recipe.records import Budget, Recipe, RlStage, trained_on
from harness.recipe.schema import SCHEMA_VERSION, by_kind, composed_schema
from harness.recipe.structure import Structure
from harness.recipe.uses import Binder, below

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.contamination import Rule
    from harness.plugins import Plugins
    from harness.recipe.read import Document
    from harness.recipe.records import Use

_DEFAULT_ENGINE = "local"
_DEFAULT_EXECUTOR = "local-processes"
_NOT_IN_DIGEST = frozenset({"execution"})
"""Where steps run moves no number, and the digest seeds the analysis: on a cluster it must give the same."""


def load(source: Path | str | Mapping[str, Any], plugins: Plugins) -> Recipe:
    """Load and check a recipe; nothing is written and no component is loaded.

    Args:
        source: a file's path, the name of a shipped recipe ("quickstart"), or the recipe itself.
        plugins: whose components it may name; the recipe's own plug-in files are added to them.

    Raises:
        RecipeError: it cannot be run; the message has a line `file:line: path: what is wrong; what to do` for each fault.
        PluginError: some plug-in's offer breaks the contract.
    """
    document = read(source)
    raw, faults = document.raw, document.faults
    _check_version(document)
    _add_plugins(document, plugins)
    schema = composed_schema(plugins, only=_names(raw))
    kinds = {name: kind for kind, offers in by_kind(plugins).items() for name in offers}
    structure = Structure(schema, faults, kinds, _default_sft(raw))
    structure.check(raw)
    faults.stop()
    binder = Binder(plugins=plugins, definitions=schema["$defs"], folder=document.folder, faults=faults)
    return _build(document, raw, binder, structure)


def recipe_digest(raw: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON of what of a raw recipe can move a number."""
    return digest.of_json({key: part for key, part in without_notes(raw).items() if key not in _NOT_IN_DIGEST})


def _check_version(document: Document) -> None:
    """Refuse another version before its other differences are told as faults."""
    raw = document.raw
    version = raw.get("schema_version", SCHEMA_VERSION) if isinstance(raw, dict) else SCHEMA_VERSION
    if isinstance(version, int) and not isinstance(version, bool) and version != SCHEMA_VERSION:
        message = f"version {shown(version)} is not supported; this harness reads version {SCHEMA_VERSION}"
        document.faults.add(("schema_version",), message)
    document.faults.stop()


def _add_plugins(document: Document, plugins: Plugins) -> None:
    """Add the recipe's own plug-in files; what is no list of names is told with the structure."""
    entries = document.raw.get("plugins") if isinstance(document.raw, dict) else None
    binder = Binder(plugins=plugins, definitions={}, folder=document.folder, faults=document.faults)
    for i, entry in enumerate(entries if isinstance(entries, list) else ()):
        path = binder.path(entry, ("plugins", i)) if isinstance(entry, str) and entry else None
        if path is None or path.resolve() in plugins.files:
            continue
        try:
            plugins.add_file(path)
        except HarnessError as error:
            document.faults.add(("plugins", i), str(error))
    document.faults.stop()


def _names(raw: Any) -> set[str]:
    """Return every string that might name a component."""
    names = {_DEFAULT_ENGINE, _DEFAULT_EXECUTOR}
    pending = [raw]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("use"), str):
                names.add(value["use"])
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return names


def _default_sft(raw: Any) -> str | None:
    sft = raw.get("sft") if isinstance(raw, dict) else None
    name = sft.get("use") if isinstance(sft, dict) else None
    return name if isinstance(name, str) else None


def _build(document: Document, raw: Mapping[str, Any], binder: Binder, structure: Structure) -> Recipe:
    faults = document.faults
    if "seed" in raw and "seeds" in raw:
        faults.add(("seeds",), "the recipe has both 'seed' and 'seeds'; remove one", key=True)
    base = binder.bind("model", raw["base"], below("base"))
    data = {n: use for n, s in raw.get("data", {}).items() if (use := binder.bind("data source", s, below("data", n)))}
    candidates = build_candidates(_drafts(raw, binder), raw, binder, structure)
    benchmarks = build_benchmarks(raw, binder)
    rl = _build_rl(raw, data, binder)
    engine = binder.bind("engine", raw.get("engine", {"use": _DEFAULT_ENGINE}), below("engine"))
    execution = binder.bind("executor", raw.get("execution", {"use": _DEFAULT_EXECUTOR}), below("execution"))
    outcome = build_outcome(raw, binder)
    faults.stop()
    sources = Sources(benchmarks=benchmarks, has_heldout="heldout" in data, engine=engine, rl=rl)
    proxies = build_proxies(raw, sources, binder, structure)
    faults.stop()
    baseline, proxies, warnings = choose_baseline(raw, proxies, binder, structure)
    primary = choose_primary(raw, proxies, binder)
    faults.stop()
    if base is None or engine is None or execution is None:
        raise AssertionError("unreachable: a fault was noted")
    return Recipe(
        name=raw["name"],
        path=document.path,
        digest=recipe_digest(raw),
        raw=raw,
        seeds=tuple(raw.get("seeds", [raw.get("seed", 0)])),
        base=base,
        data=data,
        candidates=candidates,
        rl=rl,
        engine=engine,
        benchmarks=benchmarks,
        proxies=proxies,
        primary_proxy=primary,
        baseline_proxy=baseline,
        outcome=outcome,
        execution=execution,
        **_options(raw, data, binder),
        warnings=(*warnings, *_warnings(raw)),
    )


def _drafts(raw: Mapping[str, Any], binder: Binder) -> list[Draft]:
    """Gather the candidates as written and those of the grids."""
    drafts = [Draft(raw=c, place=below("candidates", i)) for i, c in enumerate(raw.get("candidates", ()))]
    grid = raw.get("grid", [])
    grids = [(("grid",), grid)] if isinstance(grid, dict) else [(("grid", i), g) for i, g in enumerate(grid)]
    for where, one in grids:
        drafts += expand(one, where, binder.faults)
    if not drafts and not binder.faults:
        binder.faults.add(("candidates",), 'missing; add "candidates" or "grid"')
    return drafts


def _build_rl(raw: Mapping[str, Any], data: Mapping[str, Use], binder: Binder) -> RlStage | None:
    if "rl" not in raw:
        return None
    entry, faults = raw["rl"], binder.faults
    use = binder.bind("rl trainer", entry, below("rl"))
    if "rl" not in raw.get("data", {}):
        faults.add(("data", "rl"), 'missing; RL needs prompts with answers, so add "rl" to "data"')
        return None
    reward = _reward(entry, data, binder)
    if use is None or reward is None or not isinstance(use.offer, Trainer):
        return None
    evaluate_at = tuple(entry.get("evaluate_at", ()))
    steps = getattr(use.params, "steps", None)
    for i, step in enumerate(evaluate_at):
        if i and step <= evaluate_at[i - 1]:
            faults.add(
                ("rl", "evaluate_at", i), f"{step} comes after {evaluate_at[i - 1]}; list RL steps in ascending order"
            )
        elif isinstance(steps, int) and step > steps:
            message = f'{step} is beyond the end of RL, which has {steps} steps; lower it, or raise "steps"'
            faults.add(("rl", "evaluate_at", i), message)
    return RlStage(use=use, reward=reward, evaluate_at=evaluate_at)


def _reward(entry: Mapping[str, Any], data: Mapping[str, Use], binder: Binder) -> Grader | None:
    if "reward" in entry:
        found = binder.find("grader", entry["reward"]["use"], ("rl", "reward", "use"))
        return found if isinstance(found, Grader) else None
    source = data["rl"].offer if "rl" in data else None
    if not isinstance(source, DataSource):
        return None
    if source.grader is None:
        message = f'missing, and {quoted(source.name)} names no grader; add "reward": {{"use": a grader}}'
        binder.faults.add(("rl", "reward"), message)
        return None
    found = binder.find("grader", source.grader, ("data", "rl", "use"))
    return found if isinstance(found, Grader) else None


def _options(raw: Mapping[str, Any], data: Mapping[str, Use], binder: Binder) -> dict[str, Any]:
    return {
        "budget": Budget(**raw["budget"]) if "budget" in raw else None,
        "contamination": _contamination(raw, data, binder),
        "cost": cost_facts(raw),
    }


def _contamination(raw: Mapping[str, Any], data: Mapping[str, Use], binder: Binder) -> Rule | None:
    asked = raw.get("contamination", False)
    if asked is False:
        return None
    from harness.contamination import Rule  # which imports numpy

    if not trained_on(data):
        binder.faults.add(
            ("contamination",), 'there is nothing to compare with; add "sft" or "rl" to "data", or leave it out'
        )
        binder.faults.stop()
    return Rule(**({} if asked is True else asked))


def _warnings(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is allowed and yet perhaps not meant."""
    if "rl" in raw:
        return ()
    idle = [what for what in ("outcome",) if what in raw] + (["data.rl"] if "rl" in raw.get("data", {}) else [])
    return tuple(f"{what} is not used: the recipe has no rl" for what in idle)
