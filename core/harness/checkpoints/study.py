"""From a request to a loaded recipe; what is wrong is told of the option that says it, not of a recipe nobody wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.recipe import FaultyRecipeError, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.checkpoints.request import Request
    from harness.plugins import Plugins
    from harness.recipe import Fault, Recipe


def load_request(request: Request, plugins: Plugins, spelled: Mapping[str, str] | None = None) -> Recipe:
    """Build a request's recipe and check it; nothing is written and no component is loaded.

    Args:
        request: what is asked.
        plugins: whose components it may name.
        spelled: by proxy, how the user asked for it ("--require 'pass@16 >= base'"); else `--proxy NAME`.

    Raises:
        UserError: something cannot be run; the message has a line for each fault.
        PluginError: some plug-in's offer breaks the contract.
    """
    try:
        recipe = load(request.recipe(), plugins)
    except FaultyRecipeError as error:
        # Without a base the first checkpoint stands in for it, and what is wrong with it is told of the checkpoint.
        own = [fault for fault in error.faults if request.base or not fault.path.startswith("base")]
        lines = dict.fromkeys(f"{_option(f, request, spelled or {})}: {f.message}" for f in own or error.faults)
        raise UserError("\n".join(lines)) from None
    for use, name in zip(recipe.proxies, request.proxies, strict=False):
        if request.base is None and "base" in use.offer.needs(use.params):  # type: ignore[attr-defined]
            raise UserError(f"{_of_proxy(name, spelled or {})}: compares with the base model; name it with --base")
    return recipe


def _option(fault: Fault, request: Request, spelled: Mapping[str, str]) -> str:
    """Name the argument or option that a fault of the recipe came from."""
    found = re.match(r"(candidates|benchmarks|proxies)\[(\d+)\]", fault.path)
    if found:
        kind, at = found[1], int(found[2])
        if kind == "proxies":
            return _of_proxy(request.proxies[at], spelled)
        if kind == "candidates" and at < len(request.sources):
            return f"checkpoint {request.sources[at].text}"
        if kind == "benchmarks":
            return _of_benchmark(fault.path, request.benchmarks[at])
    start = fault.path.partition(".")[0]
    return {
        "base": f"--base {request.base.text}" if request.base else "checkpoint",
        "data": "--heldout",
        "engine": "--engine",
        "primary_proxy": "--primary",
        "seed": "--seed",
    }.get(start, fault.path)


def _of_proxy(name: str, spelled: Mapping[str, str]) -> str:
    return spelled.get(name, f"--proxy {name}")


def _of_benchmark(path: str, entry: Mapping[str, object]) -> str:
    if ".grader" in path:
        return "--grader"
    if ".sampling" in path:
        return f"--{path.rpartition('.')[2].replace('_', '-')}"
    if path.endswith(".samples"):
        return "--samples"
    return f"--problems {entry['name']}" if entry["use"] == "problems-file" else f"--benchmark {entry['use']}"
