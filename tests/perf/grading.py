"""Measure the math-verify grader beside a plain loop over math-verify: `python tests/perf/grading.py [PROBLEMS [SAMPLES]]`.

The bar: 128,000 samples (500 problems x 256) at least 20 times as fast as a plain loop on the same cores. Gold answers look
like MATH's (integers, fractions, surds, intervals, tuples, polynomials, units, words). Samples are drawn as models answer: a
share of right ones that differs by problem, in several spellings; wrong ones of which a few are common (Zipf) and some come
once; prose without a box; boxes that are cut off or hold nonsense. Every completion has reasoning of its own before its
answer, so that no two texts are equal.

The plain loop is what scripts do: for each completion parse the gold answer, parse the completion, verify; in the order of
the problems, where math-verify's own memory of its last 20 expressions helps it most. It is measured on whole problems that
are chosen at random, and scaled to all. Two ratios are given: of wall time, one loop against the grader on all cores; and of
processor time, which is what remains if the loop were run on all cores too.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

from harness import Problem
from harness_plugins.math.math_verify import grade_many

LOOP_PROBLEMS = 40
WORDS = [
    "so",
    "we",
    "note",
    "that",
    "the",
    "sum",
    "of",
    "both",
    "sides",
    "gives",
    "hence",
    "by",
    "symmetry",
    "we may",
    "write",
]


def surd(rng):
    a, b = rng.randint(2, 12), rng.choice([2, 3, 5, 6, 7, 10])
    right = [rf"{a}\sqrt{{{b}}}", rf"{a} \sqrt{{{b}}}", rf"\sqrt{{{a * a * b}}}", rf"{a}\sqrt {b}"]
    return right, lambda: rf"{rng.randint(1, 40)}\sqrt{{{rng.choice([2, 3, 5, 6, 7, 10, 11])}}}"


def fraction(rng):
    a, b = rng.randint(1, 60), rng.choice([7, 9, 11, 13, 16, 24])
    right = [rf"\frac{{{a}}}{{{b}}}", rf"\dfrac{{{a}}}{{{b}}}", f"{a}/{b}", rf"\frac{{{2 * a}}}{{{2 * b}}}"]
    return right, lambda: rf"\frac{{{rng.randint(1, 90)}}}{{{rng.randint(2, 40)}}}"


def integer(rng):
    a = rng.choice([rng.randint(0, 200), rng.randint(1000, 99999)])
    return [f"{a}", f"{a:,}", f"{a:,}".replace(",", "{,}"), f"{a}.0"], lambda: str(rng.randint(0, 2 * a + 20))


def interval(rng):
    a, b = rng.randint(-9, 0), rng.randint(1, 12)
    right = [rf"[{a},{b})", rf"\left[{a},{b}\right)", rf"[{a}, {b})"]
    return right, lambda: f"{rng.choice('[(')}{rng.randint(-15, 0)},{rng.randint(1, 30)}{rng.choice('])')}"


def pair(rng):
    a, b = rng.randint(-9, 9), rng.randint(1, 9)
    right = [f"({a},{b})", rf"\left({a}, {b}\right)", f"({a}, {b})", rf"({a},\frac{{{2 * b}}}{{2}})"]
    return right, lambda: f"({rng.randint(-20, 20)},{rng.randint(1, 20)})"


def polynomial(rng):
    a, b = rng.randint(2, 9), rng.randint(1, 20)
    right = [f"x^2+{a}x+{b}", f"x^2 + {a}x + {b}", f"{b}+{a}x+x^2", rf"x^{{2}}+{a}x+{b}"]
    return right, lambda: f"x^2+{rng.randint(1, 30)}x-{rng.randint(1, 60)}"


def equation(rng):
    a, b = rng.randint(2, 9), rng.randint(-9, 9)
    return [f"y={a}x{b:+d}", f"y = {a}x {b:+d}"], lambda: f"y={rng.randint(-20, 20)}x{rng.randint(-20, 20):+d}"


def units(rng):
    a = rng.randint(2, 300)
    return [rf"{a}\text{{ cm}}^2", f"{a}", rf"{a} \text{{ cm}}^2"], lambda: rf"{rng.randint(1, 600)}\text{{ cm}}^2"


def words(rng):
    names = ["ellipse", "parabola", "circle", "hyperbola", "line", "point", "even", "odd", "neither"]
    name = rng.choice(names)
    return [rf"\text{{{name}}}", name, rf"\textbf{{{name}}}"], lambda: rf"\text{{{rng.choice(names)}}}"


def several(rng):
    a, b, c = sorted(rng.sample(range(-20, 30), 3))
    return [f"{a},{b},{c}", f"{a}, {b}, {c}", f"{c},{a},{b}"], lambda: ",".join(map(str, rng.sample(range(-30, 40), 3)))


# As in MATH: some six answers in ten are integers, one in eight fractions, one in fifty an equation.
FAMILIES = (
    [integer] * 30
    + [fraction] * 6
    + [surd] * 3
    + [polynomial] * 3
    + [pair, interval, units, words, several] * 2
    + [equation]
)
NONSENSE = [r"\frac{1}{", r"x = \text{unknown", "???", r"\sqrt{", r"\frac{12}{0}", "}", r"1 \le \le 2", "N/A", "  "]


def reason(rng):
    """Write the text before the answer: of its own, with mathematics in it."""
    lines = []
    for _ in range(rng.randint(3, 10)):
        x, y = rng.randint(2, 999), rng.randint(2, 999)
        lines.append(f"{' '.join(rng.choices(WORDS, k=14))} $x^2 + {x} = {y}$, and $a_{{{x}}} = \\frac{{{y}}}{{{x}}}$.")
    return "\n".join(lines)


def draw(rng, num_problems, num_samples):
    problems, texts = [], []
    for number in range(num_problems):
        right, wrong = rng.choice(FAMILIES)(rng)
        problem = Problem(id=str(number), prompt="?", answer=right[0])
        share, common = rng.betavariate(0.8, 0.8), [wrong() for _ in range(8)]
        weights = [1 / (1 + place) ** 1.3 for place in range(8)]
        for _ in range(num_samples):
            kind = rng.random()
            is_right = rng.random() < share
            forms = (right, [8, 3, 2, 1][: len(right)]) if is_right else (common, weights)
            answer = rng.choices(*forms)[0]
            if not is_right and kind < 0.22:
                answer = wrong()
            elif kind > 0.98:
                answer = rng.choice(NONSENSE)
            if 0.94 < kind <= 0.98:
                end = f"Therefore the answer is ${answer}$."
            else:
                end = rng.choice([r"Therefore $\boxed{%s}$.", r"The final answer is \boxed{%s}", r"\[\boxed{%s}\]"]) % answer
            problems.append(problem)
            texts.append(f"{reason(rng)}\n{end}")
    return problems, texts


def plain_loop(problems, texts):
    targets = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    pairs = zip(problems, texts, strict=True)
    return [verify(parse(rf"\boxed{{{problem.answer}}}", targets), parse(text, targets)) for problem, text in pairs]


def timed(function, *arguments, **settings):
    """Return what a function returns, the wall seconds, and the processor seconds of it and its processes."""
    before, start = processor_s(), time.monotonic()
    found = function(*arguments, **settings)
    return found, time.monotonic() - start, processor_s() - before


def processor_s():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main():
    num_problems = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    num_samples = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    rng = random.Random(7)
    problems, texts = draw(rng, num_problems, num_samples)
    chosen = set(map(str, rng.sample(range(num_problems), min(LOOP_PROBLEMS, num_problems))))
    places = [place for place, problem in enumerate(problems) if problem.id in chosen]
    plain_loop(problems[:1], texts[:1])
    theirs, loop_wall, loop_cpu = timed(plain_loop, [problems[i] for i in places], [texts[i] for i in places])
    with tempfile.TemporaryDirectory() as folder:
        settings = {"memory": Path(folder), "progress": lambda _progress: None}
        ours, wall, cpu = timed(grade_many, problems, texts, **settings)
        again, wall_again, _ = timed(grade_many, problems, texts, **settings)
    assert again == ours
    scale = len(texts) / len(places)
    differ = [
        (problems[i].answer, texts[i][-60:]) for i, they in zip(places, theirs, strict=True) if they != ours[i].correct
    ]
    print(f"{len(texts):,} samples, {sum(g.correct for g in ours) / len(ours):.1%} right; loop measured on {len(places):,}")
    print(f"plain loop    {scale * loop_wall:9.1f} s wall (scaled)  {scale * loop_cpu:9.1f} s of processor")
    print(f"math-verify   {wall:9.1f} s wall           {cpu:9.1f} s of processor")
    print(f"ratio         {scale * loop_wall / wall:9.1f}                  {scale * loop_cpu / cpu:9.1f}")
    print(f"again, from the verdicts on disk: {wall_again:.1f} s")
    print(f"verdicts that differ from the loop's: {len(differ)} of {len(places):,}; {differ[:3]}")


if __name__ == "__main__":
    main()
