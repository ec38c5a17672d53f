"""Draw what `harness run` prints for a result: python docs/pictures.py RESULT.json PICTURE.svg [COMMAND]."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from harness.report import print_result

WIDTH = 100


def main() -> None:
    """Render one result."""
    from rich.console import Console

    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    result = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    command = sys.argv[3] if len(sys.argv) == 4 else "make demo"
    # Not the file's own path: a picture must not show the machine it was made on.
    shown = Path(".harness") / "studies" / Path(sys.argv[1]).absolute().parent.name / "result.json"
    console = Console(
        file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, markup=False, emoji=False, highlight=False
    )
    console.print(f"$ {command}")
    print_result(result, console, shown)
    console.save_svg(sys.argv[2], title=command)


if __name__ == "__main__":
    main()
