"""The ledger's estimates, checked by hand."""

from __future__ import annotations

from pathlib import Path

from harness import StepInfo, StepProgressed, StudyStarted
from harness_plugins.progress.ledger import Ledger, clock, left_text, sort_of

SFT = [StepInfo(key=f"s{i}", kind="train", title=f"train sft · c{i}") for i in range(3)]
RL = [StepInfo(key=f"r{i}", kind="train", title=f"train rl · c{i}") for i in range(3)]


def opened(workers: int = 2, cached: frozenset[str] = frozenset()) -> Ledger:
    event = StudyStarted(study="x", steps=[*SFT, *RL], cached=cached, workers=workers, folder=Path("x"))
    return Ledger.open(event)


def test_cached_steps_count_as_done() -> None:
    ledger = opened(cached=frozenset({"s0", "s1"}))
    assert (ledger.done, ledger.total, len(ledger.waiting)) == (2, 6, 4)


def test_nothing_is_estimated_before_anything_is_measured() -> None:
    ledger = opened()
    ledger.start(SFT[0], now=0)
    assert ledger.left(now=5) is None
    assert left_text(None) == ""


def test_estimate_is_a_lower_bound_until_every_sort_was_measured() -> None:
    ledger = opened()
    ledger.start(SFT[0], now=0)
    ledger.finish(SFT[0], seconds=10)
    assert ledger.left(now=10) == (2 * 10 / 2, False)
    ledger.start(RL[0], now=10)
    ledger.finish(RL[0], seconds=40)
    assert ledger.left(now=50) == ((2 * 10 + 2 * 40) / 2, True)


def test_running_step_is_estimated_by_its_own_speed() -> None:
    ledger = opened(workers=1)
    ledger.start(RL[0], now=0)
    event = StepProgressed(step=RL[0], done=1, total=4, seconds=10, note="reward .3")
    assert ledger.advance(event, now=10).left == 30
    assert ledger.left(now=10) == (30, False)


def test_running_step_without_a_word_is_estimated_by_its_like() -> None:
    ledger = opened(workers=4, cached=frozenset({"s0", "s1", "s2", "r2"}))
    ledger.start(RL[0], now=0)
    ledger.finish(RL[0], seconds=40)
    ledger.start(RL[1], now=40)
    assert ledger.left(now=55) == (25, True)
    assert ledger.left(now=500) == (0, True)


def test_time_left_is_at_least_that_of_the_longest_running_step() -> None:
    ledger = opened(workers=8)
    ledger.advance(StepProgressed(step=RL[0], done=1, total=2, seconds=60), now=60)
    assert ledger.left(now=60) == (60, False)


def test_failed_and_foreign_steps_teach_nothing_about_time() -> None:
    ledger = opened()
    ledger.finish(SFT[0], None)
    ledger.drop(SFT[1])
    assert ledger.measured == {} and ledger.done == 1 and set(ledger.waiting) == {"s2", "r0", "r1", "r2"}


def test_progress_out_of_bounds_breaks_nothing() -> None:
    ledger = opened()
    assert ledger.advance(StepProgressed(step=SFT[0], done=5, total=0, seconds=1), now=1).left is None
    assert ledger.advance(StepProgressed(step=SFT[0], done=9, total=3, seconds=1), now=1).share == 1


def test_sort_is_the_first_part_of_the_title() -> None:
    assert sort_of(RL[0]) == sort_of(RL[2]) == "train/train rl" != sort_of(SFT[0])


def test_clock_picks_the_unit() -> None:
    assert [clock(8.4), clock(185), clock(3720)] == ["8 s", "3 m 05 s", "1 h 02 m"]
    assert left_text((185, True)) == "about 3 m 05 s left" and left_text((8, False)) == "at least 8 s left"
