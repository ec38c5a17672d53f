"""OpenRLHF as it is on the index, in an environment of its own; and a stand-in for it that trains nothing.

The package is installed without its dependencies, which need CUDA, and never into this environment: it brings a top-level
package called `tests`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from harness import Grade, Grader, TrainJob

HERE = Path(__file__).parent
PACKAGES = ("openrlhf==0.11.2", "tensorboard==2.21.0", "protobuf==7.36.2", "numpy==2.4.6", "absl-py==2.5.1")


def make_environment(folder: Path) -> Path:
    """Make an empty virtual environment and return its Python."""
    venv.EnvBuilder(symlinks=True).create(folder)
    return folder / "bin" / "python"


def site_packages(python: Path) -> Path:
    (found,) = python.parents[1].glob("lib/python3*/site-packages")
    return found


@pytest.fixture(scope="session")
def openrlhf(request) -> Path:
    """Return a Python that has OpenRLHF's files and TensorBoard's writer; made once and kept in pytest's cache."""
    folder = Path(request.config.cache.mkdir("openrlhf-environment"))
    wanted = json.dumps(PACKAGES)
    with FileLock(folder / "lock"):
        done = folder / "packages.json"
        python = folder / "venv" / "bin" / "python"
        if not (done.is_file() and done.read_text() == wanted and python.exists()):
            shutil.rmtree(folder / "venv", ignore_errors=True)
            make_environment(folder / "venv")
            command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", *PACKAGES]
            said = subprocess.run(command, capture_output=True, text=True)
            assert said.returncode == 0, f"openrlhf cannot be installed for its parser: {said.stderr}"
            done.write_text(wanted)
    return python


@pytest.fixture(scope="session")
def parse(openrlhf):
    """Parse command lines by OpenRLHF's own code; each gives {"args": ...} or {"refused": ...}."""

    def run(*jobs):
        done = subprocess.run(
            [openrlhf, HERE / "real_parser.py", "parse"], input=json.dumps(jobs), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return run


@pytest.fixture
def stand_in(openrlhf, tmp_path, monkeypatch):
    """Return an environment whose openrlhf and deepspeed are stand_in_program.py, and a way to say what it shall do.

    There is no GPU in tests: the stand-in takes the same command lines, and writes states, Hugging Face folders and (by
    TensorBoard's own writer) events where OpenRLHF does, and calls the reward file as OpenRLHF's executor does.
    """
    python = make_environment(tmp_path / "stand-in")
    site = site_packages(python)
    (site / "real.pth").write_text(f"{site_packages(openrlhf)}\n")
    for module in ("openrlhf.cli.train_sft", "openrlhf.cli.train_ppo_ray", "openrlhf.cli.lora_combiner",
                   "deepspeed.launcher.runner", "ray.scripts.scripts"):  # fmt: skip
        path = site / Path(*module.split("."))
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (path.parent, path.parent.parent):
            (folder / "__init__.py").touch()
        path.with_suffix(".py").write_text(
            f"import sys\nsys.path.insert(0, {str(HERE)!r})\nimport stand_in_program\nstand_in_program.main({module!r})\n"
        )
    info = site / "openrlhf-0.11.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openrlhf\nVersion: 0.11.2\n")
    orders = tmp_path / "orders.json"
    monkeypatch.setenv("STAND_IN_ORDERS", str(orders))
    monkeypatch.setenv("HARNESS_OPENRLHF_PYTHON", str(python))

    def order(**orders_given):
        orders.write_text(json.dumps(orders_given))

    order()
    return SimpleNamespace(python=python, order=order, orders=orders)


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    """Return a folder with a tokenizer that opens texts with <s>, and no weights."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    special = ("<s>", "</s>", "<|done|>")
    raw = Tokenizer(models.WordLevel({token: n for n, token in enumerate((*special, *map(chr, range(32, 127))))}, "<s>"))
    raw.add_special_tokens(list(special))
    raw.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    raw.decoder = decoders.Fuse()
    raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    raw.save(str(folder / "tokenizer.json"))
    end = {"__type": "AddedToken", "content": "</s>", "lstrip": False, "normalized": False, "rstrip": False, "special": True}
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": end}))
    (folder / "config.json").write_text("{}")
    return folder


GRADER_PLUGIN = """
import os, time
from harness import Grade, Grader, hookimpl

def grade(problem, completion):
    print("noise on standard output")
    if "HANG" in completion:
        time.sleep(3600)
    if "RAISE" in completion:
        raise RuntimeError("the grader is broken")
    if "DIE" in completion:
        os._exit(3)
    return Grade(correct=completion.strip() == problem.answer, answer=completion.strip())

@hookimpl
def harness_graders():
    yield Grader(name="moody", version="1", summary="does what it is told", load=lambda: grade)
"""


def _is_equal(problem, completion):
    return Grade(correct=completion.strip() == problem.answer, answer=completion.strip())


@pytest.fixture
def make_job(tmp_path, checkpoint):
    """Build a job over tmp_path; its grader's code is in a plug-in file, because another process loads it."""
    plugin = tmp_path / "moody_plugin.py"
    plugin.write_text(GRADER_PLUGIN)
    moody = Grader(name="moody", version="1", summary="does what it is told", load=lambda: _is_equal)

    def make(**changes):
        told = []
        settings = {
            "start": checkpoint, "examples": (), "seed": 11, "out": tmp_path / "job" / "out",
            "work": tmp_path / "job" / "work", "reward": moody, "plugin_files": (plugin,), "progress": told.append,
        }  # fmt: skip
        job = TrainJob(**(settings | changes))
        job.out.mkdir(parents=True, exist_ok=True)
        job.work.mkdir(parents=True, exist_ok=True)
        return job

    return make
