"""Build any optimizer of torch.optim by its name."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from harness import UserError

if TYPE_CHECKING:
    from harness_plugins.local.settings import Optimization

_UNFIT = {"Optimizer": "is the abstract base", "LBFGS": "needs a closure", "SparseAdam": "needs sparse gradients"}


def build_optimizer(model: torch.nn.Module, params: Optimization) -> torch.optim.Optimizer:
    """Build the optimizer over all parameters that are trained.

    Raises:
        UserError: no such optimizer, one that cannot work here, or options it does not take.
    """
    kind = _class_of(params.optimizer)
    signature = inspect.signature(kind).parameters
    accepted = set(signature) - {"params", "lr"}
    unknown = sorted(set(params.optimizer_options) - accepted)
    if unknown:
        raise UserError(
            f"optimizer_options: {params.optimizer} takes no {unknown[0]!r}; it takes {', '.join(sorted(accepted))}"
        )
    settings: dict[str, Any] = {"betas": params.betas, "eps": params.eps, "weight_decay": params.weight_decay}
    # Adafactor's eps is a pair of other things; settings go only where they mean what their docstrings say.
    fitting = {n: v for n, v in settings.items() if n in accepted and type(signature[n].default) in (type(v), int)}
    options = fitting | dict(params.optimizer_options)
    if "fused" in accepted and not {"fused", "foreach", "differentiable"} & set(options):
        options["fused"] = True
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    try:
        optimizer: torch.optim.Optimizer = kind(trained, lr=params.learning_rate, **options)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"optimizer: torch.optim.{params.optimizer} cannot train this model: {error}; choose another"
        ) from error
    return optimizer


def _class_of(name: str) -> type[Any]:
    classes = {
        known: value
        for known, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and known not in _UNFIT
    }
    if name in _UNFIT:
        raise UserError(f"optimizer: torch.optim.{name} {_UNFIT[name]}; choose one of {', '.join(sorted(classes))}")
    if name not in classes:
        raise UserError(f"optimizer: torch.optim has no {name!r}; choose one of {', '.join(sorted(classes))}")
    return classes[name]
