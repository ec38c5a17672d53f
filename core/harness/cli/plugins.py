"""`harness plugins list|show`: who is plugged in, and what a component takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import json_option, print_json
from harness.errors import MissingError, suggest
from harness.escape import printable
from harness.offers import NoParams, Trainer
from harness.plugins import OFFER_HOOKS, Plugins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.offers import Offer
    from harness.plugins import PluginRecord

MAX_DEPTH = 3
"""Nested settings are shown down to here."""


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

    from harness.recipe.component import settings_schema
    from harness.recipe.schema import reserved_of

    own, nested = settings_schema(offer, offer.name)
    kind = f"{offer.method} trainer" if isinstance(offer, Trainer) else offer.kind
    return {
        "name": offer.name,
        "kind": kind,
        "version": offer.version,
        "summary": offer.summary,
        "distribution": plugins.owner_of(offer.kind, offer.name),
        "module": offer.params.__module__ if offer.params is not NoParams else None,
        "requires": list(offer.requires),
        "missing": [p for p in offer.requires if importlib.util.find_spec(p) is None],
        "settings": {**own, "$defs": nested},
        "also": reserved_of(kind),
    }


def _show_component(component: Mapping[str, Any]) -> None:
    click.echo(_lines("{kind} {name}, version {version}: {summary}".format_map(component)))
    click.echo(printable(f"from {component['distribution']}" + (f", {component['module']}" if component["module"] else "")))
    if component["requires"]:
        missing = f" (missing here: {', '.join(component['missing'])})" if component["missing"] else ""
        click.echo(printable(f"needs {', '.join(component['requires'])}{missing}"))
    schema = component["settings"]
    rows = [*_rows(schema, schema["$defs"]), *_rows({"properties": component["also"], "required": ()}, {})]
    if not rows:
        click.echo("no settings")
        return
    from rich.table import Table

    from harness.report import open_console

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading, width in (("setting", None), ("takes", 26), ("default", 12), ("meaning", None)):
        table.add_column(heading, overflow="fold", max_width=width, no_wrap=heading == "setting")
    for row in rows:
        table.add_row(*(printable(cell) for cell in row))
    click.echo()
    open_console().print(table)


def _rows(schema: Mapping[str, Any], nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield name, what it takes, default and meaning of each setting; those of nested records as parts[].share."""
    from harness.recipe.explain import wanted

    for name, field in schema["properties"].items():
        inner = nested.get(field.get("items", field).get("$ref", "").removeprefix("#/$defs/"))
        takes = "an object" if inner and "items" not in field else wanted(field)
        default = json.dumps(field.get("default")) if takes != "an object" else ""
        default = "required" if name in schema.get("required", ()) else default
        yield f"{prefix}{name}", takes, default, field.get("description", "")
        if inner is not None and prefix.count(".") < MAX_DEPTH:
            yield from _rows(inner, nested, f"{prefix}{name}{'[]' if 'items' in field else ''}.")
