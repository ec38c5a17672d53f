import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Problem
from harness_plugins.miniature import answer, check

CHAIN = Problem(id="c", prompt="C3+4*5-1>", answer="754")
DAG = Problem(id="d", prompt="Dc=4,a=c-9,b=a*c?a>", answer="45")
ADD = Problem(id="a", prompt="S47+85>", answer="132")
COUNTDOWN = Problem(id="t", prompt="T2,2,1?5>", answer="2+2+1")
PROBLEMS = [CHAIN, DAG, ADD, COUNTDOWN]
BOTH = pytest.mark.parametrize("grade", [answer.grade, check.grade], ids=["answer", "check"])


@BOTH
@pytest.mark.parametrize(
    "completion",
    [
        "", "A", "754", "A75", "A7544", "A754 ", "A754\n", " A 754", "A754A", "A754A75", "A754;", "a754", "A+754",
        "A\uff17\uff15\uff14",
        "A0754", "A7.54e2", "A\ud800", "A754\x00", "A" * 50_000, "A" + "7" * 50_000, "V7,5,4", "<eos>", "A754<eos>",
    ],
)  # fmt: skip
def test_grader_gives_no_marks_when_the_answer_is_absent_wrong_or_not_last(grade, completion):
    assert not grade(CHAIN, completion).correct


@BOTH
def test_grader_gives_full_marks_when_the_last_answer_is_right_whatever_stands_before(grade):
    assert grade(CHAIN, "3+4=9;A111A754").correct
    assert grade(CHAIN, "🦊\nA754").correct
    assert grade(CHAIN, "A754").answer == "754"


@BOTH
@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.id)
@given(completion=st.text() | st.text(alphabet="0123456789+-*=;,AV") | st.binary().map(lambda b: b.decode("latin-1")))
@settings(max_examples=150, deadline=None)
def test_grader_returns_for_any_string(grade, problem, completion):
    verdict = grade(problem, completion)
    assert verdict.answer is None or len(verdict.answer) <= answer.MAX_ANSWER_CHARACTERS
    assert verdict.correct <= (verdict.answer is not None)


@given(tail=st.text(alphabet="0123456789+-*A", max_size=20))
@settings(max_examples=300, deadline=None)
def test_graders_extract_the_same_answer(tail):
    for problem in PROBLEMS:
        assert answer.grade(problem, f"A{tail}").answer == check.grade(problem, f"A{tail}").answer


@BOTH
def test_grader_is_quick_when_the_completion_is_huge(grade):
    started = time.process_time()
    for completion in ("A" * 2_000_000, "A1" * 1_000_000, "7" * 2_000_000, "A" + "7" * 2_000_000):
        grade(CHAIN, completion)
    assert time.process_time() - started < 2


def test_check_accepts_every_expression_that_hits_the_target_when_the_reward_knows_one():
    for expression in ("2+2+1", "2*2+1"):
        assert check.grade(COUNTDOWN, f"A{expression}").correct
    assert not answer.grade(COUNTDOWN, "A2*2+1").correct
    for expression in ("2+2*1", "1+2+2", "5", "2+2+1+0", "2+2+", "22+1"):
        assert not check.grade(COUNTDOWN, f"A{expression}").correct


def test_check_goes_by_the_prompt_when_the_gold_answer_is_wrong():
    mislabelled = Problem(id="a", prompt="S47+85>", answer="133")
    assert check.grade(mislabelled, "A132").correct
    assert answer.grade(mislabelled, "A133").correct
    assert not check.grade(mislabelled, "A133").correct


def test_check_raises_when_the_prompt_is_not_the_miniatures():
    with pytest.raises(ValueError, match="no question of the miniature"):
        check.grade(Problem(id="x", prompt="What is 2+2?", answer="4"), "A4")
