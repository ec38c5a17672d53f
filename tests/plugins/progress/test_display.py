"""Both displays, fed with the events of a small study."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import StepFailed, StepFinished, StepInfo, StepProgressed, StepStarted, StudyFinished, StudyStarted
from harness.plugins import Plugins
from harness_plugins.progress import display
from harness_plugins.progress.lines import Lines
from harness_plugins.progress.live import Live

STEPS = [StepInfo(key=str(i), kind="train", title=f"train rl · half\x1b x{i}") for i in range(3)]


def story() -> Iterator[tuple[str, Any]]:
    """A cached step, one that works, one that fails."""
    yield (
        "study_started",
        StudyStarted(
            study="small\x1b[31m", steps=STEPS, cached=frozenset({"0"}), workers=2, folder=Path(".harness/studies/small-1")
        ),
    )
    for step in STEPS[1:]:
        yield "step_started", StepStarted(step=step, attempt=1)
        yield "step_progressed", StepProgressed(step=step, done=1, total=4, seconds=2, note="reward .31\x1b")
    yield "step_finished", StepFinished(step=STEPS[1], seconds=8.0, tokens=12345)
    yield "step_failed", StepFailed(step=STEPS[2], error="boom\x1b", log=Path("work/2/log.txt"))
    yield "study_finished", StudyFinished(study="small", folder=Path("x"), seconds=12, status="failed")


def tell(shown: display.Display, until: str = "") -> None:
    for name, event in story():
        getattr(shown, name)(event)
        if name == until:
            return


def test_lines_tell_the_story() -> None:
    out = io.StringIO()
    tell(Lines(out))
    assert out.getvalue().splitlines() == [
        "study small\\x1b[31m: 3 steps, 1 cached, 2 workers, writing .harness/studies/small-1",
        "[2/3] train rl · half\\x1b x1: 8.0 s, 12,345 tokens",
        "[2/3] FAILED train rl · half\\x1b x2: boom\\x1b; log: work/2/log.txt",
        "study small: failed after 12 s",
    ]


def test_lines_give_a_sign_of_life_while_a_step_is_silent() -> None:
    out = io.StringIO()
    lines = Lines(out, heartbeat_s=0.05)
    tell(lines, until="step_progressed")
    deadline = time.monotonic() + 10
    while out.getvalue().count("\n") < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    lines.study_finished(StudyFinished(study="small", folder=Path("x"), seconds=1, status="interrupted"))
    signs = out.getvalue().splitlines()[1:-1]
    assert signs
    assert re.fullmatch(r"\[1/3\] \d s gone; at least 6 s left; train rl · half\\x1b x1 \(25%, reward \.31\\x1b\)", signs[0])


def test_lines_stop_their_thread_with_the_study() -> None:
    tell(Lines(io.StringIO(), heartbeat_s=0.05))
    deadline = time.monotonic() + 10
    while any(t.name == "progress-heartbeat" for t in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not [t for t in threading.enumerate() if t.name == "progress-heartbeat"]


def test_live_draws_bars_and_leaves_first_line_failures_and_end() -> None:
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system=None, _environ={"TERM": "xterm"})
    live = Live(console)
    tell(live, until="step_progressed")
    live._live.refresh()
    drawn = out.getvalue()
    assert "writing .harness/studies/small-1" in drawn
    assert re.search(r"train rl · half\\x1b x1 .* 25% +6 s left, reward \.31\\x1b", drawn)
    for name, event in list(story())[-3:]:
        getattr(live, name)(event)
    assert "FAILED train rl · half\\x1b x2: boom\\x1b; log: work/2/log.txt" in out.getvalue()
    assert out.getvalue().rstrip().endswith("failed after 12 s")
    assert "\x1b[?25h" in out.getvalue(), "the cursor comes back"


def test_live_sums_up_what_does_not_fit() -> None:
    from rich.console import Console

    steps = [StepInfo(key=str(i), kind="data", title=f"data {i}") for i in range(30)]
    live = Live(Console(file=io.StringIO(), width=100))
    live.study_started(StudyStarted(study="x", steps=steps, cached=frozenset(), workers=30, folder=Path("x")))
    for step in steps:
        live.step_started(StepStarted(step=step, attempt=1))
    grid = live._draw()
    live._live.stop()
    assert grid.row_count == 1 + 16 + 1


@pytest.mark.parametrize(
    ("mode", "is_terminal", "chosen"),
    [
        ("off", True, None),
        ("lines", True, Lines),
        ("live", False, Live),
        ("auto", True, Live),
        ("auto", False, Lines),
        ("nonsense", False, Lines),
    ],
)
def test_mode_and_terminal_choose_the_display(mode: str, is_terminal: bool, chosen: type | None) -> None:
    assert display.choose(mode, is_terminal) is chosen


def test_plugin_writes_to_standard_error_only_and_is_off_when_told(monkeypatch, capsys) -> None:
    plugins = Plugins.of(display)
    for mode, expected in (("auto", 4), ("off", 0)):
        monkeypatch.setenv("HARNESS_PROGRESS", mode)
        for name, event in story():
            assert plugins.emit(f"harness_{name}", event) == []
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == expected
