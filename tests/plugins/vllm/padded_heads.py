"""The same model with wider heads: Qwen3 weights with zeros put between, for attention kernels that want heads of 32.

vLLM's attention on a CPU takes heads of 32, 64, 80 … dimensions, and the miniature's have 16. Twice as wide, the rotary
frequencies of pairs 0, 2, 4 … are those of the original's pairs 0, 1, 2 …: theta^(-2 * 2i / 2d) = theta^(-2i / d). So each
original dimension moves there, all others stay zero, and the weights of the norms of queries and keys take up what the wider
mean (a factor of sqrt(2) in each) and the wider scaling of attention (1 / sqrt(2)) change. What is left is the norms'
epsilon, which counts double.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def widen(source: Path, target: Path) -> None:
    """Write the model of `source` with heads twice as wide into `target`."""
    shutil.copytree(source, target)
    config = json.loads((target / "config.json").read_text())
    old = config["head_dim"]
    config["head_dim"] = 2 * old
    (target / "config.json").write_text(json.dumps(config))
    half = torch.arange(old // 2)
    places = torch.cat([2 * half, old + 2 * half])
    tensors = {name: _widened(name, tensor, old, places) for name, tensor in load_file(source / "model.safetensors").items()}
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})


def _widened(name: str, tensor: torch.Tensor, old: int, places: torch.Tensor) -> torch.Tensor:
    kind = name.removesuffix(".weight").rpartition(".")[2]
    if kind in ("q_norm", "k_norm"):
        wide = torch.ones(2 * old)
        # Both norms shrink by sqrt(2), and the queries' takes up the scaling besides.
        wide[places] = tensor if kind == "q_norm" else tensor / 2**0.5
        return wide
    if kind in ("q_proj", "k_proj", "v_proj"):
        heads = tensor.reshape(-1, old, tensor.shape[1])
        wide = torch.zeros(len(heads), 2 * old, tensor.shape[1])
        wide[:, places] = heads
        return wide.reshape(-1, tensor.shape[1])
    if kind == "o_proj":
        heads = tensor.reshape(tensor.shape[0], -1, old)
        wide = torch.zeros(tensor.shape[0], heads.shape[1], 2 * old)
        wide[:, :, places] = heads
        return wide.reshape(tensor.shape[0], -1)
    return tensor
