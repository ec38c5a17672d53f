r"""math-verify: the final answer equals the gold answer as mathematics, by Hugging Face's Math-Verify.

Answers are found as `final_answer` says: the last box first, and math-verify's own extraction where there is none. Two
answers that are numbers are compared exactly, here; all else is judged by math-verify (parse, then verify with the gold
answer first), in processes that can be killed, once for each distinct pair of gold answer and answer text. An answer that
takes more than 5 seconds of processor time is wrong. The same text as the gold answer is right, whatever math-verify makes
of it.

The answer that majority votes go by is a canonical text, made without a look at the gold answer: the exact value of a
number ("1/2"), else its words ("east"), else what sympy prints of the parsed and evaluated answer, so that \sqrt{12} and
2\sqrt{3} are one answer, else the text. Forms that only sympy's simplify would bring together stay apart.

RL rewards use the one-call form: its processes are this process's own, started at the first answer that needs one, shared by
all threads, and started anew after a fork.

Math-Verify 0.9, Apache-2.0 and MIT: https://github.com/huggingface/Math-Verify
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

from harness import Grade, Grader, Problem, Progress, hookimpl
from harness_plugins.math import final_answer, verdict_file
from harness_plugins.math.answer_match import canonical, is_same
from harness_plugins.math.verify_pool import Pool, Verdict, available_cpus

_PACKAGES = ("math-verify", "latex2sympy2_extended", "sympy")
_REMEMBERED = 65_536
_ROUNDING = Fraction(1, 100_000)
_ENOUGH = 200
"""Distinct answers that are worth a process for each processor, started while the rest are still being read."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A pair that math-verify must judge."""

    gold: str
    answer: str
    is_same_text: bool
    fallback: str | None
    """The name where none is reached."""

    def grade(self, verdict: Verdict) -> Grade:
        return Grade(correct=self.is_same_text or verdict.correct, answer=verdict.name or self.fallback)


def grade(problem: Problem, completion: str) -> Grade:
    """Grade one completion; may be called from any thread."""
    settled = _settle(problem.answer, completion)
    if isinstance(settled, Grade):
        return settled
    return settled.grade(_remembered(os.getpid(), settled.gold, settled.answer))


def grade_many(
    problems: Sequence[Problem], completions: Sequence[str], *, memory: Path, progress: Callable[[Progress], None]
) -> list[Grade]:
    """Grade completions together: every pair once, on all processors, and those on disk not at all."""
    folder = verdict_file.folder_for(memory, (p.answer for p in problems), _versions())
    known = verdict_file.read(folder)
    pool, kept = Pool(available_cpus()), verdict_file.Writer(folder)
    try:
        settled: list[Grade | _Open] = []
        pairs: dict[tuple[str, str], str] = {}
        missing: list[tuple[str, str]] = []
        for problem, text in zip(problems, completions, strict=True):
            one = _settle(problem.answer, text)
            settled.append(one)
            if isinstance(one, _Open) and (one.gold, one.answer) not in pairs:
                pair = one.gold, one.answer
                pairs[pair] = verdict_file.key_of(*pair)
                if pairs[pair] not in known:
                    missing.append(pair)
                    if len(missing) == _ENOUGH:
                        pool.warm_up()
        for done, (pair, verdict) in enumerate(zip(missing, pool.judge_all(missing), strict=True), 1):
            known[pairs[pair]] = verdict
            kept.add(pairs[pair], verdict)
            progress(Progress(done=done, total=len(missing), note="distinct answers"))
    finally:
        kept.close()
        pool.close()
    if pool.num_unreached:
        sys.stderr.write(f"math-verify: {pool.num_unreached} answers took over {pool.limit_s:g} s and count as wrong\n")
    return [one if isinstance(one, Grade) else one.grade(known[pairs[one.gold, one.answer]]) for one in settled]


def _settle(gold_answer: str, completion: str) -> Grade | _Open:
    """Grade what needs no parser, else say what must be judged."""
    # Lone surrogates have no bytes, neither in a table nor in a pipe.
    final = final_answer.find(completion if completion.isascii() else completion.encode(errors="replace").decode())
    if final is None:
        return Grade(correct=False)
    gold = _gold(gold_answer)
    if not final.is_boxed:
        return _Open(gold.to_parse, final.to_parse, is_same_text=False, fallback=None)
    answer = canonical(final.text)
    same = is_same(gold.plain, answer)
    if isinstance(answer, Fraction) and (same or _are_apart(gold.plain, answer)):
        return Grade(correct=same, answer=str(answer))
    return _Open(gold.to_parse, final.to_parse, is_same_text=same, fallback=str(answer) or None)


@dataclass(frozen=True, slots=True)
class _Gold:
    to_parse: str
    plain: Fraction | str


@lru_cache(maxsize=_REMEMBERED)
def _gold(answer: str) -> _Gold:
    return _Gold(final_answer.gold_to_parse(answer), canonical(final_answer.plain_gold(answer)))


def _are_apart(one: Fraction | str, other: Fraction) -> bool:
    """Tell whether two numbers differ for math-verify too, which rounds decimals to six places: 0.333333 is 1/3 to it."""
    return isinstance(one, Fraction) and abs(one - other) > _ROUNDING


@lru_cache(maxsize=_REMEMBERED)
def _remembered(process: int, gold: str, answer: str) -> Verdict:
    return _shared(process).judge(gold, answer)


@cache
def _shared(_process: int) -> Pool:
    """Return the process's own pool; a forked child must not talk to its parent's workers."""
    pool = Pool(available_cpus())
    atexit.register(pool.close)
    return pool


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in _PACKAGES}


def _installed() -> str:
    try:
        return metadata.version("math-verify")
    except metadata.PackageNotFoundError:
        return "none"


@hookimpl
def harness_graders() -> Iterator[Grader]:
    """Offer `math-verify`."""
    yield Grader(
        name="math-verify",
        # Another Math-Verify may judge otherwise, so its version is part of ours.
        version=f"1+math-verify-{_installed()}",
        summary="the final answer equals the gold answer as mathematics, by Math-Verify in processes that can be killed",
        load=lambda: grade,
        load_many=lambda: grade_many,
        requires=("math_verify",),
    )
