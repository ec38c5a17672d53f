"""open_console: colour and width follow the stream."""

from __future__ import annotations

import io

import pytest

from harness.report import open_console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def styled(out: io.StringIO) -> str:
    open_console(out).print("text [bold]", style="bold red")
    return out.getvalue()


def test_console_is_plain_and_takes_no_markup_off_a_terminal() -> None:
    assert styled(io.StringIO()) == "text [bold]\n"


def test_console_is_coloured_on_a_terminal_unless_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "31m" in styled(Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in styled(Terminal())


def test_console_is_100_wide_off_a_terminal_unless_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert open_console(io.StringIO()).width == 100
    monkeypatch.setenv("COLUMNS", "70")
    assert open_console(io.StringIO()).width == 70
