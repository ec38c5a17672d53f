"""The generated reward file under OpenRLHF's real executor, in a Python that has no harness."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from harness import Example, Problem, UserError
from harness_plugins.openrlhf.grpo_settings import Params
from harness_plugins.openrlhf.paths import Paths
from harness_plugins.openrlhf.reward import read_fault, write_reward
from harness_plugins.openrlhf.rows import monitor_rows, rl_rows
from harness_plugins.openrlhf.text import read_marks

HERE = Path(__file__).parent
PROMPT = "3+4="


@pytest.fixture
def rewards(openrlhf, make_job, checkpoint):
    """Grade completions of one problem, answer 7; return the rewards, or None where OpenRLHF would go on without."""

    def run(*completions, prompt="<s>" + PROMPT, hold_s=0.0, rows=rl_rows, **settings):
        job = make_job(examples=(Example(id="a", prompt=PROMPT, response="", answer="7"),), **settings.pop("job", {}))
        params = Params(reward_workers=2, **({"reward_limit_s": 60.0} | settings))
        marks = read_marks(checkpoint)
        write_reward(job, params, marks, hold_s=hold_s)
        (row,) = rows(job, marks, "plain")
        asked = json.dumps([[prompt, text, row["label"]] for text in completions])
        reward = Paths(job.work).reward
        done = subprocess.run(
            [openrlhf, "-W", "error", HERE / "call_executor.py", reward], input=asked, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1]), read_fault(Paths(job.work)), done

    return run


def test_reward_pays_right_answers_only_from_threads_of_the_real_executor(rewards) -> None:
    found, fault, _ = rewards(
        "7</s>", "8</s>", " 7 <|done|>", "", "{{[</s>", "7\n\x00é\n</s>", "7" * 100_000 + "</s>", "</s>"
    )
    assert [one["reward"] for one in found] == [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert all(one["scores"] == one["reward"] for one in found)
    assert all(one["extra_logs"] == {"grader_timeouts": 0.0} for one in found)
    assert fault is None


def test_reward_pays_nothing_for_an_unended_completion_unless_told_to(rewards) -> None:
    assert rewards("7")[0][0]["reward"] == 0.0
    assert rewards("7", paid_unended=True)[0][0]["reward"] == 1.0


def test_reward_of_a_hanging_answer_is_zero_and_counted_and_its_neighbours_are_graded(rewards) -> None:
    begun = time.monotonic()
    found, fault, _ = rewards("HANG</s>", "7</s>", "HANG</s>", "7</s>", "8</s>", reward_limit_s=1.5)
    assert [one["reward"] for one in found] == [0.0, 1.0, 0.0, 1.0, 0.0]
    assert [one["extra_logs"]["grader_timeouts"] for one in found] == [1.0, 0.0, 1.0, 0.0, 0.0]
    assert fault is None
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("completion", "said"),
    [("RAISE</s>", "the grader is broken"), ("DIE</s>", "died twice on one completion (exit code 3"), ("RAISE", None)],
)
def test_reward_of_a_failing_grader_is_told_of_in_a_file(rewards, completion, said) -> None:
    found, fault, done = rewards(completion, "7</s>")
    assert found[1]["reward"] == 1.0
    if said is None:
        assert (found[0]["reward"], fault) == (0.0, None), "an unended completion is not graded"
    else:
        assert found[0]["reward"] is None, "OpenRLHF swallows the error"
        assert said in fault and "problem 'a'" in fault
        assert said in done.stderr


def test_reward_that_failed_waits_to_be_stopped(rewards) -> None:
    begun = time.monotonic()
    rewards("RAISE</s>", hold_s=2.0)
    assert time.monotonic() - begun > 2


def test_reward_says_when_its_grader_does_not_start(rewards) -> None:
    _, fault, _ = rewards("7</s>", job={"plugin_files": ()})
    assert "grader 'moody' does not start: no grader named 'moody'" in fault


def test_reward_finds_the_completion_behind_a_prompt_whose_start_was_cut(rewards) -> None:
    """OpenRLHF cuts over-long prompts at the start; then the text does not begin with the prompt."""
    cut = "sum " * 30_000 + PROMPT
    found, fault, _ = rewards("7</s>", "8</s>", prompt=cut)
    assert (fault, [one["reward"] for one in found]) == (None, [1.0, 0.0])


def test_reward_of_the_monitor_problems_is_by_their_own_grader(rewards, make_job) -> None:
    def rows(job, marks, template):
        return monitor_rows([Problem(id="a", prompt=PROMPT, answer="7")], marks, template)

    _, fault, _ = rewards("RAISE</s>", rows=rows)
    assert "grader 'moody'" in fault
    from harness_plugins.math.answer_match import harness_graders

    (other,) = harness_graders()
    found, fault, _ = rewards("RAISE answer: 7</s>", rows=rows, job={"monitor_grader": other})
    assert (fault, found[0]["reward"]) == (None, 1.0)


def test_reward_is_refused_without_a_grader(rewards) -> None:
    with pytest.raises(UserError, match="nothing pays for a right answer"):
        rewards("7", job={"reward": None})
