"""The command line: a group that imports a command when it is run, and the boundary where errors become one line.

Each command of ours is a module of this package that exposes `command`, a click.Command. Those of plug-ins come from the
`harness_commands` hook; discovery is paid for only where a distribution other than ours is installed, and ours win a name.
"""

from __future__ import annotations

import importlib
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from harness._version import __version__
from harness.errors import HarnessError, MissingError, PluginError, suggest
from harness.escape import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from harness.offers import Command

COMMANDS = {
    "run": "run a study, or go on with it",
    "plan": "show what a run would do and what is done already",
    "validate": "check a recipe without running it",
    "status": "show how far the studies of a store are",
    "plugins": "list plug-ins and show their components",
    "rank": "rank existing checkpoints, without any RL",
    "gate": "exit 3 when a checkpoint falls short of a rule",
    "analyze": "judge the proxies of a table, a result or published studies",
    "report": "write a study's report: one HTML file, or md, png, csv",
    "compare": "compare two candidates or two results, paired by problem",
    "export": "write a study's samples for the viewers of other tools",
    "leaderboard": "boards of strategies and of proxies, from a registry's results",
    "submit": "put a finished run into a registry",
    "registry": "verify a registry of results",
    "sql": "ask a store a question in SQL",
    "schema": "print the recipe's JSON Schema, for editors",
    "doctor": "show what this machine can run and what is missing",
    "clean": "free disk space in a store",
}
"""Name and summary of our own commands, in the order people meet them; `harness --help` imports no command."""

DISTRIBUTION = "posttrain-harness"
INTERRUPTED = 130


class LazyGroup(click.Group):
    """Knows its commands by name and summary, and imports one when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name ours in the order people meet them, then those of plug-ins."""
        return [*COMMANDS, *sorted(self._foreign)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"harness.cli.{cmd_name}")
            command: click.Command = module.command
            return command
        return _load(self._foreign[cmd_name]) if cmd_name in self._foreign else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest name where there is no such command."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise MissingError(f"no command named {args[0]!r}; {suggest(args[0], known)}; see harness --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List names and summaries without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if self._foreign:
            with formatter.section("Commands of plug-ins"):
                formatter.write_dl([(n, printable(c.summary)) for n, c in sorted(self._foreign.items())])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names without importing the commands."""
        from click.shell_completion import CompletionItem

        summaries = {**COMMANDS, **{n: c.summary for n, c in self._foreign.items()}}
        found = [CompletionItem(n, help=s) for n, s in summaries.items() if n.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    @cached_property
    def _foreign(self) -> dict[str, Command]:
        from importlib.metadata import entry_points

        from harness.plugins import GROUP, Plugins

        if all(p.dist is not None and p.dist.name == DISTRIBUTION for p in entry_points(group=GROUP)):
            return {}
        return {c.name: c for c in Plugins.discover().commands() if c.name not in COMMANDS}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness", message="%(prog)s %(version)s")
def group() -> None:
    """Which SFT checkpoint, or which SFT data strategy, should go to expensive RL, and how sure are we?

    Start with: harness run quickstart
    """


def main() -> None:
    """Run the command line on this process's arguments and exit."""
    sys.exit(call(sys.argv[1:]))


def call(args: Sequence[str]) -> int:
    """Run one command and return its exit code.

    0 done, 1 a step failed (or a bug), 2 the user's input is wrong, 3 a gate said no, 130 interrupted.
    """
    try:
        code = group.main(list(args), prog_name="harness", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except HarnessError as error:
        _tell(str(error), error)
        return error.exit_code
    except BrokenPipeError:
        # The reader went away; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        _tell(_confess(error), error)
        return 1
    return code if isinstance(code, int) else 0


def _load(offer: Command) -> click.Command:
    """Load a plug-in's command; whatever goes wrong is the plug-in's."""
    try:
        command = offer.load()
    except Exception as error:
        raise PluginError(
            f"command {offer.name!r}: its plug-in could not load it ({type(error).__name__}: {error}); "
            "see harness plugins list"
        ) from error
    if not isinstance(command, click.Command):
        raise PluginError(f"command {offer.name!r}: its plug-in returned {command!r}; load() must return a click.Command")
    return command


def _tell(message: str, error: BaseException) -> None:
    """Print a message for people, with the traceback where HARNESS_DEBUG asks for it."""
    if os.environ.get("HARNESS_DEBUG", "") not in ("", "0"):
        _print_traceback(error, sys.stderr)
    for line in message.splitlines():
        click.echo(printable(line), err=True)


def _confess(error: Exception) -> str:
    """Write a bug's traceback to a file and say where it is."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", prefix="harness-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write(f"harness {__version__}, Python {sys.version}, {sys.platform}\narguments: {sys.argv[1:]!r}\n")
        _print_traceback(error, log)
    what = printable(f"{type(error).__name__}: {error}".splitlines()[0])
    return f"harness: a bug in harness or a plug-in: {what}; please report it with {log.name}"


def _print_traceback(error: BaseException, file: Any) -> None:
    import traceback

    traceback.print_exception(error, file=file)
