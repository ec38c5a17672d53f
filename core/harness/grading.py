"""A grader as a process of its own: `python -m harness.grading --grader NAME`.

For trainers whose reward is computed in another Python environment, and for graders that may hang. One JSON object a line:
`{"ready": true}` first, then for each request `{"problem": {...}, "completion": "..."}` on standard input one answer on
standard output, `{"correct": true, "answer": "7"}` or `{"error": "..."}`. It ends when its input does. Whatever the grader
prints goes to standard error. It grades on its main thread, where graders may set alarms.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from harness.errors import HarnessError
from harness.jsonl import problem_from_json
from harness.offers import Grader
from harness.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.contract import GradeCompletion


def main(arguments: Sequence[str] | None = None) -> None:
    """Grade what comes on standard input until it ends."""
    parser = argparse.ArgumentParser(prog="python -m harness.grading", allow_abbrev=False)
    parser.add_argument("--grader", required=True, help="name of the grader")
    parser.add_argument("--plugin", action="append", default=[], type=Path, help="a local plug-in file")
    parser.add_argument("--abandon-s", type=float, default=600.0, help="end the process if one answer takes so long")
    asked = parser.parse_args(arguments)
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        grade = Plugins.discover(asked.plugin).find(Grader, asked.grader).load()
    except Exception as error:
        _reply(replies, {"error": _said(error)})
        return
    _reply(replies, {"ready": True})
    serve(grade, sys.stdin, replies, asked.abandon_s)


def serve(grade: GradeCompletion, requests: Iterable[str], replies: TextIO, abandon_s: float) -> None:
    """Answer each request with one line.

    Args:
        grade: the grader.
        requests: lines of JSON.
        replies: where answers go.
        abandon_s: seconds after which an unfinished answer ends the process, so that one whose asker died does not go on;
            the watch needs no Python code to run, so it ends even a single long operation.
    """
    for line in requests:
        faulthandler.dump_traceback_later(abandon_s, exit=True, file=2)
        try:
            request = json.loads(line)
            verdict = grade(problem_from_json(request["problem"], "request"), request["completion"])
            reply: dict[str, Any] = {"correct": bool(verdict.correct), "answer": verdict.answer}
        except Exception as error:
            reply = {"error": _said(error)}
        finally:
            faulthandler.cancel_dump_traceback_later()
        _reply(replies, reply)


def _reply(replies: TextIO, reply: dict[str, Any]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
