"""Figures for people."""

from __future__ import annotations

import math

import pytest

from harness.report.figures import Bounds, bounds, clock, count, largest_pass_at, number, signed, with_interval


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (0.5, Bounds(0.5)),
        ({"value": 0.5, "low": 0.4, "high": 0.6}, Bounds(0.5, 0.4, 0.6)),
        ({"value": 0.5, "ci": [0.4, 0.6]}, Bounds(0.5, 0.4, 0.6)),
        ({"value": None, "reason": "zero gain"}, Bounds()),
        (None, Bounds()),
        (math.nan, Bounds()),
        (True, Bounds()),
        ("0.5", Bounds()),
    ],
)
def test_bounds_reads_every_shape(given: object, read: Bounds) -> None:
    assert bounds(given) == read


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (185, "3 min 05 s"), (3720, "1 h 02 min"), (None, "-")],
)
def test_clock_picks_the_unit(seconds: object, text: str) -> None:
    assert clock(seconds) == text


def test_undefined_figures_are_a_dash() -> None:
    assert [number(None), signed(None), count(None), with_interval(Bounds())] == ["-"] * 4
    assert with_interval(Bounds(0.5)) == "0.500"


def test_largest_pass_at_compares_numbers_and_not_text() -> None:
    assert largest_pass_at([{"pre": {"pass@8": 1, "pass@64": 1, "pass@1": 1, "other": 1}}, {"pre": None}]) == "pass@64"
    assert largest_pass_at([{"pre": {"pass@1": 1}}]) is None
