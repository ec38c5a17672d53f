"""Plug-ins: discovery, isolation of broken ones, duplicates, listing.

A plug-in is an entry point in group `harness` of an installed distribution, or a local file. It names a module with
`@hookimpl` functions, or a package whose `__all__` names such sub-modules. One that fails to import or to offer is recorded
with whose it is and why, and harms nothing that does not use it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from harness import hookspecs
from harness import offers as kinds
from harness.errors import MissingError, PluginError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path
    from types import ModuleType

T = TypeVar("T", bound=kinds.Offer)

OFFER_HOOKS: dict[type[kinds.Offer], str] = {
    kinds.DataSource: "harness_data_sources",
    kinds.Model: "harness_models",
    kinds.Curation: "harness_curations",
    kinds.Trainer: "harness_trainers",
    kinds.Engine: "harness_engines",
    kinds.Benchmark: "harness_benchmarks",
    kinds.Grader: "harness_graders",
    kinds.Proxy: "harness_proxies",
    kinds.Executor: "harness_executors",
}
GROUP = "harness"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRecord:
    """One plug-in as `harness plugins list` shows it."""

    name: str
    """Entry point's name, or the file's path."""
    distribution: str
    """Distribution and version, "posttrain-harness 0.1.0"; "local file" for a file."""
    status: str
    """`ok`, `failed` or `blocked`."""
    reason: str = ""
    hooks: tuple[str, ...] = ()
    """Hooks it implements."""
    offers: tuple[str, ...] = ()
    """What it offers: "curation subset"."""
    seconds: float = 0.0
    """Time its import and offering took."""


@dataclass(slots=True, kw_only=True)
class _Owner:
    """Who registered a pluggy plug-in."""

    name: str
    distribution: str


@dataclass(slots=True)
class _Catalogue:
    """Offers by kind and name, with whom each came from."""

    by_kind: dict[type[kinds.Offer], dict[str, kinds.Offer]] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    duplicates: dict[tuple[str, str], str] = field(default_factory=dict)


class Plugins:
    """The plug-ins of this process: pluggy's manager, what they offer, and what went wrong."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("harness")
        self.manager.add_hookspecs(hookspecs)
        self._records: dict[str, PluginRecord] = {}
        self._owners: dict[str, _Owner] = {}
        self._files: list[Path] = []

    @classmethod
    def discover(cls, extra: Sequence[Path] = ()) -> Plugins:
        """Load every entry point of group `harness`, then the local files in `extra`.

        HARNESS_BLOCK (comma-separated plug-in or distribution names) leaves some out; HARNESS_PLUGINS, where set, lets in
        only those named.
        """
        self = cls()
        blocked = _names("HARNESS_BLOCK")
        only = _names("HARNESS_PLUGINS")
        for point in sorted(entry_points(group=GROUP), key=lambda p: (_distribution(p), p.name)):
            known_as = {point.name, _distribution(point).split(" ")[0]}
            if known_as & blocked or (only and not known_as & only):
                self._note(
                    point.name,
                    _distribution(point),
                    "blocked",
                    "left out by HARNESS_BLOCK or HARNESS_PLUGINS",
                )
                continue
            self._admit(point.name, _distribution(point), point.load)
        for file in extra:
            self.add_file(file)
        return self

    @classmethod
    def of(cls, *plugins: ModuleType | object) -> Plugins:
        """Take these modules (or objects) and nothing else; for tests and notebooks."""
        self = cls()
        for plugin in plugins:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            self._admit(name, "given", partial(_same, plugin))
        return self

    def add_file(self, file: Path) -> None:
        """Load a local plug-in file; the user named it, so a failure is raised.

        Raises:
            MissingError: there is no such file.
            PluginError: it cannot be imported or breaks the contract.
        """
        file = file.resolve()
        if not file.is_file():
            raise MissingError(f"plug-in file {str(file)!r}: not found; check the path")
        self._files.append(file)
        self._admit(str(file), "local file", lambda: _import_file(file))
        record = self._records[str(file)]
        if record.status == "failed":
            raise PluginError(f"plug-in file {str(file)!r}: {record.reason}; mend the file")

    @property
    def hook(self) -> Any:
        """Pluggy's caller, for event hooks."""
        return self.manager.hook

    @property
    def files(self) -> tuple[Path, ...]:
        """Local plug-in files, so that worker processes can load the same."""
        return tuple(self._files)

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every plug-in found, the broken and blocked ones included, with what each offers."""
        self._catalogue  # noqa: B018 - asking for the offers is what finds faults in offering
        return tuple(self._records.values())

    def offers(self, kind: type[T]) -> Mapping[str, T]:
        """All offers of a kind by name."""
        return self._catalogue.by_kind.get(kind, {})  # type: ignore[return-value]

    def find(self, kind: type[T], name: str) -> T:
        """Return the offer of that kind and name.

        Raises:
            MissingError: no such offer (the message suggests one), or a broken plug-in might have had it.
            PluginError: two plug-ins offer it; the message names both.
        """
        duplicate = self._catalogue.duplicates.get((kind.kind, name))
        if duplicate:
            raise PluginError(duplicate)
        known = self.offers(kind)
        if name in known:
            return known[name]
        broken = [r.name for r in self._records.values() if r.status == "failed"]
        also = f" (plug-ins that failed to load: {', '.join(broken)}; see harness plugins list)" if broken else ""
        raise MissingError(f"no {kind.kind} named {name!r}; {suggest(name, known)}{also}")

    def owner_of(self, kind: str, name: str) -> str:
        """Say whose a component is, by its kind's name; empty where no plug-in has it."""
        return self._catalogue.owners.get((kind, name), "")

    def commands(self) -> list[kinds.Command]:
        """Sub-commands offered by plug-ins."""
        return [item for _, items in self._ask("harness_commands") for item in items]

    def panels(self) -> list[kinds.Panel]:
        """Report sections offered by plug-ins."""
        return [item for _, items in self._ask("harness_panels") for item in items]

    def emit(self, hook: str, event: object) -> list[str]:
        """Call an event hook on each plug-in; one that raises is named in the returned list and never asked again."""
        faults = []
        for impl in list(getattr(self.hook, hook).get_hookimpls()):
            try:
                impl.function(event)
            except Exception as error:
                owner = self._owners.get(impl.plugin_name)
                faults.append(
                    f"plug-in {owner.name if owner else impl.plugin_name!r} failed in {hook}: {error!r}; it is left out"
                )
                self.manager.unregister(impl.plugin)
        return faults

    @cached_property
    def _catalogue(self) -> _Catalogue:
        found = _Catalogue()
        for kind, hook in OFFER_HOOKS.items():
            table = found.by_kind.setdefault(kind, {})
            for owner, items in self._ask(hook):
                for item in items:
                    self._enter(found, table, kind, owner, item)
        return found

    def _enter(
        self,
        found: _Catalogue,
        table: dict[str, kinds.Offer],
        kind: type[kinds.Offer],
        owner: _Owner,
        item: kinds.Offer,
    ) -> None:
        if not isinstance(item, kind):
            self._fail(owner, f"offered {item!r} as a {kind.kind}; yield harness.{kind.__name__}(...)")
            return
        place = (kind.kind, item.name)
        if item.name in table:
            first = found.owners[place]
            found.duplicates[place] = (
                f"{kind.kind} {item.name!r} is offered by both {first} and {owner.distribution}; uninstall one, or block it "
                f"with HARNESS_BLOCK={owner.distribution.split(' ')[0]}"
            )
            return
        table[item.name] = item
        found.owners[place] = owner.distribution
        record = self._records[owner.name]
        self._records[owner.name] = _replace(record, offers=(*record.offers, f"{kind.kind} {item.name}"))

    def _ask(self, hook: str) -> Iterable[tuple[_Owner, list[Any]]]:
        """Call an offer hook on each plug-in by itself, so that one that raises is known and harms no other."""
        for impl in reversed(getattr(self.hook, hook).get_hookimpls()):
            owner = self._owners[impl.plugin_name]
            try:
                items = list(impl.function())
            except Exception as error:
                self._fail(owner, f"{hook} raised {error!r}")
                continue
            yield owner, items

    def _admit(self, name: str, distribution: str, load: Callable[[], Any]) -> None:
        start = time.perf_counter()
        self.__dict__.pop("_catalogue", None)
        try:
            modules = _members(load())
            for module in modules:
                registered = self.manager.register(module)
                self._owners[str(registered)] = _Owner(name=name, distribution=distribution)
            self.manager.check_pending()
        except Exception as error:
            for module in locals().get("modules", ()):
                if self.manager.is_registered(module):
                    self.manager.unregister(module)
            self._note(name, distribution, "failed", f"{type(error).__name__}: {error}")
            return
        callers = [c for m in modules for c in (self.manager.get_hookcallers(m) or ())]
        self._records[name] = PluginRecord(
            name=name,
            distribution=distribution,
            status="ok",
            hooks=tuple(sorted({c.name for c in callers})),
            seconds=time.perf_counter() - start,
        )

    def _note(self, name: str, distribution: str, status: str, reason: str) -> None:
        self._records[name] = PluginRecord(name=name, distribution=distribution, status=status, reason=reason)

    def _fail(self, owner: _Owner, reason: str) -> None:
        self._records[owner.name] = _replace(self._records[owner.name], status="failed", reason=reason)


def _replace(record: PluginRecord, **changes: Any) -> PluginRecord:
    from dataclasses import replace

    return replace(record, **changes)


def _same(plugin: object) -> object:
    return plugin


def _names(variable: str) -> set[str]:
    return {n.strip() for n in os.environ.get(variable, "").split(",") if n.strip()}


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"


def _members(plugin: Any) -> list[Any]:
    """Return the modules that hold hookimpls: the plug-in itself, and a package's sub-modules named in `__all__`."""
    members = [plugin]
    if hasattr(plugin, "__path__"):
        members += [importlib.import_module(f"{plugin.__name__}.{n}") for n in getattr(plugin, "__all__", ())]
    return members


def _import_file(file: Path) -> ModuleType:
    name = f"harness_local_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
