"""`harness doctor`: what this machine can run, what is missing, and the command that brings it."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness._version import __version__
from harness.cli.options import json_option, print_json, store_option
from harness.errors import MissingError
from harness.escape import printable
from harness.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.external import External
    from harness.plugins import Plugins

DISTRIBUTION = "posttrain-harness"
EXTRAS = {
    "torch": "train, sample and score on this machine, CPU or CUDA; the quickstart needs it",
    "hf": "data sets and models of the Hugging Face hub, where a recipe names them",
    "openai": "sample from and score with servers that speak OpenAI's completions interface",
    "vllm": "make tokens for vLLM, which is a program in a Python of its own (see programs)",
    "lm-eval": "benchmarks from lm-evaluation-harness's tasks, where a recipe names them",
    "inspect": "harness export --format inspect",
    "report": "write a study's report with its charts; harness run ends by writing it",
    "ray": "run steps on a Ray cluster",
    "slurm": "run steps as SLURM jobs, through submitit",
    "tensorboard": "follow studies in TensorBoard",
    "mlflow": "follow studies in MLflow",
    "wandb": "follow studies in Weights & Biases",
    "math": "grade mathematics with Math-Verify",
    "sql": "harness sql: questions to a store",
    "dev": "this project's own tests and checks",
}
"""What each extra of the distribution gives."""


@click.command()
@store_option
@json_option
def command(store: Path, as_json: bool) -> None:
    """Show what this machine can run and what is missing; exit 1 if the quickstart cannot run."""
    from harness.plugins import Plugins

    plugins = Plugins.discover()
    missing = quickstart_lacks(plugins)
    findings: dict[str, Any] = {
        "harness": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": machine(),
        "extras": extras(),
        "programs": programs(plugins),
        "broken_plugins": [
            {"name": r.name, "distribution": r.distribution, "reason": r.reason}
            for r in plugins.records
            if r.status == "failed"
        ],
        "store": store_state(store),
        "quickstart": {"ready": not missing, "missing": missing},
    }
    if as_json:
        print_json(findings)
    else:
        _show(findings)
    if missing:
        raise click.exceptions.Exit(1)


def machine() -> dict[str, Any]:
    """Measure cores and memory this process may use, and name the GPUs the driver shows."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    limit = Path("/sys/fs/cgroup/memory.max")
    if memory and limit.is_file() and (text := limit.read_text().strip()).isdigit():
        memory = min(memory, int(text))
    return {"cores": usable, "memory_bytes": memory, "gpus": _gpus()}


def extras() -> dict[str, dict[str, Any]]:
    """Say of each extra what it gives, which of its packages are installed, and how to get it."""
    found: dict[str, dict[str, Any]] = {}
    for name in metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or ():
        packages = {package: _version(package) for package in _packages_of(name)}
        found[name] = {
            "gives": EXTRAS.get(name, ""),
            "packages": packages,
            "installed": all(packages.values()),
            "command": f"pip install '{DISTRIBUTION}[{name}]'",
        }
    return found


def programs(plugins: Plugins) -> list[dict[str, Any]]:
    """Say of each program that components start in an environment of its own whether and where it is found."""
    users: dict[External, list[str]] = {}
    for name, offers in _offers_by_name(plugins).items():
        for program in {program for offer in offers for program in offer.externals}:
            users.setdefault(program, []).append(name)
    return [_program(program, names) for program, names in sorted(users.items(), key=lambda item: item[0].distribution)]


def _program(program: External, users: list[str]) -> dict[str, Any]:
    about = {
        "program": program.distribution,
        "supported": program.supported,
        "variable": program.variable,
        "used_by": sorted(users),
        "needs": program.note,
        "command": program.install,
    }
    try:
        found = program.find()
    except MissingError as error:
        return {**about, "version": None, "python": None, "missing": str(error)}
    return {**about, "version": found.version, "python": str(found.python), "missing": None}


def store_state(store: Path) -> dict[str, Any]:
    """Say where the store is or would be, whether it can be written, and how much room the disk has; writes nothing."""
    place = store.absolute()
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    return {
        "path": str(place),
        "exists": place.is_dir(),
        "writable": nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK),
        "free_bytes": shutil.disk_usage(nearest).free,
    }


def quickstart_lacks(plugins: Plugins) -> list[str]:
    """List what the shipped quickstart names and this installation lacks: components, then packages."""
    try:
        file = shipped("recipes", "quickstart")
    except MissingError:
        return ["recipe quickstart"]
    offers = _offers_by_name(plugins)
    names = sorted(set(_uses(json.loads(file.read_text(encoding="utf-8")))))
    lacking = [f"component {name}" for name in names if name not in offers]
    wanted = {package for name in names for offer in offers.get(name, ()) for package in offer.requires}
    return lacking + [f"package {p}" for p in sorted(wanted) if importlib.util.find_spec(p) is None]


def _show(findings: dict[str, Any]) -> None:
    own = findings["machine"]
    memory = f"{own['memory_bytes'] / 2**30:.1f} GiB" if own["memory_bytes"] else "unknown"
    click.echo(f"harness   {findings['harness']} on Python {findings['python']}, {findings['platform']}")
    click.echo(f"machine   {own['cores']} cores, {memory} memory, GPUs: {', '.join(own['gpus']) or 'none'}")
    state = findings["store"]
    writable = "writable" if state["writable"] else "NOT WRITABLE; choose another with --store"
    click.echo(f"store     {printable(state['path'])}: {writable}, {state['free_bytes'] / 1e9:.1f} GB free")
    for name, extra in findings["extras"].items():
        have = ", ".join(f"{p} {v}" if v else f"{p} missing" for p, v in extra["packages"].items())
        click.echo(f"\nextra {name}: {extra['gives']}\n  {have}")
        if not extra["installed"]:
            click.echo(f"  get it with: {extra['command']}")
    for program in findings["programs"]:
        have = f"{program['version']} in {printable(program['python'])}" if program["version"] else "not found"
        click.echo(f"\nprogram {program['program']}{program['supported']} for {', '.join(program['used_by'])}: {have}")
        if program["missing"]:
            click.echo(printable(f"  {program['missing']}"))
            click.echo(f"  needs: {program['needs']}")
    click.echo()
    for broken in findings["broken_plugins"]:
        click.echo(printable(f"broken plug-in {broken['name']} ({broken['distribution']}): {broken['reason']}"))
    lacking = findings["quickstart"]["missing"]
    click.echo(
        f"the quickstart lacks: {', '.join(lacking)}" if lacking else "the quickstart can run: harness run quickstart"
    )


def _packages_of(extra: str) -> Iterator[str]:
    for requirement in metadata.requires(DISTRIBUTION) or ():
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        marker = re.search(r"extra\s*==\s*['\"]([^'\"]+)['\"]", requirement)
        if name and marker and marker[1] == extra:
            yield name[0]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _gpus() -> list[str]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [printable(line.strip()) for line in answer.stdout.splitlines() if line.strip()]


def _offers_by_name(plugins: Plugins) -> dict[str, list[Any]]:
    from harness.plugins import OFFER_HOOKS

    found: dict[str, list[Any]] = {}
    for kind in OFFER_HOOKS:
        for name, offer in plugins.offers(kind).items():
            found.setdefault(name, []).append(offer)
    return found


def _uses(value: Any) -> Iterator[str]:
    """Yield every component a raw recipe names."""
    if isinstance(value, dict):
        if isinstance(value.get("use"), str):
            yield value["use"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _uses(item)
