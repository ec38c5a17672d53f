"""`harness clean`: free disk space in a store, and never under the feet of a running study."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, print_json, store_option
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.sweep import Group, Removable

GROUPS: dict[Group, tuple[str, str]] = {
    "leftover": ("--work", "leftovers of finished or forgotten steps"),
    "unfinished": ("--failed", "failed or interrupted steps; they would start anew"),
    "unused": ("--unused", "artifacts no study refers to"),
    "used": ("--all", "artifacts of studies; they would be made again"),
    "study": ("--all", "studies' own folders with their results"),
}
"""Which option frees which group, and what that means."""


@click.command()
@store_option
@click.option("--work", is_flag=True, help="Remove leftovers of finished or forgotten steps; nothing is lost.")
@click.option("--failed", is_flag=True, help="Remove work of failed and interrupted steps; they start anew.")
@click.option("--unused", is_flag=True, help="Remove artifacts that no study in this store refers to.")
@click.option("--all", "everything", is_flag=True, help="Remove all of it, results included.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(
    store: Path, work: bool, failed: bool, unused: bool, everything: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Free disk space in a store.

    Without an option it only shows what could go. What a running study works on or refers to always stays.
    """
    from harness.store import Store
    from harness.sweep import spare_running, survey

    if not (store / "store.json").is_file():
        raise UserError(f"store {str(store)!r}: no store is there; name one with --store")
    opened = Store(store)
    chosen = {"leftover": work, "unfinished": failed, "unused": unused, "used": False, "study": False}
    items = survey(opened)
    if not (everything or any(chosen.values())):
        _show_what_could_go(items, as_json)
        return
    free, busy = spare_running(opened, [i for i in items if everything or chosen[i.group]])
    if free and not dry_run:
        _agree(free, yes)
        # The answer may have taken a while, and a study may have begun since.
        still = {(i.path, i.group) for i in survey(opened)}
        free, since = spare_running(opened, [i for i in free if (i.path, i.group) in still])
        removed = _remove(opened, free)
        busy = [*busy, *since, *(i for i in free if i not in removed)]
        free = removed
    _tell(free, busy, dry_run=dry_run, as_json=as_json)


def human_bytes(num_bytes: int) -> str:
    """Write a size for people, in decimal units."""
    size = float(num_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _remove(store: Any, items: Sequence[Removable]) -> list[Removable]:
    """Remove studies first, so that a kill in between leaves unused artifacts and no study without its parts."""
    from harness.sweep import remove

    order = sorted(items, key=lambda i: i.group != "study")
    return [item for item in order if remove(store, item)]


def _agree(items: Sequence[Removable], yes: bool) -> None:
    question = f"remove {len(items)} folders, {human_bytes(sum(i.bytes for i in items))}"
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError(f"clean: would {question}, and nobody is there to ask; say --yes, or --dry-run to look")
    if not click.confirm(f"{question}?", err=True):
        raise click.exceptions.Exit(0)


def _show_what_could_go(items: Sequence[Removable], as_json: bool) -> None:
    rows = []
    for group, (option, meaning) in GROUPS.items():
        mine = [i for i in items if i.group == group]
        rows.append((group, option, meaning, len(mine), sum(i.bytes for i in mine)))
    if as_json:
        print_json({"could_go": {g: {"folders": n, "bytes": b, "option": o} for g, o, _, n, b in rows}})
        return
    for _, option, meaning, count, num_bytes in rows:
        click.echo(f"{option:9} {count:6} folders {human_bytes(num_bytes):>9}  {meaning}")
    click.echo("nothing was removed; choose with the options above")


def _tell(gone: Sequence[Removable], busy: Sequence[Removable], *, dry_run: bool, as_json: bool) -> None:
    total = sum(i.bytes for i in gone)
    if as_json:
        rows = [{"path": str(i.path), "group": i.group, "bytes": i.bytes} for i in gone]
        kept = [str(i.path) for i in busy]
        print_json({"dry_run": dry_run, "folders": rows, "bytes": total, "in_use": kept})
        return
    verb = "would free" if dry_run else "freed"
    click.echo(f"{verb} {human_bytes(total)} in {len(gone)} folders")
    if busy:
        click.echo(f"kept {len(busy)} folders that a running study uses")
