"""harness status: how far the studies of a store are, read from the store alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command(name="status", short_help="show how far the studies of a store are")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of artifacts (default: $HARNESS_STORE or .harness).")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout.")
def command(store: Path | None, as_json: bool) -> None:
    """Show each study of the store: steps done, steps at work, and whether its result stands."""
    from harness import study
    from harness.store import Store

    place = Store(store or study.default_store())
    rows = [
        _study(place, folder) for folder in sorted((place.root / "studies").glob("*")) if (folder / "plan.json").is_file()
    ]
    if as_json:
        click.echo(json.dumps({"store": str(place.root), "studies": rows}, indent=1, ensure_ascii=False))
        return
    if not rows:
        click.echo(f"no study in {place.root}", err=True)
    for row in rows:
        click.echo(f"{row['study']}  {row['done']}/{row['steps']} steps  {row['status']}  {row['folder']}")
        for step in row["at_work"]:
            click.echo(f"    {step['title']}  {step['share']:.0%}  {step['note']}  attempt {step['attempt']}")


def _study(store: Any, folder: Path) -> dict[str, Any]:
    from harness.job import read_progress
    from harness.store import Ref, read_json

    plan = read_json(folder / "plan.json")
    done, at_work = 0, []
    for step in plan["steps"]:
        if store.has(Ref(step["kind"], step["key"])):
            done += 1
            continue
        row = read_progress(store.work(step["key"]))
        if row:
            share = row["done"] / row["total"] if row["total"] else 0.0
            at_work.append(
                {
                    "title": step["title"],
                    "share": share,
                    "note": row["note"],
                    "attempt": row["attempt"],
                    "seconds": row["spent"] + row["seconds"],
                    "held": _is_held(store, step["key"]),
                }
            )
    has_result = (folder / "result.json").is_file()
    running = any(step["held"] for step in at_work)
    status = "done" if has_result else "running" if running else "stopped; run the same recipe to go on"
    return {
        "study": plan["study"],
        "folder": str(folder),
        "steps": len(plan["steps"]),
        "done": done,
        "status": status,
        "at_work": at_work,
        "result": str(folder / "result.json") if has_result else None,
    }


def _is_held(store: Any, key: str) -> bool:
    from filelock import Timeout

    try:
        with store.lock(key).acquire(timeout=0):
            return False
    except Timeout:
        return True
