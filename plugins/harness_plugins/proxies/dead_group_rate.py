"""dead-group-rate: chance that all g rollouts of a prompt are right, or all wrong.

Such a group has no advantage and no gradient; its rollouts are paid for and thrown away. Formula: mean over benchmarks
of the mean over problems of p^g + (1-p)^g, estimated without bias as C(c,g)/C(n,g) + C(n-c,g)/C(n,g). Source: arXiv
2606.18487. Lower predicts a better outcome.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from harness import Counts, Evidence, Proxy, ProxyValue, hookimpl
from harness_plugins.proxies.per_problem import mean_of_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Which group size."""

    group_size: Annotated[int, Ge(2)] = 8
    """Rollouts a prompt in the RL run, from 2 to the samples measured; 8 is a common setting of GRPO."""


def compute(evidence: Evidence, params: Params) -> ProxyValue:
    """Average the rate over problems, interval clustered by problem."""
    return mean_of_counts(evidence.counts, lambda entry: dead_groups(entry, params.group_size))


def dead_groups(entry: Counts, group_size: int) -> NDArray[np.float64]:
    """Return the share of a problem's groups that are all right or all wrong: neither hits what the other misses."""
    from harness.estimators import problem_values

    wrong = replace(entry, num_correct=entry.num_samples - entry.num_correct)
    some_right, some_wrong = (problem_values([counts], group_size)[0].values for counts in (entry, wrong))
    return (1.0 - some_right) + (1.0 - some_wrong)


@hookimpl
def harness_proxies() -> Iterable[Proxy]:
    """Offer the rate of groups without a signal."""
    yield Proxy(
        name="dead-group-rate",
        version="1",
        summary="chance that a group of rollouts is all right or all wrong",
        params=Params,
        load=lambda: compute,
        higher_is_better=False,
        needs=lambda _params: frozenset({"counts"}),
        min_samples=lambda params: int(params.group_size),
    )
