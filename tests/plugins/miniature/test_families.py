import random

import pytest

from harness_plugins.miniature.arithmetic import Arithmetic, FaultyArithmetic, draw_misconceptions
from harness_plugins.miniature.families import Add, Chain, Countdown, Dag, Definition, draw_question
from harness_plugins.miniature.styles import STYLES, write_trace

EXACT = Arithmetic()
TRIES = "2+3+4=5,9n;2+3-4=5,1n;2+3*4=5,0n;2-3+4=9,3n;2-3-4=9,5n;2-3*4=9,6n;2*3+4=6,0n;2*3-4=6,2n;2*3*4=6,4y"
FAMILIES = [("chain", 5), ("dag", 5), ("add", 3), ("countdown", 3)]


@pytest.mark.parametrize(
    ("question", "prompt", "verified"),
    [
        (
            Chain(3, (("+", 4), ("*", 5), ("-", 1))),
            "C3+4*5-1>",
            "3+4=7;7*5=5;5-1=4;V7,5,4A754",
        ),
        (
            Dag((Definition("c", "4"), Definition("a", "c", "-", "9"), Definition("b", "a", "*", "c")), needed=2),
            "Dc=4,a=c-9,b=a*c?a>",
            "c=4;a=4-9=5;Vc4,a5A45",
        ),
        (Add(47, 85), "S47+85>", "7+5+0=12;4+8+1=13;V2,3A132"),
        (
            Countdown((2, 3, 4), 4),
            "T2,3,4?4>",
            TRIES + "V2*3*4=4A2*3*4",
        ),
    ],
)
def test_question_is_written_as_documented_when_solved_by_hand(question, prompt, verified):
    assert question.prompt == prompt
    assert write_trace(question.solve(EXACT), "verify") == verified


@pytest.mark.parametrize(("family", "size"), FAMILIES)
def test_draw_question_repeats_itself_when_the_seed_is_the_same(family, size):
    def draw(seed):
        rng = random.Random(seed)
        return [draw_question(family, size, rng).prompt for _ in range(20)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


@pytest.mark.parametrize(("family", "size"), FAMILIES)
def test_styles_agree_on_the_answer_and_differ_in_length_when_the_question_is_one(family, size):
    solution = draw_question(family, size, random.Random(3)).solve(EXACT)
    traces = {style: write_trace(solution, style) for style in STYLES}
    assert {trace.rpartition("A")[2] for trace in traces.values()} == {solution.answer}
    assert len(traces["direct"]) < len(traces["terse"]) < len(traces["worked"]) < len(traces["verify"])


def test_canonical_is_one_when_a_question_is_spelled_differently():
    first = Dag((Definition("c", "4"), Definition("a", "c", "+", "3")), needed=2)
    renamed = Dag((Definition("a", "4"), Definition("j", "a", "+", "3")), needed=2)
    other = Dag((Definition("a", "4"), Definition("j", "a", "+", "2")), needed=2)
    assert first.canonical == renamed.canonical != other.canonical
    assert Add(12, 34).canonical == Add(34, 12).canonical != Add(12, 33).canonical


def test_misconceptions_are_wrong_and_as_frequent_as_asked():
    wrong = draw_misconceptions(random.Random(0), 0.35)
    assert all(value != EXACT.modular(*fact) and 0 <= value <= 9 for fact, value in wrong.modular.items())
    assert all(value != EXACT.column(*fact) and 0 <= value <= 19 for fact, value in wrong.column.items())
    assert 0.28 < (len(wrong.modular) + len(wrong.column)) / 500 < 0.42


def test_faulty_arithmetic_follows_misconceptions_and_slips_when_asked_often():
    wrong = draw_misconceptions(random.Random(0), 0.35)
    fact, believed = next(iter(wrong.modular.items()))
    author = FaultyArithmetic(random.Random(1), slip=0.0, misconceptions=wrong, belief=0.9)
    answers = [author.modular(*fact) for _ in range(2_000)]
    assert set(answers) == {believed, EXACT.modular(*fact)}
    assert 0.87 < answers.count(believed) / 2_000 < 0.93

    slipping = FaultyArithmetic(random.Random(1), slip=0.1)
    wrong_share = sum(slipping.modular(7, "*", 8) != 6 for _ in range(5_000)) / 5_000
    assert 0.075 < wrong_share < 0.105  # a uniform digit is right one time in ten


def test_faulty_arithmetic_writes_wrong_answers_in_a_well_formed_trace():
    rng = random.Random(5)
    author = FaultyArithmetic(rng, slip=0.5)
    questions = [draw_question(family, size, rng) for family, size in FAMILIES for _ in range(50)]
    wrong = sum(q.solve(author).answer != q.solve(EXACT).answer for q in questions)
    assert wrong > 100
