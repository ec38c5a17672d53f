"""harness status: how far the studies of a store are, read from the store alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.store import Store


@click.command(name="status", short_help="show how far the studies of a store are")
@click.argument("study", required=False)
@click.option("--watch", is_flag=True, help="Follow one study until its run ends.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of artifacts (default: $HARNESS_STORE or .harness).")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def command(study: str | None, watch: bool, store: Path | None, as_json: bool) -> None:
    """Show each study of the store: steps done, steps at work, and whether its result stands.

    With STUDY, a name or the name of a folder below studies/, only that. --watch follows it, or else the study that was last
    heard of, from any terminal: it reads files and disturbs nothing.
    """
    from harness.store import Store
    from harness.study import default_store

    if watch and as_json:
        raise click.UsageError("--watch is for people; machines have harness run --json-events")
    place = Store(store or default_store())
    folders = _chosen(place, study)
    if watch:
        _watch(place, folders)
        return
    _show(place, folders, as_json)


def _show(store: Store, folders: list[Path], as_json: bool) -> None:
    from harness.escape import printable
    from harness.watching import standing

    rows = [standing(store, folder) for folder in folders]
    if as_json:
        found = {"store": str(store.root), "studies": [row.to_json() for row in rows]}
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    if not rows:
        click.echo(f"no study in {store.root}", err=True)
    for row in rows:
        click.echo(printable(f"{row.study}  {row.done}/{row.steps} steps  {row.status}  {row.folder}"))
        for step in row.at_work:
            click.echo(printable(f"    {step.title}  {step.share:.0%}  {step.note}  attempt {step.attempt}"))


def _watch(store: Store, folders: list[Path]) -> None:
    from harness.errors import MissingError
    from harness.report.console import open_console
    from harness.watching import watch

    if not folders:
        raise MissingError(f"no study in {store.root}; start one with harness run, or name the store with --store")
    watch(store, max(folders, key=_last_heard), open_console())


def _chosen(store: Store, study: str | None) -> list[Path]:
    """Return the folders of the studies asked for."""
    from harness.errors import MissingError, suggest
    from harness.store import read_json
    from harness.watching import study_folders

    folders = study_folders(store)
    if study is None:
        return folders
    names = {folder: str(read_json(folder / "plan.json")["study"]) for folder in folders}
    found = [folder for folder, name in names.items() if study in (name, folder.name)]
    if not found:
        raise MissingError(f"study {study!r}: not in {store.root}; {suggest(study, {*names.values()})}")
    return found


def _last_heard(folder: Path) -> float:
    events = folder / "events.jsonl"
    return (events if events.is_file() else folder).stat().st_mtime
