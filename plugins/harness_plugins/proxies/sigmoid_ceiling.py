r"""sigmoid-ceiling: where the reward curve of early RL is heading.

RL's gains saturate, and the height at which they do differs between starts more than early speed tells. Formula: R(C) =
R0 + (A - R0) / (1 + (Cmid / C)^B) fitted by least squares with bounds to the metric over the first `steps` RL steps; C is
the RL done (steps or tokens), and the value is A. Sources: arXiv 2510.13786 (the curve), 2512.11470 (as a property of
SFT checkpoints). Higher predicts a better outcome. Undefined where the early curve does not determine A: too few
points, no rise, no bend within ten times the RL seen, A at 1, or an interval as wide as all rewards. The interval is the
linearised fit's (Student t, independent steps), which successive steps of one run are not: read it as a lower bound on
the doubt.

Like micro-probe it looks into the RL run whose end is the outcome: it is no measurement before RL, and its validity
at amounts of RL up to `steps` is circular.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge

from harness import Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.early_rl import WIDEST, curve_of, first_steps, why_too_short

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_POINTS = 8
"""Twice the curve's four parameters."""
START, RISE, MIDDLE, POWER = range(4)
"""The parameters: R0, (A - R0) / (1 - R0), log(Cmid / the largest C) and B."""
LOWEST = (0.0, 0.0, math.log(0.01), 0.25)
HIGHEST = (1.0, 1.0, math.log(10.0), 8.0)
"""Rewards lie in [0, 1]; beyond these Cmid and B the curve is a step or a line on the range seen."""
GUESSES = ((math.log(0.1), 1.0), (math.log(0.5), 1.0), (math.log(0.5), 3.0), (math.log(2.0), 1.0))
"""Cmid and B from which the fit is started; the best end is taken."""
AT_BOUND = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """How much of the run is fitted, and what of it."""

    steps: Annotated[int, Ge(8)] = 60
    """RL steps fitted, at most those of the recipe's RL; 60 is the short end of usual probes."""
    unit: Literal["steps", "tokens"] = "steps"
    """What C counts: RL updates, or tokens sampled. Ceilings agree where steps cost the same number of tokens."""
    metric: Literal["reward", "monitor_accuracy"] = "reward"
    """reward: of the completions RL draws; monitor_accuracy: on held-out problems, where the trainer measures it."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Fit the curve and read its ceiling."""
    import numpy as np

    short = why_too_short(evidence, params.steps)
    if short:
        return ProxyValue(value=None, reason=short)
    curve = curve_of(first_steps(evidence, params.steps), params.metric)
    done = curve.steps if params.unit == "steps" else curve.tokens
    if len(done) < MIN_POINTS:
        reason = f"{params.metric} is logged at {len(done)} of the first {params.steps} steps; the fit takes {MIN_POINTS}"
        return ProxyValue(value=None, reason=reason)
    if not (np.isfinite(done).all() and np.isfinite(curve.values).all()):
        return ProxyValue(value=None, reason=f"{params.metric} or {params.unit} is not finite at some step")
    if done.max() <= 0.0:
        return ProxyValue(value=None, reason=f"the run counts no {params.unit}")
    return ceiling(done / done.max(), curve.values)


def ceiling(done: NDArray[np.float64], values: NDArray[np.float64]) -> ProxyValue:
    """Fit the sigmoid and return A with its interval.

    Args:
        done: C over the largest C, in [0, 1], shape (points,).
        values: R, in [0, 1], shape (points,).
    """
    fit = fitted(done, values)
    start, rise, middle, _ = fit.x
    if not fit.success:
        return ProxyValue(value=None, reason="not identified: the fit does not converge")
    if rise <= AT_BOUND:
        return ProxyValue(value=None, reason="not identified: the curve does not rise")
    if rise >= 1.0 - AT_BOUND:
        return ProxyValue(value=None, reason="not identified: the ceiling is at its bound of 1")
    if middle >= HIGHEST[MIDDLE] - AT_BOUND:
        return ProxyValue(value=None, reason="not identified: the curve does not bend within the steps seen")
    value = start + rise * (1.0 - start)
    half = half_width(fit, len(values))
    if half is None or 2.0 * half >= WIDEST:
        wide = "unbounded" if half is None else f"{2.0 * half:.2g} wide"
        return ProxyValue(value=None, reason=f"not identified: the 95 % interval is {wide}")
    return ProxyValue(value=float(value), low=max(float(value - half), 0.0), high=min(float(value + half), 1.0))


def sigmoid(parameters: NDArray[np.float64], done: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return R at each C, shape (points,)."""
    import numpy as np

    start, rise, middle, power = parameters
    with np.errstate(divide="ignore", over="ignore"):
        reached = 1.0 / (1.0 + (math.exp(middle) / done) ** power)
    curve: NDArray[np.float64] = start + rise * (1.0 - start) * reached
    return curve


def fitted(done: NDArray[np.float64], values: NDArray[np.float64]) -> Any:
    """Return scipy's result of the best fit over all guesses."""
    import numpy as np
    from scipy.optimize import least_squares

    low, high = float(np.clip(values.min(), 0.0, 0.98)), float(np.clip(values.max(), 0.01, 0.99))
    rise = min(max((high - low) / (1.0 - low), 0.01), 0.99)

    def residuals(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        return sigmoid(parameters, done) - values

    fits = [
        least_squares(
            residuals,
            (max(low, 0.01), rise, middle, power),
            bounds=(LOWEST, HIGHEST),
            x_scale=(0.1, 0.1, 1.0, 1.0),
            xtol=1e-10,
            ftol=1e-12,
            gtol=1e-12,
            max_nfev=500,
        )
        for middle, power in GUESSES
    ]
    return min(fits, key=lambda fit: float(fit.cost))


def half_width(fit: Any, num: int) -> float | None:
    """Return half the 95 % interval of A by the delta method; None where the fit leaves some parameter free."""
    import numpy as np
    from scipy.special import stdtrit

    curvature = fit.jac.T @ fit.jac
    if np.linalg.matrix_rank(curvature) < len(fit.x):
        return None
    toward = np.zeros(len(fit.x))
    toward[START], toward[RISE] = 1.0 - fit.x[RISE], 1.0 - fit.x[START]
    noise = 2.0 * float(fit.cost) / (num - len(fit.x))
    variance = float(toward @ np.linalg.solve(curvature, toward)) * noise
    return float(stdtrit(num - len(fit.x), 0.975)) * math.sqrt(max(variance, 0.0))


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the ceiling of the reward curve."""
    yield Proxy(
        name="sigmoid-ceiling",
        version="1",
        summary="reward at which the curve of early RL would level off",
        params=Params,
        load=lambda: compute,
        higher_is_better=True,
        needs=lambda _params: frozenset({"rl-metrics"}),
        min_rl_steps=lambda params: int(params.steps),
        pattern=r"sigmoid-ceiling@(?P<steps>\d+)",
    )
