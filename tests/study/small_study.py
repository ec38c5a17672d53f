"""A small but whole study, run as people run it: a real process, real workers, real SFT, GRPO and sampling."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("harness")

SMALL = {
    "schema_version": 1,
    "name": "small",
    "seed": 5,
    "base": {"use": "miniature-base"},
    "data": {
        "sft": {"use": "miniature-sft", "examples": 256},
        "heldout": {"use": "miniature-heldout", "examples": 40},
        "rl": {"use": "miniature-rl", "examples": 64},
    },
    "candidates": [
        {"name": "unique", "curate": [{"use": "subset", "examples": 128}]},
        {
            "name": "short x2",
            "curate": [{"use": "length-filter", "keep": "shortest", "examples": 64}, {"use": "epochs", "epochs": 2}],
        },
        {"name": "base", "sft": None},
    ],
    "sft": {"use": "local-sft", "learning_rate": 1e-3, "batch_size": 16},
    "rl": {
        "use": "local-grpo",
        "steps": 6,
        "prompts_per_step": 8,
        "rollouts": 8,
        "monitor_every": 3,
        "monitor_samples": 2,
        "evaluate_at": [3],
    },
    "engine": {"use": "local"},
    "benchmarks": [{"use": "dag-6", "problems": 6, "samples": 16}, {"use": "add-5", "problems": 6, "samples": 16}],
    "proxies": [
        "pass@1",
        "pass@16",
        "generalization-loss",
        "fixed-set-loss",
        "token-entropy",
        "drift-kl",
        "parameter-distance",
        {"use": "micro-probe", "steps": 6, "window": 2},
    ],
    "primary_proxy": "pass@16",
    "outcome": {"metric": "pass@1", "samples": 16},
    "execution": {"use": "local-processes", "workers": 2},
}


@dataclass(frozen=True)
class Harness:
    """The command, in a folder of its own."""

    folder: Path
    recipe: Path

    def start(self, store: Path, *more: str) -> subprocess.Popen[str]:
        """Start `harness run` as the leader of its own process group."""
        return subprocess.Popen(
            [
                str(Path(sys.executable).with_name("harness")),
                "run",
                str(self.recipe),
                "--store",
                str(store),
                "--json",
                *more,
            ],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HARNESS_PROGRESS": "lines"},
            start_new_session=True,
        )

    def finish(self, store: Path) -> dict:
        """Run to the end and return result.json."""
        process = self.start(store)
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        return json.loads(out)


def kill_group(process: subprocess.Popen[str]) -> None:
    """SIGKILL a process and all its workers."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def processes_of(group: int) -> list[str]:
    """Name the living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(stat.parent.name)
    return found
