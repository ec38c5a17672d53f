"""lm-eval's output files: results_<time>.json and samples_<task>_<time>.jsonl, in a folder for each checkpoint.

The form is that of lm-evaluation-harness 0.4.13 with --output_path and --log_samples. A row is a problem: `resps` holds all
of its samples, `acc` its share of right ones, and `pass_at_1` in the results their mean.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from harness.jsonl import write_rows
from harness.store import slug, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.export.samples import Evaluation
    from harness.values import Problem

STAMP = "1970-01-01T00-00-00.000000"
"""Stands for the time in file names, which readers parse: the same study gives the same files."""
METRIC = "acc,none"


def write_lm_eval(found: Iterable[Evaluation], out: Path) -> list[Path]:
    """Write the evaluations, and return the files."""
    written: list[Path] = []
    results: dict[Path, dict[str, Any]] = {}
    for one in found:
        folder = out / slug(one.label)
        folder.mkdir(parents=True, exist_ok=True)
        task = slug(one.benchmark)
        file = folder / f"samples_{task}_{STAMP}.jsonl"
        rows = [_row(one, number, problem) for number, problem in enumerate(one.problems)]
        write_rows(file, rows)
        written.append(file)
        _add(results.setdefault(folder, _empty(one)), one, task, [row["acc"] for row in rows])
    for folder, result in results.items():
        write_json(folder / f"results_{STAMP}.json", result)
        written.append(folder / f"results_{STAMP}.json")
    return written


def _row(one: Evaluation, number: int, problem: Problem) -> dict[str, Any]:
    samples = one.samples[problem.id]
    document = {"id": problem.id, "problem": problem.prompt, "answer": problem.answer}
    settings = {"until": list(problem.stop), "do_sample": True, **one.sampling}
    return {
        "doc_id": number,
        "doc": document,
        "target": problem.answer,
        "arguments": {"gen_args_0": {"arg_0": problem.prompt, "arg_1": settings}},
        "resps": [[sample.text for sample in samples]],
        "filtered_resps": [sample.answer for sample in samples],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": _hash(json.dumps(document, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(problem.prompt),
        "target_hash": _hash(problem.answer),
        "acc": sum(sample.correct for sample in samples) / len(samples),
    }


def _empty(one: Evaluation) -> dict[str, Any]:
    return {
        "results": {},
        "group_subtasks": {},
        "configs": {},
        "versions": {},
        "n-shot": {},
        "higher_is_better": {},
        "n-samples": {},
        "config": {
            "model": "posttrain-harness",
            "model_args": one.label,
            "gen_kwargs": dict(one.sampling),
            "random_seed": one.seed,
        },
        "model_name": one.label,
        "model_source": one.study,
        "date": 0.0,
    }


def _add(result: dict[str, Any], one: Evaluation, task: str, shares: list[float]) -> None:
    count = len(shares)
    mean = sum(shares) / count
    spread = (sum((share - mean) ** 2 for share in shares) / (count - 1) / count) ** 0.5 if count > 1 else None
    result["results"][task] = {"alias": task, METRIC: mean, "acc_stderr,none": "N/A" if spread is None else spread}
    result["group_subtasks"][task] = []
    repeats = min(len(samples) for samples in one.samples.values())
    result["configs"][task] = {
        "task": task,
        "output_type": "generate_until",
        "repeats": repeats,
        "generation_kwargs": dict(one.sampling),
    }
    result["versions"][task] = 1
    result["n-shot"][task] = 0
    result["higher_is_better"][task] = {"acc": True}
    result["n-samples"][task] = {"original": count, "effective": count}


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
