"""One environment can hold us and OpenRLHF: our ranges admit its exact pins."""

from __future__ import annotations

import tomllib
from email import message_from_string
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
OF_VLLM = {"torch": "2.13.0"}
"""Pinned by vllm 0.29.0, which openrlhf[vllm] 0.11.2 pins."""


def ours() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    return [Requirement(line) for line in lines]


def test_our_ranges_admit_what_openrlhf_pins(openrlhf) -> None:
    (metadata,) = openrlhf.parents[1].glob("lib/python3*/site-packages/openrlhf-0.11.2.dist-info/METADATA")
    pins = dict(OF_VLLM)
    for line in message_from_string(metadata.read_text(encoding="utf-8")).get_all("Requires-Dist"):
        requirement = Requirement(line)
        exact = [s.version for s in requirement.specifier if s.operator == "=="]
        if exact:
            pins[canonicalize_name(requirement.name)] = exact[0]
    assert pins["transformers"] == "5.15.0" and pins["ray"] == "2.55.0"
    shared = {r.name: pins[canonicalize_name(r.name)] for r in ours() if canonicalize_name(r.name) in pins}
    assert {"torch", "transformers"} <= set(shared)
    refused = [str(r) for r in ours() if r.name in shared and not r.specifier.contains(shared[r.name])]
    assert not refused
