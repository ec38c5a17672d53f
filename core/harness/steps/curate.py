"""curate: a candidate's chain of curations, its token budget, and its own held-out set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness import budget
from harness.digest import seed_from
from harness.errors import UserError
from harness.jsonl import read_examples, write_examples
from harness.recipe import Budget
from harness.store import write_json
from harness.tables import read_table
from harness.values import Curated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.job import Job
    from harness.offers import Curation
    from harness.step import Part


def run(job: Job) -> None:
    """Write examples.jsonl, heldout.jsonl (where the chain selects) and curated.json."""
    examples = read_examples(job.input("data") / "examples.jsonl")
    heldout = read_examples(job.input("heldout") / "examples.jsonl") if "heldout" in job.step.inputs else ()
    shared = _shared(job)
    # Other pools hold training traces, and pass rates are of training prompts: a held-out set must not go by them.
    following: dict[str, Any] = {}
    data = Curated(examples=examples)
    own: Curated | None = Curated(examples=heldout)
    reason = None
    for position, part in enumerate(job.step.parts):
        before = data
        data = _apply(job, part, data, seed_from(job.step.seed, position), shared)
        if own and own.examples and _selects(job, part):
            scale = len(own.examples) / max(1, len(before.examples))
            try:
                own = _apply(job, part, own, seed_from(job.step.seed, position), following, scale=scale)
            except (ValueError, UserError) as error:
                own, reason = None, f"the held-out set cannot follow {part.name}: {error}"
    _write(job, data, own, reason)


def _write(job: Job, data: Curated, own: Curated | None, reason: str | None) -> None:
    count = job.context(seed=job.step.seed, base="base").count_tokens
    rule = job.step.settings["budget"]
    if rule:
        data = budget.fit(data, Budget(**rule), count)
    if not data.examples:
        raise UserError(f"{job.step.title}: no example is left; loosen the curations")
    tokens = budget.count(data, count)
    write_examples(job.out / "examples.jsonl", data.examples)
    write_examples(job.out / "heldout.jsonl", own.examples if own else ())
    job.facts |= {"examples": len(data.examples), "epochs": data.epochs, "train_tokens": tokens.total}
    write_json(
        job.out / "curated.json",
        {**job.facts, "heldout": len(own.examples) if own else 0, "heldout_reason": reason},
    )


def _shared(job: Job) -> dict[str, Any]:
    """Read what curations may ask of the host: the recipe's pools, and the base's pass rates."""
    shared: dict[str, Any] = {}
    pools = [role for role in job.step.inputs if role.startswith("pool/")]
    if pools:
        shared["pools"] = {role.removeprefix("pool/"): read_examples(job.input(role) / "examples.jsonl") for role in pools}
    if "rates" in job.step.inputs:
        table = read_table(job.input("rates") / "counts.parquet")
        rates = table["num_correct"] / table["num_samples"]
        shared["pass_rates"] = dict(zip(table["problem_id"].tolist(), rates.tolist(), strict=True))
    return shared


def _apply(job: Job, part: Part, data: Curated, seed: int, shared: Mapping[str, Any], scale: float = 1.0) -> Curated:
    """Run one curation; nested chains come back through here with seeds of their own."""
    curate, params = job.component(part)
    nested = {_chain_key(p.name, p.settings): p for p in part.nested}

    def inner(start: Curated, chain: Sequence[Mapping[str, Any]], salt: int) -> Curated:
        for position, use in enumerate(chain):
            given = {k: v for k, v in use.items() if k != "use"}
            found = nested.get(_chain_key(use["use"], given)) or _bare(job, use["use"], given)
            start = _apply(job, found, start, seed_from(seed, salt, position), shared, scale)
        return start

    context = replace(job.context(seed=seed, base="base"), curate=inner, scale=scale, **shared)
    result = curate(data, params, context)
    if not isinstance(result, Curated):
        raise TypeError(f"curation {part.name!r} returned {type(result).__name__}, not Curated")
    return result


def _bare(job: Job, name: str, given: Mapping[str, Any]) -> Part:
    """Build the part of a nested curation whose settings leave out defaults."""
    from harness.offers import Curation as Kind
    from harness.step import Part

    offer = job.plugins.find(Kind, name)
    return Part(kind="curation", name=name, version=offer.version, settings=given)


def _chain_key(name: str, given: Mapping[str, Any]) -> str:
    from harness.digest import of_json

    return of_json([name, dict(given)])


def _selects(job: Job, part: Part) -> bool:
    offer: Curation = job.offer(part)  # type: ignore[assignment]
    return offer.selects
