"""Whether counts can be what a study drew: whole, every sample accounted for, the same problems everywhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.digest import canonical
from harness.errors import DataError
from harness.registry.files import MOST_PARQUET
from harness.result.counts import COLUMNS, read_counts_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.result.counts import ByPhase
    from harness.values import Counts

MOST_ROWS = 10_000_000


def read_bounded(path: Path) -> dict[str, ByPhase]:
    """Read counts from a stranger: size and rows are looked at before anything is decoded.

    Raises:
        DataError: too large, damaged, or no counts.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.stat().st_size > MOST_PARQUET:
        raise DataError(f"{path.name}: has {path.stat().st_size:,} bytes; at most {MOST_PARQUET:,} are read")
    try:
        with pq.ParquetFile(path) as file:
            rows, names = file.metadata.num_rows, file.schema_arrow.names
    except (pa.ArrowException, OSError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise DataError(f"{path.name}: cannot be read as Parquet ({said}); copy it again") from None
    if rows > MOST_ROWS:
        raise DataError(f"{path.name}: has {rows:,} rows; at most {MOST_ROWS:,} are read")
    if odd := sorted(set(names) - set(COLUMNS)):
        raise DataError(f"{path.name}: has a column {odd[0][:90]!r}; counts have {', '.join(COLUMNS)}")
    return read_counts_table(path)


def count_faults(result: Mapping[str, Any], counts: Mapping[str, ByPhase]) -> Iterator[str]:
    """Say where counts cannot belong to a result, one line a kind of trouble.

    Args:
        result: its form is right.
        counts: by candidate, phase and seed.
    """
    named = [one["name"] for one in result["candidates"]]
    for name in sorted(set(counts).symmetric_difference(named)):
        yield f"candidate {name[:90]!r} is in {'the counts' if name in counts else 'the result'} only"
    order: dict[str, tuple[str, ...]] = {}
    for one in result["candidates"]:
        phases = counts.get(one["name"], {})
        wanted = {"pre", *(f"at{point['step']}" for point in one["along"]), *(["post"] if one["outcome"] else [])}
        for phase in sorted(wanted.symmetric_difference(phases)):
            yield f"candidate {one['name']!r}: phase {phase[:40]!r} is in {_side(phase in phases)} only"
        for phase in sorted(wanted & set(phases)):
            for fault in _phase_faults(result, phase, phases[phase], order):
                yield f"candidate {one['name']!r}, {phase}{fault}"
                break


def _phase_faults(
    result: Mapping[str, Any], phase: str, by_seed: Mapping[int, tuple[Counts, ...]], order: dict[str, tuple[str, ...]]
) -> Iterator[str]:
    samples = {one["name"]: one["samples"] for one in result["benchmarks"]}
    for seed in sorted(set(by_seed).symmetric_difference(result["seeds"])):
        yield f": seed {seed} is in {_side(seed in by_seed)} only"
    for seed, entries in by_seed.items():
        found = [entry.benchmark for entry in entries]
        for name in sorted(set(samples).symmetric_difference(found)):
            yield f", seed {seed}: benchmark {name[:90]!r} is in {_side(name in found)} only"
        for entry in entries:
            where = f", seed {seed}, {entry.benchmark!r}"
            if order.setdefault(entry.benchmark, entry.problem_ids) != entry.problem_ids:
                same = set(order[entry.benchmark]) == set(entry.problem_ids)
                yield f"{where}: {'problems stand in another order' if same else 'other problems'} than elsewhere in it"
            drawn = samples.get(entry.benchmark, 0) if phase == "pre" else result["outcome_metric"]["samples"]
            most, least = int(entry.num_samples.max()), int(entry.num_samples.min())
            if most > drawn or (least < drawn and result["candidates"][0]["outcome"] is not None):
                odd = most if most > drawn else least
                yield f"{where}: {odd} samples of a problem; the result says {drawn}"


def k_faults(result: Mapping[str, Any]) -> Iterator[str]:
    """Say where a result claims pass@k with more k than samples."""
    before, after = (one["samples"] for one in (min(result["benchmarks"], key=_samples), result["outcome_metric"]))
    outcome = int(result["outcome_metric"]["name"].removeprefix("pass@"))
    if result["candidates"][0]["outcome"] is not None and outcome > after:
        yield f"outcome pass@{outcome} needs {outcome} samples a problem; {after} were drawn"
    for one in result["candidates"]:
        for phase, most in (("pre", before), ("post", after)):
            for label in one[phase] or ():
                k = int(label.removeprefix("pass@"))
                if k > most:
                    yield f"candidate {one['name']!r}: {phase} {label} needs {k} samples a problem; {most} were drawn"
                    return


def counts_digest(counts: Mapping[str, ByPhase]) -> str:
    """Return the SHA-256 of counts, whatever the order of their rows."""
    digest = hashlib.sha256()
    for candidate in sorted(counts):
        for phase in sorted(counts[candidate]):
            for seed, entries in sorted(counts[candidate][phase].items()):
                for entry in sorted(entries, key=lambda one: one.benchmark):
                    rows = np.argsort(np.array(entry.problem_ids, dtype=object), kind="stable")
                    ids = [entry.problem_ids[row] for row in rows]
                    numbers = [entry.num_samples[rows].tolist(), entry.num_correct[rows].tolist()]
                    digest.update(canonical([candidate, phase, seed, entry.benchmark, ids, *numbers]).encode())
    return digest.hexdigest()


def _samples(benchmark: Mapping[str, Any]) -> int:
    return int(benchmark["samples"])


def _side(in_counts: bool) -> str:
    return "the counts" if in_counts else "the result"
