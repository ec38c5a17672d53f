"""Write the help texts of all commands into docs/commands.md, or with --check say whether they are current."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from harness.cli.main import group

PAGE = Path(__file__).with_name("commands.md")
BLOCK = re.compile(r"(<!-- help: (?P<words>[\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def help_text(words: list[str]) -> str:
    """Return what `harness WORDS --help` prints, 80 columns wide."""
    command: click.Command = group
    context = click.Context(group, info_name=words[0], terminal_width=80, max_content_width=80, **group.context_settings)
    for word in words[1:]:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            sys.exit(f"{PAGE}: no command {' '.join(words)!r}; mend the page")
        command = found
        context = click.Context(found, info_name=word, parent=context)
    return command.get_help(context)


def current(page: str) -> str:
    """Return the page with every help text as it is now."""
    return BLOCK.sub(lambda m: f"{m[1]}```text\n{help_text(m['words'].split())}\n```\n{m[3]}", page)


def main() -> None:
    """Write the page, or compare."""
    old = PAGE.read_text(encoding="utf-8")
    new = current(old)
    if "--check" not in sys.argv:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit(f"{PAGE}: help texts are out of date; run: make docs")


if __name__ == "__main__":
    main()
