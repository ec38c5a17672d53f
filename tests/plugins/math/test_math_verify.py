"""Answers equal as mathematics are right, users' known traps are avoided, and hostile answers cost no one but themselves."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import Grade, MissingError, Problem
from harness_plugins.math import verdict_file, verify_pool
from harness_plugins.math.math_verify import grade, grade_many, harness_graders
from harness_plugins.math.verify_pool import Pool, Verdict


def problem(gold: str) -> Problem:
    return Problem(id="p", prompt="?", answer=gold)


def judge_all(cases: list[tuple[str, str]], memory: Path) -> list[Grade]:
    return grade_many(
        [problem(gold) for gold, _ in cases], [text for _, text in cases], memory=memory, progress=lambda _: None
    )


RIGHT = [
    ("10080", r"\boxed{10,080}"),  # lighteval and open-r1: thousands
    ("10,080", r"\boxed{10080}"),
    ("10080", "so the answer is 10,080."),
    (r"\frac12", r"\boxed{0.5}"),
    (r"2\sqrt{3}", r"\boxed{\sqrt{12}}"),
    ("x^2+1", r"\boxed{1 + x^{2}}"),
    ("1<x<2", r"\boxed{(1,2)}"),  # a relation as the gold answer admits its set
    ("2, 1", r"$\boxed{1}$ and $\boxed{2}$"),
    (r"\text{east}", r"\boxed{east}"),
    ("x=5", r"\boxed{5}"),
    ("5", r"\boxed{x=5}"),
    ("1/3", r"\boxed{0.333333}"),
    ("72", "3 times 24 is 72 clips.\n#### 72"),
    ("Natalia sold 48+24 = 72.\n#### 72", "The final answer is 72."),
    (r"Hence $x = \boxed{\sqrt{8}}$.", r"\boxed{2\sqrt{2}}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\boxed{\begin{bmatrix}1\\2\end{bmatrix}}"),
]
WRONG = [
    ("1,2", r"\boxed{1}"),  # Math-Verify #47: a part of the answer
    ("1,2,3", r"\boxed{\{1,2\}}"),
    ("1", r"\boxed{1,2}"),
    ("(1,2)", r"\boxed{1<x<2}"),  # Math-Verify #25: the arguments' order
    ("(1,2)", r"\boxed{(2,1)}"),
    ("3", "first I take 3 and double it; the answer is 6."),  # lm-evaluation-harness #3652: a number of the reasoning
    ("3", r"$x = 3$ at first, but no: \boxed{4}"),
    ("7", r"\boxed{7}, no: \boxed{12"),
    ("2", r"\boxed{x^2}"),
    ("x^2+1", r"\boxed{2}"),  # a bare gold answer is read as a whole
    ("1/3", r"\boxed{0.333}"),
    ("3", r"\boxed{3} or \boxed{5}"),
    ("1200", r"\boxed{1, 200}"),
    ("", r"\boxed{}"),
    ("5", ""),
]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Grade]:
    return dict(zip(RIGHT + WRONG, judge_all(RIGHT + WRONG, tmp_path_factory.mktemp("memory")), strict=True))


@pytest.mark.parametrize("case", RIGHT)
def test_grade_many_accepts_what_is_equal(case: tuple[str, str], verdicts) -> None:
    assert verdicts[case].correct


@pytest.mark.parametrize("case", WRONG)
def test_grade_many_refuses_what_is_not(case: tuple[str, str], verdicts) -> None:
    assert not verdicts[case].correct


def test_grade_says_what_grade_many_says_from_any_thread(verdicts) -> None:
    """OpenRLHF calls rewards off the main thread, where math-verify's own timeouts raise."""
    with ThreadPoolExecutor(4) as threads:
        alone = list(threads.map(lambda case: grade(problem(case[0]), case[1]), verdicts))
    assert alone == list(verdicts.values())


def test_grade_serves_as_a_process_which_is_how_openrlhf_gets_its_reward() -> None:
    rows = [(r"2\sqrt{3}", r"\boxed{\sqrt{12}}"), ("5", r"\boxed{10^{10^{10}}}"), (r"2\sqrt{3}", r"\boxed{\sqrt{12}}")]
    asked = [json.dumps({"problem": {"id": "p", "prompt": "?", "answer": g}, "completion": c}) for g, c in rows]
    command = [sys.executable, "-P", "-m", "harness.grading", "--grader", "math-verify"]
    done = subprocess.run(command, input="\n".join(asked) + "\n", capture_output=True, text=True, check=True)
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply.get("correct") for reply in replies] == [None, True, False, True]


def test_grade_works_in_a_forked_child_whose_parent_has_workers() -> None:
    assert grade(problem(r"\sqrt{8}"), r"\boxed{2\sqrt{2}}").correct
    with multiprocessing.get_context("forkserver").Pool(1) as children:
        assert children.apply(grade, (problem(r"\sqrt{18}"), r"\boxed{3\sqrt{2}}")).correct
    child = os.fork()
    if child == 0:
        os._exit(0 if grade(problem(r"\sqrt{32}"), r"\boxed{4\sqrt{2}}").correct else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert grade(problem(r"\sqrt{50}"), r"\boxed{5\sqrt{2}}").correct


def test_answers_that_are_equal_have_one_name_so_that_votes_add_up(tmp_path: Path) -> None:
    groups = [
        [r"\boxed{\frac{1}{2}}", r"\boxed{0.50}", r"\boxed{\frac12}", "the answer is 1/2.", "the answer is 0.5."],
        [r"\boxed{\sqrt{12}}", r"\boxed{2\sqrt{3}}", r"\boxed{2 \sqrt 3}", r"the answer is $\sqrt{12}$."],
        [r"\boxed{1,2,3}", r"\boxed{\{3, 2, 1\}}", r"$\boxed{2}$, $\boxed{1}$ and $\boxed{3}$"],
        [r"\boxed{\text{east}}", r"\boxed{east}", r"\boxed{ \textbf{east} }"],
        [r"\boxed{x^2+1}", r"\boxed{1+x^{2}}"],
    ]
    for gold in ("7", r"2\sqrt{3}"):
        found = judge_all([(gold, text) for group in groups for text in group], tmp_path)
        names = iter(grade.answer for grade in found)
        seen = [{next(names) for _ in group} for group in groups]
        assert all(len(one) == 1 and None not in one for one in seen)
        assert len(set.union(*seen)) == len(groups)


HOSTILE = {
    "tower": r"10^{10^{10}}",
    "tower of symbols": "x^{" * 80 + "2" + "}" * 80,
    "nested": "(" * 300 + "1" + ")" * 300,
    "factorial": r"(10^9)!",
    "import": r"__import__('os').system('touch pwned')",
    "control": "\x00\x1b[31m5\ud800",
}


def test_hostile_answers_cost_their_limit_at_most_and_no_neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verify_pool, "_ITEMS_A_WORKER", 1)
    limit_s = 0.5
    pool = Pool(2, limit_s)
    pairs = []
    for number, text in enumerate(HOSTILE.values()):
        pairs += [(r"\boxed{5}", rf"\boxed{{{text}}}"), (rf"\boxed{{{number}\pi}}", rf"$\pi \cdot {number}$")]
    before = os.times()
    try:
        found = list(pool.judge_all(pairs))
    finally:
        pool.close()
    after = os.times()
    assert [one.correct for one in found] == [False, True] * len(HOSTILE)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    start_s = 3.0
    assert spent < (pool.num_unreached + 4) * (limit_s + start_s)
    assert 2 <= pool.num_unreached <= len(HOSTILE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text", ["a $x$ b " * 125_000, "(1+" * 333_000, "$" * 1_000_000, r"\boxed{" * 150_000, "9" * 1_000_000, "{" * 1_000_000]
)
def test_a_megabyte_of_text_is_graded(text: str) -> None:
    assert not grade(problem("123456"), text).correct


def test_hostile_answers_leave_a_table_that_can_be_written(tmp_path: Path) -> None:
    import pyarrow as pa

    found = judge_all([("5", "\\boxed{\ud800}"), ("5", "\x00\x1b[31m"), ("5", "\\boxed{\x00}")], tmp_path)
    assert pa.array([grade.answer for grade in found]).null_count <= 1


def test_a_killed_worker_costs_no_verdict() -> None:
    """The kernel's choice when memory is short is not the answer's fault."""
    pool = Pool(1)
    try:
        assert pool.judge(r"\boxed{2\sqrt{2}}", r"\boxed{\sqrt{8}}").correct
        os.kill(pool._idle[0].process.pid, signal.SIGKILL)
        assert pool.judge(r"\boxed{3\sqrt{2}}", r"\boxed{\sqrt{18}}") == Verdict(True, "3*sqrt(2)")
        assert pool.num_unreached == 0
    finally:
        pool.close()


def test_a_stopped_worker_is_killed_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that waits uses no processor time, so the other clock must end it."""
    monkeypatch.setattr(verify_pool, "_PATIENCE", 4)
    pool = Pool(1, 1.0)
    try:
        pool.judge(r"\boxed{1}", r"\boxed{\pi}")
        os.kill(pool._idle[0].process.pid, signal.SIGSTOP)
        assert pool.judge(r"\boxed{3\sqrt{2}}", r"\boxed{\sqrt{18}}").correct
    finally:
        pool.close()


def test_a_gold_answer_over_the_limit_is_tried_once() -> None:
    pool = Pool(1, 0.5)
    gold = r"\boxed{" + "x^{" * 80 + "2" + "}" * 80 + "}"
    try:
        assert pool.judge(gold, r"\boxed{5}") == Verdict(correct=False, name=None, is_final=False)
        start = time.monotonic()
        assert not pool.judge(gold, r"\boxed{6}").correct
        assert time.monotonic() - start < 0.1
    finally:
        pool.close()


def test_workers_end_when_their_pool_is_closed_or_its_process_is_gone() -> None:
    pool = Pool(1)
    pool.judge(r"\boxed{1}", r"\boxed{\pi}")
    process = pool._idle[0].process
    pool.close()
    assert process.returncode is not None
    busy: list[threading.Thread] = [threading.Thread(target=pool.judge, args=(r"\boxed{1}", r"\boxed{2\pi}"))]
    busy[0].start()
    busy[0].join()
    assert pool._idle == []


def test_a_worker_that_cannot_start_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_pool.sys, "executable", "/bin/false")
    with pytest.raises(MissingError, match=r"does not start \(it ended with exit code 1\); run: pip install"):
        Pool(1).judge("1", "2")


def test_verdicts_are_kept_on_disk_and_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [(r"2\sqrt{3}", r"\boxed{\sqrt{12}}"), (r"2\sqrt{3}", r"\boxed{\pi}")]
    first = judge_all(cases, tmp_path)
    monkeypatch.setattr(verify_pool.sys, "executable", "/bin/false")
    assert judge_all(cases, tmp_path) == first
    assert judge_all(cases[:1], tmp_path) == first[:1]
    with pytest.raises(MissingError):
        judge_all([*cases, (r"2\sqrt{3}", r"\boxed{e}")], tmp_path)


def test_verdicts_on_disk_survive_torn_lines_and_hold_none_that_was_not_reached(tmp_path: Path) -> None:
    one, two = verdict_file.Writer(tmp_path), verdict_file.Writer(tmp_path)
    one.add("a", Verdict(True, "1/2"))
    two.add("b", Verdict(False, None))
    two.add("late", Verdict(False, None, is_final=False))
    one.close()
    two.close()
    row = json.dumps({"key": "c", "correct": True, "name": "x"})
    (tmp_path / "killed.jsonl").write_text(f'{row}\n[1]\n"text"\n{{"key": "d"}}\n{row[:20]}')
    assert verdict_file.read(tmp_path) == {"a": Verdict(True, "1/2"), "b": Verdict(False, None), "c": Verdict(True, "x")}


def test_verdicts_on_disk_have_keys_and_folders_of_their_own(tmp_path: Path) -> None:
    keys = {verdict_file.key_of(*pair) for pair in [("1", "2"), ("12", ""), ("", "12"), ("2", "1"), ("1", "\ud800")]}
    assert len(keys) == 5
    golds, versions = ["1", "2"], {"sympy": "1.14"}
    folder = verdict_file.folder_for(tmp_path, golds, versions)
    assert folder == verdict_file.folder_for(tmp_path, ["2", "1", "1"], versions)
    assert folder != verdict_file.folder_for(tmp_path, golds, {"sympy": "1.15"})
    assert folder != verdict_file.folder_for(tmp_path, ["1"], versions)


def test_a_full_disk_costs_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert judge_all([(r"2\sqrt{3}", r"\boxed{\sqrt{12}}")], tmp_path / "file")[0].correct


def test_offer_is_versioned_by_the_library_that_judges() -> None:
    (offer,) = harness_graders()
    assert (offer.name, offer.version, offer.requires) == ("math-verify", "1+math-verify-0.9.0", ("math_verify",))
    assert offer.load() is grade
    assert offer.load_many is not None and offer.load_many() is grade_many
