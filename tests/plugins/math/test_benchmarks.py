"""The seven mathematics benchmarks, on small local data of made-up problems in each set's own columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter, ValidationError

from harness import Context, DataError, Problem
from harness_plugins.math.benchmarks import Params, harness_benchmarks
from harness_plugins.math.templates import TEMPLATES

OFFERS = {offer.name: offer for offer in harness_benchmarks()}
BOX = "Please reason step by step, and put your final answer within \\boxed{}."
COMMIT = "0123456789abcdef0123456789abcdef01234567"

# One row in the columns of each set's usual copy, and the id and gold answer it must give.
ROWS: dict[str, tuple[dict[str, Any], str | None, str]] = {
    "math-500": (
        {
            "problem": "Add $\\tfrac12$ and $\\tfrac12$.",
            "solution": "It is $\\boxed{1}$.",
            "answer": "1",
            "subject": "Prealgebra",
            "level": 1,
            "unique_id": "test/prealgebra/1.json",
        },
        "test/prealgebra/1.json",
        "1",
    ),
    "aime-1983-2024": (
        {"ID": "1990-2", "Year": 1990, "Problem Number": 2, "Question": "How many?", "Answer": "042", "Part": None},
        "1990-2",
        "042",
    ),
    "aime-2025": ({"problem": "How many now?", "answer": 70, "id": 0}, "0", "70"),
    "gsm8k": ({"question": "Two and two?", "answer": "2+2 = <<2+2=4>>4\n#### 4"}, None, "4"),
    "amc": ({"id": 3, "question": "How far?", "answer": 27.0, "url": "none"}, "3", "27"),
    "olympiad-bench": (
        {
            "id": 1606,
            "question": "Find all roots.",
            "solution": ["They are 1 and 2."],
            "final_answer": ["1", "$\\sqrt{2}$"],
            "context": None,
            "is_multiple_answer": True,
            "answer_type": "Numerical",
        },
        "1606",
        "1, $\\sqrt{2}$",
    ),
    "minerva-math": ({"question": "What is the mass?", "answer": "4.5e33"}, None, "4.5e33"),
}


def load(name: str, **settings: Any) -> list[Problem]:
    context = Context(seed=0, work=Path(), count_tokens=len, progress=lambda _: None)
    return OFFERS[name].load()(Params(**settings), context)


def jsonl(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_seven_benchmarks_are_offered_with_one_grader_and_their_sampling() -> None:
    assert list(OFFERS) == list(ROWS)
    for offer in OFFERS.values():
        assert (offer.grader, offer.samples) == ("math-verify", 64)
        assert (offer.sampling.temperature, offer.sampling.top_p, offer.sampling.max_tokens) == (0.7, 1.0, 8192)


@pytest.mark.parametrize("name", list(ROWS))
@pytest.mark.parametrize("form", ["jsonl", "parquet", "folder"])
def test_each_set_is_read_in_its_own_columns(name: str, form: str, tmp_path: Path) -> None:
    row, identity, answer = ROWS[name]
    if form == "parquet":
        file = tmp_path / "rows.parquet"
        pq.write_table(pa.Table.from_pylist([row]), file)
    else:
        file = jsonl(tmp_path, row)
        file = tmp_path if form == "folder" else file
    (problem,) = load(name, file=file, template="plain@1")
    statement = row.get("problem") or row.get("question") or row["Question"]
    assert (problem.prompt, problem.answer, problem.meta["statement"]) == (statement, answer, statement)
    assert problem.id == identity if identity is not None else len(problem.id) == 16
    assert not problem.chat and problem.stop == ()


def test_saved_folder_is_read_by_its_split(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    rows = Dataset.from_list([ROWS["gsm8k"][0]])
    DatasetDict({"test": rows, "train": rows}).save_to_disk(str(tmp_path / "saved"))
    (problem,) = load("gsm8k", file=tmp_path / "saved")
    assert problem.answer == "4"
    with pytest.raises(DataError, match="has no split 'validation'; set 'split' to one of: test, train"):
        load("gsm8k", file=tmp_path / "saved", split="validation")


def test_ids_stay_when_rows_are_put_in_another_order_and_where_no_id_is_given(tmp_path: Path) -> None:
    rows = [{"question": f"What is {n}?", "answer": f"#### {n}"} for n in range(3)]
    forward = load("gsm8k", file=jsonl(tmp_path, *rows))
    backward = load("gsm8k", file=jsonl(tmp_path, *reversed(rows)))
    assert {p.id: p.answer for p in forward} == {p.id: p.answer for p in backward}
    assert len({p.id for p in forward}) == 3
    assert load("gsm8k", file=jsonl(tmp_path, *rows), limit=2) == forward[:2]


def test_templates_keep_their_texts() -> None:
    """A text that changes under its name would change what old recipes mean: add a new number instead."""
    written = {name: (template.fill("P {x} \\frac{1}{2}"), template.chat) for name, template in TEMPLATES.items()}
    problem = "P {x} \\frac{1}{2}"
    assert written == {
        "plain@1": (problem, False),
        "boxed@1": (f"{problem}\n\n{BOX}\n\n", False),
        "minerva@1": (f"Problem:\n{problem}\n\nSolution:", False),
        "question-answer@1": (f"Question: {problem}\nAnswer:", False),
        "turns@1": (f"User:\n{problem}\n\nAssistant:\n", False),
        "turns-boxed@1": (f"User:\n{problem}\n\n{BOX}\n\nAssistant:\n", False),
        "chat@1": (problem, True),
        "chat-boxed@1": (f"{problem}\n\n{BOX}", True),
    }


def test_every_template_can_be_named_in_a_recipe() -> None:
    schema = TypeAdapter(Params).json_schema()
    assert schema["properties"]["template"]["enum"] == list(TEMPLATES)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"question": "What?"}, "row 1: has none of the columns answer, .*; it has: question"),
        ({"answer": "1"}, "row 1: has none of the columns problem, .*; it has: answer"),
        ({"question": "What?", "answer": ""}, "the answer is empty"),
        ({"question": " ", "answer": "1"}, "the problem is empty"),
        ({"question": "What?", "answer": True}, "True is neither a text nor a number"),
        ({"question": "What?", "answer": []}, r"\[\] is neither a text nor a number"),
    ],
)
def test_row_that_cannot_be_used_is_named(row: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        load("minerva-math", file=jsonl(tmp_path, row))


def test_same_problem_twice_is_refused(tmp_path: Path) -> None:
    row = ROWS["gsm8k"][0]
    with pytest.raises(DataError, match=r"row 2: id '.*' stands on an earlier row too"):
        load("gsm8k", file=jsonl(tmp_path, row, row))


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff"])
def test_damaged_file_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"^rows.jsonl") as caught:
        load("amc", file=file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": "MATH-500"}, "not a hub id"),
        ({"revision": "main"}, "not a commit hash of 40 hex digits"),
        ({"path": "a/b", "file": "rows.jsonl"}, "name two sources"),
        ({"template": "boxed@2"}, "template"),
        ({"limit": 0}, "limit"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(Params).validate_python(settings)


def test_hub_that_cannot_be_reached_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from harness import Context, DataError
from harness_plugins.math.benchmarks import Params, harness_benchmarks
offer = next(o for o in harness_benchmarks() if o.name == "math-500")
try:
    offer.load()(Params(revision="{COMMIT}"), Context(seed=0, work=Path(), count_tokens=len, progress=print))
except DataError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = done.stdout.splitlines()
    assert line.startswith("HuggingFaceH4/MATH-500[test]: cannot be read from the Hugging Face hub (")
    assert line.endswith("connect, or name a local copy with 'file'")


def test_offering_benchmarks_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness_plugins.math.benchmarks as b; list(b.harness_benchmarks());"
        "print([m for m in ('numpy', 'pyarrow', 'datasets', 'torch', 'pydantic') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
