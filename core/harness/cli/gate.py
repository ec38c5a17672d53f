"""harness gate: exit 3 when a checkpoint falls short of a rule on a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.interrupt import resumable
from harness.cli.measuring import component, measuring_options, read_benchmarks, read_heldout, read_sampling
from harness.cli.options import json_option, print_json
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.checkpoints import Request
    from harness.gate import Measured, Rule

FELL_SHORT = 3


@click.command(name="gate", short_help="exit 3 when a checkpoint falls short of a rule")
@click.argument("checkpoint", metavar="CKPT")
@measuring_options
@click.option("--require", "rules", multiple=True, required=True, metavar="RULE", help="A rule it must keep. Repeatable.")
@click.option("--confident", is_flag=True, help="Demand that each rule holds at the worse end of its 95 % interval too.")
@click.option(
    "--undefined",
    type=click.Choice(["fail", "pass"]),
    default="fail",
    show_default=True,
    help="What a rule counts as whose value or threshold is undefined.",
)
@click.option("--candidate", metavar="NAME", help="Which candidate, where CKPT is the result.json of a finished study.")
@json_option
def command(**given: Any) -> int:
    """Measure the checkpoint CKPT at a fixed number of samples; exit 0 if it keeps every rule, 3 if not.

    A rule is PROXY OP NUMBER or PROXY OP base [+|- NUMBER], with >=, >, <= or < for OP: 'pass@16 >= base - 0.02',
    'generalization-loss < 0.9'. Point estimates are compared; equal ones (within 1e-9) keep >= and <=, and break > and <.

    CKPT is a Hugging Face folder, OWNER/NAME@COMMIT of the hub, or the result.json of a finished study; --base then names
    one of its candidates, and nothing is measured.
    """
    from harness.gate import judge_rules, parse_rule
    from harness.report.console import open_console
    from harness.report.gate import print_gate

    rules = [parse_rule(text) for text in given["rules"]]
    path = Path(given["checkpoint"])
    is_finished = path.suffix == ".json" and not path.is_dir()
    measured, more = _read(path, rules, given) if is_finished else _measure(rules, given)
    gate = judge_rules(rules, measured, is_confident=given["confident"], passes_undefined=given["undefined"] == "pass")
    found = {**gate.to_json(), **more}
    if given["as_json"]:
        print_json(found)
    else:
        print_gate(found, open_console())
    return 0 if gate.is_passed else FELL_SHORT


def _read(path: Path, rules: Sequence[Rule], given: dict[str, Any]) -> tuple[Measured, dict[str, Any]]:
    """Read a finished study."""
    from harness.gate import measured_from_result

    for option in ("problem_files", "benchmarks", "heldout"):
        if given[option]:
            raise UserError(f"{path}: a finished study is read as it is; leave problems, benchmarks and held-out traces out")
    measured = measured_from_result(path, rules, candidate=given["candidate"], base=given["base"])
    return measured, {"result": str(path)}


def _measure(rules: Sequence[Rule], given: dict[str, Any]) -> tuple[Measured, dict[str, Any]]:
    """Measure what the rules read."""
    from harness import study
    from harness.checkpoints import load_request
    from harness.gate import measure
    from harness.plugins import Plugins
    from harness.store import Store

    if given["candidate"]:
        raise UserError(f"--candidate {given['candidate']}: chooses from a result.json, and CKPT is none; leave it out")
    plugins = Plugins.discover(given["plugin_files"])
    request = _request(rules, given)
    recipe = load_request(request, plugins, {rule.proxy: f"--require {rule.text!r}" for rule in rules})
    with resumable():
        measured, result, path = measure(request, recipe, plugins, Store(given["store"] or study.default_store()))
    return measured, {"samples": request.samples, "cost": result["cost"], "result": str(path)}


def _request(rules: Sequence[Rule], given: dict[str, Any]) -> Request:
    from harness.checkpoints import BASE_NAME, Request, parse_source, parse_sources

    against = next((rule for rule in rules if rule.is_against_base), None)
    if against and not given["base"]:
        raise UserError(f"--require {against.text!r}: compares with the base model; name it with --base")
    return Request(
        study="gate",
        sources=parse_sources([given["checkpoint"]], taken=[BASE_NAME] if against else []),
        benchmarks=read_benchmarks(given["problem_files"], given["benchmarks"]),
        proxies=tuple(dict.fromkeys([*(rule.proxy for rule in rules), "pass@1"])),
        samples=given["samples"],
        base=parse_source(given["base"]) if given["base"] else None,
        is_base_measured=against is not None,
        heldout=read_heldout(given["heldout"]),
        sampling=read_sampling(given["temperature"], given["max_tokens"]),
        grader=given["grader"],
        engine=component(given["engine"], "--engine"),
        seed=given["seed"],
    )
