"""The front pinned: public names, hook signatures, options of the command line. A change here is one for users."""

from __future__ import annotations

import inspect

import click

import harness
from harness import hookspecs
from harness.cli.main import COMMANDS, group

PUBLIC = """
Benchmark Codec Command Context Counts Curated Curation CurationChain DataError DataSource Drift DriftSession Engine
EngineSession Evidence Example
Executor Grade Grader HarnessError LocalPath LossTable MissingError Model Need NoParams Panel PluginError Problem Progress
Proxy ProxyValue RecipeError Sample SampleRequest SampleTable Sampling StepFailed StepFailedError StepFinished StepInfo
StepProgressed StepStarted StoreError StudyFinished StudyStarted TokenScores TooFewSamplesError Trace TrainJob Trainer
TrainingFacts UserError Workload __version__ hookimpl printable External FoundProgram NOT_IN_KEY
"""

HOOKS = {
    "harness_data_sources": "() -> Iterable[offers.DataSource]",
    "harness_models": "() -> Iterable[offers.Model]",
    "harness_curations": "() -> Iterable[offers.Curation]",
    "harness_trainers": "() -> Iterable[offers.Trainer]",
    "harness_engines": "() -> Iterable[offers.Engine]",
    "harness_benchmarks": "() -> Iterable[offers.Benchmark]",
    "harness_graders": "() -> Iterable[offers.Grader]",
    "harness_proxies": "() -> Iterable[offers.Proxy]",
    "harness_executors": "() -> Iterable[offers.Executor]",
    "harness_commands": "() -> Iterable[offers.Command]",
    "harness_panels": "() -> Iterable[offers.Panel]",
    "harness_study_started": "(event: events.StudyStarted) -> None",
    "harness_step_started": "(event: events.StepStarted) -> None",
    "harness_step_progressed": "(event: events.StepProgressed) -> None",
    "harness_step_finished": "(event: events.StepFinished) -> None",
    "harness_step_failed": "(event: events.StepFailed) -> None",
    "harness_study_finished": "(event: events.StudyFinished) -> None",
}

MEASURING = (
    "--problems --benchmark --heldout --base --samples --temperature --max-tokens --engine --grader --seed --store --plugin"
)
OPTIONS = {
    "run": "recipe --store --plugin --json --json-events --no-report",
    "plan": "recipe --gpu --store --plugin --json",
    "validate": "recipe --plugin --json",
    "status": "study --watch --store --json",
    "plugins list": "--json",
    "plugins show": "name --json",
    "rank": f"checkpoints {MEASURING} --proxy --primary --adaptive --json",
    "gate": f"checkpoint {MEASURING} --require --confident --undefined --candidate --json",
    "analyze": "table --outcome --proxy --lower-better --baseline --family --label --compute --all-studies"
    " --resamples --seed --json",
    "compare": "a b --phase --k --common --resamples --seed --json",
    "export": "run --format --out --json",
    "leaderboard": "--registry --html --json",
    "submit": "run --registry --name --tier --by --reproduces --store --json",
    "registry verify": "path --json",
    "sql": "query --store --schema --json --csv",
    "report": "run --out --format --store --plugin --open",
    "schema": "--plugin",
    "doctor": "--store --json",
    "clean": "--store --work --failed --unused --all --dry-run --yes --json",
}


def test_public_names_are_pinned() -> None:
    assert sorted(harness.__all__) == sorted(PUBLIC.split())
    assert all(hasattr(harness, name) for name in harness.__all__)


def test_hook_signatures_are_pinned() -> None:
    found = {name: f for name, f in vars(hookspecs).items() if name.startswith("harness_")}
    assert {name: str(inspect.signature(f)).replace("'", "") for name, f in found.items()} == HOOKS
    assert list(found) == list(HOOKS), "hooks stand in call order"


def test_options_of_every_command_are_pinned() -> None:
    found = {}
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}": options(inner) for sub, inner in command.commands.items()}
        else:
            found[name] = options(command)
    assert found == OPTIONS


def options(command: click.Command) -> str:
    """Return arguments and options in order."""
    return " ".join(p.opts[0] for p in command.params)
