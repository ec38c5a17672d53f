"""What is measured: benchmarks, proxies, and that the samples suffice for both."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from harness.errors import suggest
from harness.offers import Benchmark, Proxy
from harness.recipe.component import definition_of
from harness.recipe.evidence import lacking
from harness.recipe.faults import quoted, shown
from harness.recipe.records import BenchmarkUse, Outcome, Use
from harness.recipe.uses import below
from harness.values import Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.recipe.component import Schema
    from harness.recipe.evidence import Sources
    from harness.recipe.locate import Where
    from harness.recipe.structure import Structure
    from harness.recipe.uses import Binder

_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")
_LARGEST = re.compile(r"pass@\d+")


def build_benchmarks(raw: Mapping[str, Any], binder: Binder) -> tuple[BenchmarkUse, ...]:
    """Bind the benchmarks with their sampling."""
    built: list[BenchmarkUse] = []
    names: set[str] = set()
    for i, entry in enumerate(raw["benchmarks"]):
        use = binder.bind("benchmark", entry, below("benchmarks", i))
        if use is None or not isinstance(use.offer, Benchmark):
            continue
        name = entry.get("name", use.offer.name)
        if name in names:
            message = f'two benchmarks are called {quoted(name)}; give one of them another "name"'
            binder.faults.add(("benchmarks", i, "name"), message)
        names.add(name)
        chosen: Where = ("benchmarks", i, "grader", "use") if "grader" in entry else ("benchmarks", i)
        grader = entry["grader"]["use"] if "grader" in entry else use.offer.grader
        binder.find("grader", grader, chosen)
        sampling = Sampling(**{**asdict(use.offer.sampling), **_floats(entry.get("sampling", {}))})
        samples = entry.get("samples", use.offer.samples)
        built.append(BenchmarkUse(use=use, name=name, samples=samples, sampling=sampling, grader=grader))
    return tuple(built)


def build_proxies(raw: Mapping[str, Any], sources: Sources, binder: Binder, structure: Structure) -> tuple[Use, ...]:
    """Bind the proxies asked for, or the default ones; the trivial ones join where there is an outcome to foretell."""
    benchmarks, has_heldout = sources.benchmarks, sources.has_heldout
    entries: list[tuple[Where, Any]] = [(("proxies", i), entry) for i, entry in enumerate(raw.get("proxies", ()))]
    if "proxies" not in raw:
        wanted = ["pass@1", f"pass@{min(b.samples for b in benchmarks)}", *(["generalization-loss"] if has_heldout else [])]
        known = [name for name in dict.fromkeys(wanted) if _spelled_out(name, binder)]
        entries = [(("proxies",), name) for name in known]
        if not known:
            binder.faults.add(("proxies",), "missing, and no plug-in offers pass@1; name some proxies")
    proxies: list[Use] = []
    for where, entry in entries:
        use = _proxy(entry, where, binder, structure)
        if use is not None:
            if use.label in {p.label for p in proxies}:
                binder.faults.add(where, f"{quoted(use.label)} stands twice; remove one")
            for message in lacking(use, sources):
                binder.faults.add(where, message)
            proxies.append(use)
    if "rl" in raw:
        taken = {p.offer.name for p in proxies}
        for name, offer in sorted(binder.plugins.offers(Proxy).items()):
            if offer.trivial and name not in taken and (use := _proxy({"use": name}, ("proxies",), binder, structure)):
                needs = offer.needs(use.params)
                if has_heldout or not needs & {"own-loss", "fixed-loss"}:
                    proxies.append(use)
    return tuple(proxies)


def choose_primary(raw: Mapping[str, Any], proxies: Sequence[Use], binder: Binder) -> str:
    """Return the label of the proxy named beforehand; by default the largest pass@k."""
    if "primary_proxy" in raw:
        return _listed("primary_proxy", raw["primary_proxy"], proxies, binder)
    own = [p for p in proxies if not _offer(p).trivial] or list(proxies)
    passes = [p for p in own if _LARGEST.fullmatch(p.label)] or own
    return max(passes, key=lambda p: _offer(p).min_samples(p.params)).label if passes else ""


def choose_baseline(
    raw: Mapping[str, Any], proxies: tuple[Use, ...], binder: Binder, structure: Structure
) -> tuple[str, tuple[Use, ...], tuple[str, ...]]:
    """Return the label of the proxy to beat, the proxies with it among them, and warnings."""
    if "baseline_proxy" in raw:
        return _listed("baseline_proxy", raw["baseline_proxy"], proxies, binder), proxies, ()
    if any(p.label == "pass@1" for p in proxies):
        return "pass@1", proxies, ()
    use = _proxy("pass@1", ("baseline_proxy",), binder, structure)
    if use is None:
        return "", proxies, ()
    warning = 'pass@1 is added to the proxies: it is the baseline to beat; name another with "baseline_proxy"'
    return use.label, (*proxies, use), (warning,)


def build_outcome(raw: Mapping[str, Any], binder: Binder) -> Outcome:
    """Read the outcome's metric and check that its samples suffice."""
    entry = raw.get("outcome", {})
    k = int(entry.get("metric", "pass@1").removeprefix("pass@"))
    outcome = Outcome(k=k, samples=entry.get("samples", Outcome().samples))
    if k > outcome.samples:
        message = f'pass@{k} needs {k} samples a problem, and "samples" is {outcome.samples}; raise it, or lower k'
        binder.faults.add(("outcome", "metric"), message)
    return outcome


def _proxy(entry: Any, where: Where, binder: Binder, structure: Structure) -> Use | None:
    raw = entry if isinstance(entry, dict) else _spelled_out(entry, binder)
    if raw is None:
        binder.faults.add(where, structure.explain_unknown("proxy", entry, sorted(binder.plugins.offers(Proxy))))
        return None
    place = below(*where) if isinstance(entry, dict) else lambda _below: where
    if not structure.check(raw, "proxy", place):
        return None
    use = binder.bind("proxy", raw, place)
    return None if use is None else replace(use, label=_label(use))


def _spelled_out(name: str, binder: Binder) -> dict[str, Any] | None:
    """Turn "pass@16" into {"use": "pass@k", "k": 16}."""
    offers = binder.plugins.offers(Proxy)
    if name in offers:
        return {"use": name}
    for offer in offers.values():
        match = re.fullmatch(offer.pattern, name, re.ASCII) if offer.pattern else None
        if match:
            fields = binder.definitions.get(definition_of("proxy", offer.name), {}).get("properties", {})
            groups = {k: v for k, v in match.groupdict().items() if v is not None}
            return {"use": offer.name, **{k: _typed(v, fields.get(k, {})) for k, v in groups.items()}}
    return None


def _typed(text: str, schema: Schema) -> Any:
    types = {s.get("type") for s in schema.get("anyOf", [schema])}
    if "integer" in types and re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    if "number" in types and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", text):
        return float(text)
    return text


def _label(use: Use) -> str:
    """Return a proxy's name in tables: its shorthand where it has one, with any further settings behind."""
    offer = _offer(use)
    inside: set[str] = set()
    label = offer.name
    if offer.pattern:
        filled = re.sub(r"\\(.)", r"\1", _GROUP.sub(lambda m: str(use.settings.get(m[1], "")), offer.pattern))
        if re.fullmatch(offer.pattern, filled, re.ASCII):
            label, inside = filled, set(_GROUP.findall(offer.pattern))
    further = {k: v for k, v in use.settings.items() if k not in inside and v != _default(use, k)}
    if not further:
        return label
    return f"{label} ({', '.join(f'{k} {v}' if isinstance(v, str) else f'{k} {shown(v)}' for k, v in further.items())})"


def _default(use: Use, field: str) -> Any:
    """Return a setting's default; a field without one has a default no setting equals."""
    from dataclasses import MISSING, fields

    found = next(f for f in fields(use.offer.params) if f.name == field)
    value = found.default_factory() if found.default_factory is not MISSING else found.default
    return list(value) if isinstance(value, tuple) else value


def _listed(key: str, name: str, proxies: Sequence[Use], binder: Binder) -> str:
    labels = [p.label for p in proxies]
    if name not in labels:
        message = f'{quoted(name)} is not among the proxies; add it to "proxies", or name one of them: {", ".join(labels)}'
        if suggest(name, labels).startswith("did you mean"):
            message = f"{quoted(name)} is not among the proxies; {suggest(name, labels)}"
        binder.faults.add((key,), message)
    return name


def _offer(use: Use) -> Proxy:
    if not isinstance(use.offer, Proxy):
        raise TypeError(use.offer)
    return use.offer


def _floats(sampling: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if k == "max_tokens" else float(v) for k, v in sampling.items()}
