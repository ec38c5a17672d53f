"""The process that grades with math-verify: `python -m harness_plugins.math.verify_worker LIMIT_S`.

It can be killed at any time. One JSON object a line: `{"ready": true}` first, or `{"error": "..."}`; then, for each request
`{"gold": "...", "answer": "..."}` on standard input, up to three lines on standard output: `{"gold": true}` when a gold
answer it had not met is parsed, `{"correct": true}`, and `{"name": "1/2", "retire": false}`. It ends when its input does, or
when the process that started it is gone.

The clock is the system's count of this process's own processor time (ITIMER_PROF), started when work on the item begins, so
that neither queueing nor other programs count. What is over its limit dies of SIGPROF, which needs no Python code to run:
one long operation on huge integers, where no Python signal handler would be called, dies as well.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import select
import signal
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from harness_plugins.math import verify_speed
from harness_plugins.math.answer_match import MAX_ANSWER, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY_BYTES = 2 << 30
"""Address space; sympy and math-verify need about a tenth of it."""
_SWOLLEN = 4
"""A worker whose peak memory is so many times that at its start asks for a new one: the next answer would have less."""
_WARM = (
    r"\boxed{\frac{1}{2}}",
    r"$x^2+\sqrt{3}\cdot\pi$",
    r"\boxed{(1,2]}",
    r"\boxed{\{1,2\}}",
    r"$x=5$",
    "the answer is 12.",
)
_TEXT = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\{([^{}]*)\}")
_WORDS = re.compile(r"\s*[A-Za-z][A-Za-z '-]*[A-Za-z][a-z]\s*")
_ORPHAN_S = 5.0
_SHORT = 200
"""Characters of an answer whose parse is remembered."""
_VERDICTS: dict[tuple[Any, ...], bool] = {}


class Clock:
    """The limit on one item's processor time."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = self.left_s = limit_s

    def start(self) -> None:
        """Begin an item."""
        self.left_s = self.limit_s
        self.resume()

    def resume(self) -> None:
        """Go on with it."""
        signal.setitimer(signal.ITIMER_PROF, max(self.left_s, 0.01))

    def pause(self) -> None:
        """Stop counting, so that no line is torn."""
        self.left_s = signal.setitimer(signal.ITIMER_PROF, 0)[0]


def main() -> None:
    """Grade what comes on standard input until it ends."""
    replies = os.dup(1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    _limit_memory()
    try:
        verify_speed.install()
        for text in _WARM:
            _is_same(_parse(text), _parse(text))
        # The parser's tables are here to stay: going over them again and again finds no garbage.
        gc.freeze()
        gc.set_threshold(100_000)
    except Exception as error:
        _say(replies, {"error": f"{type(error).__name__}: {error}"})
        return
    start = _peak()
    _say(replies, {"ready": True})
    clock = Clock(float(sys.argv[1]))
    for line in _lines():
        request = json.loads(line)
        _answer(request["gold"], request["answer"], clock, replies, start)


def _answer(gold_text: str, text: str, clock: Clock, replies: int, start: int) -> None:
    known = _parsed_gold.cache_info().misses
    clock.start()
    gold = _parsed_gold(gold_text)
    clock.pause()
    if _parsed_gold.cache_info().misses > known:
        _say(replies, {"gold": True})
    clock.start()
    found = (_parsed(text) if len(text) <= _SHORT else _quietly(_parse, text)) or []
    correct = _verdict(gold_text, gold, found)
    clock.pause()
    _say(replies, {"correct": correct})
    clock.resume()
    name = _name(found)
    clock.pause()
    _say(replies, {"name": name, "retire": _peak() > _SWOLLEN * start})


def _parse(text: str) -> list[Any]:
    """Extract and parse; math-verify's own limits are off, the clock's hold."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    found: list[Any] = parse(
        text, (LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()), parsing_timeout=None
    )
    return found


@lru_cache(maxsize=2048)
def _parsed_gold(text: str) -> list[Any]:
    return _quietly(_parse, text) or []


@lru_cache(maxsize=verify_speed.REMEMBERED)
def _parsed(text: str) -> list[Any]:
    """Parse a short answer once: the same nonsense is said of many problems, and takes longest to be found out."""
    return _quietly(_parse, text) or []


def _verdict(gold_text: str, gold: list[Any], found: list[Any]) -> bool:
    """Compare, once for equal parses: what is found in prose comes back in ever new sentences."""
    try:
        key = (gold_text, *found)
        if key in _VERDICTS:
            return _VERDICTS[key]
    except TypeError:  # a matrix has no hash
        return bool(_quietly(_is_same, gold, found))
    if len(_VERDICTS) >= verify_speed.REMEMBERED:
        _VERDICTS.clear()
    _VERDICTS[key] = bool(_quietly(_is_same, gold, found))
    return _VERDICTS[key]


def _is_same(gold: list[Any], found: list[Any]) -> bool:
    """Compare; the order of the two matters to math-verify."""
    from math_verify import verify

    return bool(verify(gold, found, timeout_seconds=None))


def _name(found: list[Any]) -> str | None:
    """Return a text that equal answers share where that is cheap: the number, the words, or what sympy prints."""
    if not found:
        return None
    raw = _TEXT.sub(r"\1", found[-1]) if isinstance(found[-1], str) else ""
    text, expression = canonical(raw), found[0]
    if _WORDS.fullmatch(raw):
        return " ".join(raw.split())  # sympy would make a product of letters of it
    # A percentage is held as an unevaluated hundredth, and equals 50 as well as 1/2 for math-verify; its text tells more.
    if not isinstance(text, str) or isinstance(expression, str) or text.endswith("%"):
        return str(text)[:MAX_ANSWER] or None
    printed = _quietly(lambda: str(expression.doit())) or str(text)
    return printed if len(printed) <= MAX_ANSWER else str(text)[:MAX_ANSWER] or None


def _quietly(function: Any, *arguments: Any) -> Any:
    """Return what a function returns, None where it raises: sympy raises all there is, even RecursionError."""
    try:
        return function(*arguments)
    except Exception:
        return None


def _lines() -> Iterator[bytes]:
    """Yield lines of standard input until it ends or the process that started this one is gone."""
    parent, buffer = os.getppid(), b""
    while True:
        if not select.select([0], [], [], _ORPHAN_S)[0]:
            if os.getppid() != parent:
                return
            continue
        part = os.read(0, 1 << 20)
        if not part:
            return
        *whole, buffer = (buffer + part).split(b"\n")
        yield from whole


def _say(replies: int, reply: dict[str, Any]) -> None:
    line = json.dumps(reply).encode() + b"\n"
    while line:
        line = line[os.write(replies, line) :]


def _limit_memory() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError):  # some systems know the limit and refuse it
        return


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
