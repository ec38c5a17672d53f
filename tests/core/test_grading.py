"""A grader as a process: one answer a request, whatever the grader does."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

PLUGIN = """
import time
from harness import Grade, Grader, hookimpl

def grade(problem, completion):
    print("noise")
    if completion == "raise":
        raise ValueError("broken")
    if completion == "hang":
        10 ** 10 ** 9  # a single operation: nothing of Python runs meanwhile
    return Grade(correct=completion == problem.answer, answer=completion)

@hookimpl
def harness_graders():
    yield Grader(name="loud", version="1", summary="prints", load=lambda: grade)
"""


@pytest.fixture
def grading(tmp_path):
    (tmp_path / "loud.py").write_text(PLUGIN)

    def run(*completions, grader="loud", more=()):
        problem = {"id": "a", "prompt": "3+4=", "answer": "7"}
        text = "".join(json.dumps({"problem": problem, "completion": c}) + "\n" for c in completions)
        command = [sys.executable, "-m", "harness.grading", "--grader", grader, "--plugin", str(tmp_path / "loud.py"), *more]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()], done

    return run


def test_grader_answers_each_request_and_its_noise_goes_elsewhere(grading) -> None:
    found, done = grading("7", "8", "raise", "7")
    right = {"correct": True, "answer": "7"}
    assert found == [{"ready": True}, right, {"correct": False, "answer": "8"}, {"error": "ValueError: broken"}, right]
    assert done.returncode == 0 and done.stderr.count("noise") == 4


def test_unknown_grader_is_told_instead_of_readiness(grading) -> None:
    found, _ = grading("7", grader="laud")
    assert found == [{"error": "no grader named 'laud'; did you mean 'loud'?"}]


def test_abandoned_answer_ends_the_process_though_python_does_not_run(grading) -> None:
    begun = time.monotonic()
    found, done = grading("7", "hang", "7", more=("--abandon-s", "1"))
    assert found == [{"ready": True}, {"correct": True, "answer": "7"}]
    assert done.returncode == 1 and "Timeout" in done.stderr
    assert time.monotonic() - begun < 30
