"""Options of the commands that measure existing checkpoints: what is sampled, how, and where it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT_SAMPLES = 64
_SUFFIX_SOURCES = {".parquet": "parquet"}

OPTIONS = (
    click.option("--problems", "problem_files", multiple=True, metavar="FILE",
                 help="JSON Lines or Parquet of prompts and gold answers; NAME=FILE names it. Repeatable."),
    click.option("--benchmark", "benchmarks", multiple=True, metavar="NAME",
                 help='An installed benchmark, or one with settings: \'{"use": NAME, ...}\'. Repeatable.'),
    click.option("--heldout", metavar="FILE", help="Held-out traces: JSON Lines or Parquet with prompt and response."),
    click.option("--base", metavar="CKPT", help="The model they were trained from, for proxies that compare with it."),
    click.option("--samples", default=DEFAULT_SAMPLES, show_default=True, type=click.IntRange(1, 1_000_000),
                 help="Samples a problem."),
    click.option("--temperature", type=click.FloatRange(0), help="Sampling temperature (default: the benchmark's own)."),
    click.option("--max-tokens", type=click.IntRange(1), help="Longest completion (default: the benchmark's own)."),
    click.option("--engine", default="local", show_default=True, metavar="NAME",
                 help='What samples and scores; with settings: \'{"use": NAME, ...}\'.'),
    click.option("--grader", metavar="NAME", help="Who judges completions (default: the benchmark's own)."),
    click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1), help="Seed of the samples."),
    click.option("--store", type=click.Path(path_type=Path),
                 help="Folder of artifacts (default: $HARNESS_STORE or .harness)."),
    click.option("--plugin", "plugin_files", multiple=True, type=click.Path(path_type=Path), help="A local plug-in file."),
)  # fmt: skip


def measuring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, in order."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def component(text: str, option: str) -> dict[str, Any]:
    """Read a component's name, or an object with `use` and settings.

    Raises:
        UserError: it looks like an object and is none, or lacks `use`.
    """
    if not text.lstrip().startswith("{"):
        return {"use": text}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError(f"{option}: not JSON ({error}); write NAME, or '{{\"use\": NAME, ...}}'") from None
    if not isinstance(value.get("use"), str):
        raise UserError(f'{option}: the object has no "use"; say which component is meant')
    found: dict[str, Any] = value
    return found


def read_benchmarks(problem_files: Sequence[str], benchmarks: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Return the benchmarks of --problems and --benchmark, as a recipe writes them.

    Raises:
        UserError: there are none, a file is not there, or an object is malformed.
    """
    from harness.checkpoints import named_file

    entries: list[dict[str, Any]] = []
    for text in problem_files:
        name, path = named_file(text, "--problems")
        entries.append({"use": "problems-file", "name": name, "path": str(path)})
    entries += [component(text, "--benchmark") for text in benchmarks]
    if not entries:
        raise UserError("no problems: name a file with --problems, or an installed benchmark with --benchmark")
    return tuple(entries)


def read_heldout(text: str | None) -> dict[str, Any] | None:
    """Return the data source of --heldout: a file, or an object with `use`.

    Raises:
        UserError: the file is not there, or the object is malformed.
    """
    from harness.checkpoints import named_file

    if text is None or text.lstrip().startswith("{"):
        return None if text is None else component(text, "--heldout")
    path = named_file(text, "--heldout")[1]
    return {"use": _SUFFIX_SOURCES.get(path.suffix, "jsonl"), "path": str(path)}


def read_sampling(temperature: float | None, max_tokens: int | None) -> dict[str, Any]:
    """Return the sampling settings that were given."""
    given = {"temperature": temperature, "max_tokens": max_tokens}
    return {name: value for name, value in given.items() if value is not None}
