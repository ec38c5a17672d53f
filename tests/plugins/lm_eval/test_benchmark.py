"""lm-eval tasks as benchmarks: problems, grading sample by sample, and lm-eval's own evaluator on the same engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import lm_eval
import pytest
from lm_eval.tasks import TaskManager

from harness import Context, DataError, MissingError, Problem, SampleRequest, Sampling, UserError
from harness.steps.sample import cut_at_stop
from harness_plugins.lm_eval.benchmark import Params, harness_benchmarks
from harness_plugins.lm_eval.grader import grade
from harness_plugins.lm_eval.model import EngineModel
from harness_plugins.lm_eval.tasks import find_folder
from harness_plugins.local.engine import Params as EngineParams
from harness_plugins.local.engine import open_engine
from plugins.lm_eval.conftest import write_task

pytestmark = pytest.mark.filterwarnings("default")
BASE = Path(__file__).parents[3] / "plugins" / "harness_plugins" / "miniature" / "base"


def load(folder: Path, **settings: Any) -> list[Problem]:
    (offer,) = harness_benchmarks()
    context = Context(seed=0, work=Path(), count_tokens=len, progress=lambda _: None)
    return offer.load()(Params(**{"task": "small-sums", "path": folder, **settings}), context)


def test_documents_become_problems_with_the_tasks_prompts_and_stops(task_folder: Path) -> None:
    problems = load(task_folder)
    assert [(p.id, p.prompt, p.answer) for p in problems] == [(str(n - 1), f"{n}+{n}?>", str(2 * n)) for n in range(1, 5)]
    assert {p.stop for p in problems} == {(";", "?>")}
    assert problems[0].meta["statement"] == "1+1?>"
    assert [p.id for p in load(task_folder, limit=2)] == ["0", "1"]
    assert all(p.chat for p in load(task_folder, chat=True))


@pytest.mark.parametrize(
    ("completion", "name", "expected"),
    [
        (" 1+1=2", "last-number", (True, "2")),
        (" 2 or 3", "last-number", (False, "3")),
        (" two", "last-number", (False, None)),
        ("2", "whole", (True, "2")),
        (" 1+1=2", "whole", (False, " 1+1=2")),
        ("", "last-number", (False, None)),
    ],
)
def test_each_sample_is_graded_by_the_tasks_own_filter(
    task_folder: Path, completion: str, name: str, expected: tuple[bool, str | None]
) -> None:
    found = grade(load(task_folder, filter=name)[0], completion)
    assert (found.correct, found.answer) == expected


def test_samples_and_scores_are_those_of_lm_evals_own_evaluator_on_the_same_engine(tmp_path: Path) -> None:
    """lm-eval asks the same request 3 times; ours asks once for 3 samples. Same draws, same verdicts."""
    keep_all = "      - function: take_first\n  - name: whole"
    folder = write_task(
        tmp_path / "tasks", repeats=3, **{keep_all: "      - function: take_first_k\n        k: 3\n  - name: whole"}
    )
    with open_engine(BASE, EngineParams()) as session:
        evaluated = lm_eval.simple_evaluate(
            model=EngineModel(session, seed=7),
            tasks=["small-sums"],
            task_manager=TaskManager(include_path=str(folder), include_defaults=False),
            bootstrap_iters=0,
            log_samples=True,
        )
        problems = load(folder, filter="whole")
        sampling = Sampling(max_tokens=24, temperature=1.0)
        requests = [
            SampleRequest(problem_id=f"small-sums/{p.id}", prompt=p.prompt, num_samples=3, sampling=sampling, seed=7)
            for p in problems
        ]
        drawn = {(s.problem_id, s.index): s for s in session.sample(requests)}
    rows = [row for row in evaluated["samples"]["small-sums"] if row["filter"] == "whole"]
    assert len(rows) == 4
    for row, problem in zip(sorted(rows, key=lambda r: r["doc_id"]), problems, strict=True):
        texts = [cut_at_stop(drawn[f"small-sums/{problem.id}", i], problem.stop).text for i in range(3)]
        assert row["resps"] == [texts]
        assert row["exact_match"] == float(grade(problem, texts[0]).correct)
    assert len({tuple(row["resps"][0]) for row in rows}) > 1
    assert any(len(set(row["resps"][0])) > 1 for row in rows)


def test_model_scores_choices_as_the_engine_does(tmp_path: Path) -> None:
    folder = write_task(
        tmp_path / "tasks",
        **{
            "output_type: generate_until": 'output_type: multiple_choice\ndoc_to_choice: ["2", "4", "6", "8"]',
            "metric: exact_match": "metric: acc",
            'doc_to_target: "{{answer}}"': 'doc_to_target: "{{(answer | int) // 2 - 1}}"',
        },
    )
    text = (folder / "small.yaml").read_text()
    head, _, tail = text.partition("generation_kwargs:")
    (folder / "small.yaml").write_text(head + "metric_list:" + tail.partition("metric_list:")[2])
    with open_engine(BASE, EngineParams()) as session:
        found = lm_eval.simple_evaluate(
            model=EngineModel(session),
            tasks=["small-sums"],
            task_manager=TaskManager(include_path=str(folder), include_defaults=False),
            bootstrap_iters=0,
            log_samples=True,
        )
    for row in found["samples"]["small-sums"]:
        likelihoods = [float(pair[0]) for (pair,) in row["resps"]]
        assert len(likelihoods) == 4 and all(value < 0 for value in likelihoods)
        best = ["2", "4", "6", "8"][likelihoods.index(max(likelihoods))]
        assert row["acc"] == float(best == row["doc"]["answer"])
    with pytest.raises(UserError, match="its output_type is multiple_choice, which draws no samples"):
        load(folder)


def test_tasks_that_are_not_there_are_named(task_folder: Path) -> None:
    with pytest.raises(MissingError, match="lm-eval task 'sums' is not in 'tasks'; name one of: small-sums"):
        load(task_folder, task="sums")
    with pytest.raises(UserError, match="has no filter 'none'; it has: last-number, whole"):
        load(task_folder, filter="none")
    with pytest.raises(UserError, match="has no metric 'f1'; set 'metric' to one of: exact_match"):
        grade(load(task_folder, metric="f1")[0], "2")
    with pytest.raises(MissingError, match="lm-eval has no task 'gsm8k-of-mine'"):
        find_folder("gsm8k-of-mine")
    with pytest.raises(UserError, match="is of no lm-eval task"):
        grade(Problem(id="q", prompt="p", answer="1"), "1")


def test_task_without_its_data_is_one_line(task_folder: Path) -> None:
    (task_folder / "rows.jsonl").unlink()
    with pytest.raises(DataError, match="lm-eval task 'small-sums': cannot be loaded") as caught:
        load(task_folder)
    assert "\n" not in str(caught.value)


def test_grading_is_refused_when_the_task_changed_after_its_problems_were_read(task_folder: Path) -> None:
    problem = load(task_folder)[0]
    (task_folder / "small.yaml").write_text((task_folder / "small.yaml").read_text() + "# changed\n")
    with pytest.raises(DataError, match="the files of its folder changed since its problems were read"):
        grade(problem, "2")


@pytest.mark.parametrize(("name", "folder"), [("gsm8k", "gsm8k"), ("minerva_math500", "minerva_math"), ("aime25", "aime")])
def test_own_tasks_of_lm_eval_are_found_without_its_index(name: str, folder: str) -> None:
    assert find_folder(name).name == folder


def test_offering_imports_nothing_heavy() -> None:
    code = (
        "import sys, harness_plugins.lm_eval.benchmark as b, harness_plugins.lm_eval.grader as g;"
        "list(b.harness_benchmarks()); list(g.harness_graders());"
        "print([m for m in ('lm_eval', 'datasets', 'torch', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
