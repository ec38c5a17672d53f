"""`harness plugins list|show`: who is plugged in, and what a component takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, print_json
from harness.errors import MissingError, suggest
from harness.plugins import OFFER_HOOKS, Plugins
from harness.printable import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.offers import Offer
    from harness.plugins import PluginRecord


@click.group()
def command() -> None:
    """List plug-ins and show their components."""


@command.command("list")
@json_option
def list_plugins(as_json: bool) -> None:
    """List every plug-in found, the broken and blocked ones included, and what it offers."""
    records = Plugins.discover().records
    if as_json:
        print_json([_record(r) for r in records])
    else:
        _show_records(records)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a component by its name: what it is, whose, and every setting with type, range, default and meaning."""
    plugins = Plugins.discover()
    found = [offers[name] for kind in OFFER_HOOKS if name in (offers := plugins.offers(kind))]
    if not found:
        known = {n for kind in OFFER_HOOKS for n in plugins.offers(kind)}
        raise MissingError(f"no component named {name!r}; {suggest(name, known)}; see harness plugins list")
    described = [_describe(plugins, offer) for offer in found]
    if as_json:
        print_json(described)
        return
    for position, component in enumerate(described):
        if position:
            click.echo()
        _show_component(component)


def _record(record: PluginRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "distribution": record.distribution,
        "status": record.status,
        "reason": record.reason,
        "hooks": list(record.hooks),
        "offers": list(record.offers),
        "seconds": round(record.seconds, 4),
    }


def _show_records(records: tuple[PluginRecord, ...]) -> None:
    from rich.table import Table

    from harness.report import open_console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("plug-in", "distribution", "status", "offers"):
        table.add_column(heading, overflow="fold")
    for record in records:
        what = record.reason if record.status != "ok" else _offers_by_kind(record)
        table.add_row(*(printable(cell) for cell in (record.name, record.distribution, record.status)), _lines(what))
    open_console().print(table)
    click.echo("one component in full: harness plugins show NAME")


def _offers_by_kind(record: PluginRecord) -> str:
    """Gather "curation subset", "curation epochs" into one line a kind; a plug-in of events names its hooks."""
    gathered: dict[str, list[str]] = {}
    for offer in record.offers:
        kind, _, name = offer.rpartition(" ")
        gathered.setdefault(kind, []).append(name)
    lines = [f"{kind}: {', '.join(sorted(names))}" for kind, names in gathered.items()]
    events = [h for h in record.hooks if h not in OFFER_HOOKS.values()]
    return "\n".join(lines + ([f"hooks: {', '.join(h.removeprefix('harness_') for h in events)}"] if events else []))


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())


def _describe(plugins: Plugins, offer: Offer) -> dict[str, Any]:
    import importlib.util

    from harness.recipe.describe import settings_of

    return {
        "name": offer.name,
        "kind": offer.kind,
        "version": offer.version,
        "summary": offer.summary,
        "package": plugins.owner(type(offer), offer.name),
        "module": offer.params.__module__,
        "requires": list(offer.requires),
        "missing": [p for p in offer.requires if importlib.util.find_spec(p) is None],
        "settings": settings_of(offer.params),
    }


def _show_component(component: Mapping[str, Any]) -> None:
    head = f"{component['kind']} {component['name']}, version {component['version']}: {component['summary']}"
    click.echo(printable(head))
    click.echo(printable(f"from {component['package']}, {component['module']}"))
    if component["requires"]:
        missing = f" (missing here: {', '.join(component['missing'])})" if component["missing"] else ""
        click.echo(printable(f"needs {', '.join(component['requires'])}{missing}"))
    if not component["settings"]:
        click.echo("no settings")
        return
    from rich.table import Table

    from harness.report import open_console

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in ("setting", "type", "default", "meaning"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "setting")
    for setting in component["settings"]:
        cells = (setting["name"], setting["type"], setting["default_text"], setting["meaning"])
        table.add_row(*(printable(c) for c in cells))
    click.echo()
    open_console().print(table)
