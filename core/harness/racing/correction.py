"""What stopping by the data does to the estimates, and how that is taken out.

A candidate stopped because it looked bad keeps its bad luck, one sampled on shakes it off: the mean of adaptively collected
data is too low on average (Nie et al. 2018, AISTATS, "Why adaptively collected data have negative bias and how to correct
for it"). The bias at the observed values is found by running the same race many times with Gaussian noise of the observed
size around them, and subtracted: the bias-adjusted estimate of sequential trials (Whitehead 1986, Biometrika 73), one step.
It takes the rule's bias out on average over races, for every candidate. It does not when one picks out the races in which a
candidate won, or was stopped at a given round: the full budget has that winner's curse as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.racing.rule import beaten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.racing.rule import Floats


def stopping_bias(
    values: Floats,
    unit_variances: Floats,
    freedoms: Floats,
    *,
    looks: Sequence[int],
    critical: float,
    unit_step: float,
    races: int,
    seed: int,
) -> Floats:
    """Estimate the bias of each candidate's final estimate, shape (candidates,).

    Args:
        values: taken as the true ones.
        unit_variances: of a value from one sample a problem; at n samples it is 1/n of that.
        freedoms: of those variances.
        looks: samples a problem at each round.
        critical: of the rule.
        unit_step: the rule's step at one sample a problem.
        races: how many to run.
        seed: of their noise.
    """
    rng = np.random.default_rng(seed)
    shape = (races, len(values))
    total, alive = np.zeros(shape), np.ones(shape, dtype=bool)
    final = np.zeros(shape)
    earlier = 0
    for look in looks:
        total += rng.standard_normal(shape) * np.sqrt((look - earlier) * unit_variances)
        earlier = look
        now = values + total / look
        final = np.where(alive, now, final)
        if look == looks[-1]:
            break
        variances = np.broadcast_to(unit_variances / look, shape)
        racing = np.where(alive, now, np.nan)
        alive &= ~beaten(racing, variances, freedoms, critical=critical, step=unit_step / look)
        alive &= alive.sum(axis=1, keepdims=True) > 1
    bias: Floats = (final - values).mean(axis=0)
    return bias
