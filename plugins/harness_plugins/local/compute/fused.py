"""Norms and rotations with gradients written by hand: on a CPU, half the passes over memory that autograd makes.

Only for float32; elsewhere torch's own operations are as good.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from harness_plugins.local.compute.family import swap_halves


class _RmsNorm(torch.autograd.Function):
    """y = w x / rms(x), Zhang & Sennrich 2019 (arXiv 1910.07467); x (rows, ..., width), w of x's shape without rows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        scale = _inverse_rms(x, eps)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        unit, scale, weight = ctx.saved_tensors
        return _norm_grad(grad * weight, unit, scale), (grad * unit).sum(0), None


class _NormRotate(torch.autograd.Function):
    """RMS norm of each head, then rotary positions; x (rows, heads, width), w (heads, width), cos, sin (rows, 1, width)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float, cos: Tensor, sin: Tensor) -> Tensor:
        scale = _inverse_rms(x, eps)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight, cos, sin)
        return _rotate(unit * weight, cos, sin)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        unit, scale, weight, cos, sin = ctx.saved_tensors
        grad = _rotate_back(grad, cos, sin)
        return _norm_grad(grad * weight, unit, scale), (grad * unit).sum(0), None, None, None


class _Rotate(torch.autograd.Function):
    """Rotary positions; shapes as above."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return _rotate(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return _rotate_back(grad, *ctx.saved_tensors), None, None


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Norm the last dimension; x (rows, width), weight (width,)."""
    if _is_plain_cpu(x):
        y: Tensor = _RmsNorm.apply(x, weight, eps)  # type: ignore[no-untyped-call]
        return y
    return torch.nn.functional.rms_norm(x, (x.shape[-1],), weight.to(x.dtype), eps)


def norm_and_rotate(x: Tensor, weight: Tensor | None, eps: float, cos: Tensor, sin: Tensor) -> Tensor:
    """Norm each head's last dimension where there is a weight (heads, width), then rotate it to its position.

    Args:
        x: shape (rows, heads, width).
        weight: None for models without norms on queries and keys.
        eps: of the norm.
        cos: shape (rows, 1, width).
        sin: signed, of the same shape; see rotary_table.
    """
    if _is_plain_cpu(x):
        inputs = (x, cos, sin) if weight is None else (x, weight, eps, cos, sin)
        y: Tensor = (_Rotate if weight is None else _NormRotate).apply(*inputs)  # type: ignore[no-untyped-call]
        return y
    if weight is not None:
        x = torch.nn.functional.rms_norm(x, (x.shape[-1],), None, eps) * weight
    return x * cos + swap_halves(x) * sin


def _is_plain_cpu(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def _inverse_rms(x: Tensor, eps: float) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    norm.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
    return norm


def _norm_grad(grad_unit: Tensor, unit: Tensor, scale: Tensor) -> Tensor:
    """Turn the gradient of x / rms(x) into that of x; overwrites its first argument."""
    along = torch.linalg.vecdot(grad_unit, unit).unsqueeze(-1).div_(-unit.shape[-1])
    grad_unit.addcmul_(unit, along).mul_(scale)
    return grad_unit


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (x * cos).addcmul_(swap_halves(x), sin)


def _rotate_back(grad: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (grad * cos).add_(swap_halves(grad * sin))
