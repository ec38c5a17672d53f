"""The race itself: who samples how much next, given what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import DataError, TooFewSamplesError, UserError, suggest
from harness.estimators import Estimate
from harness.racing.chances import chances
from harness.racing.correction import stopping_bias
from harness.racing.reading import Reading, largest_step, read
from harness.racing.rule import beaten, student
from harness.racing.schedule import critical_value, rounds
from harness.racing.standing import Racer, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.racing.rule import Floats
    from harness.values import Counts

SIMULATED_RACES = 1000
"""For the correction; its own noise is then 3 % of an estimate's error."""


class Race:
    """A race of candidates for the highest mean pass@k on the same problems; see the package's docstring for its use."""

    def __init__(
        self,
        candidates: Sequence[str],
        problems_by_benchmark: Mapping[str, int],
        *,
        k: int,
        budget: int,
        level: float = 0.95,
        seed: int = 0,
    ) -> None:
        """Set up a race.

        Args:
            candidates: names, each once.
            problems_by_benchmark: how many problems each benchmark has.
            k: of pass@k.
            budget: samples a problem of a candidate that is never stopped.
            level: probability that the best on these problems is never stopped.
            seed: of the simulated races that correct the estimates; decisions use no chance.

        Raises:
            UserError: no candidates, a name twice, no problems, or a level outside (0.5, 1).
            TooFewSamplesError: k < 1, or a budget below k.
        """
        _check(candidates, problems_by_benchmark, level)
        if not 1 <= k <= budget:
            raise TooFewSamplesError(
                f"race: pass@{k} with {budget} samples a problem; give k of at least 1 and a budget of at least k"
            )
        self.candidates = tuple(candidates)
        self.problems = dict(problems_by_benchmark)
        self.k, self.budget, self.level, self.seed = k, budget, level, seed
        several = len(self.candidates) > 1
        self.rounds = rounds(k, budget) if several else (budget,)
        """Samples a problem at each look. One candidate has no rival, and gets the whole budget at once."""
        self.critical = critical_value(self.rounds[:-1], (1.0 - level) / max(len(self.candidates) - 1, 1))
        """What the rule asks of a difference: the error shared out over the best one's rivals, and spent over the looks at
        which somebody can be stopped."""
        self._alive = list(self.candidates)
        self._told: dict[str, Reading] = {}
        self._pending: dict[str, Reading] = {}
        self._stopped: dict[str, tuple[int, str]] = {}
        self._looks = 0

    def next_round(self) -> dict[str, int] | None:
        """Return the samples a problem, in total, to which each candidate must be told next; None when the race is over.

        Candidates already told in this round are left out.
        """
        if self._is_over():
            return None
        return {name: self.rounds[self._looks] for name in self._alive if name not in self._pending}

    def tell(self, candidate: str, counts: Sequence[Counts]) -> None:
        """Take in a candidate's cumulative counts; when the last of a round is told, those who are beaten are stopped.

        Args:
            candidate: one that `next_round` named.
            counts: one entry a benchmark, every problem with the samples `next_round` asked for.

        Raises:
            UserError: the candidate is not in this race or round.
            DataError: other benchmarks, problems or numbers of samples than agreed.
        """
        wanted = self.next_round() or {}
        if candidate not in wanted:
            raise UserError(f"race: candidate {candidate!r} is not sampled in this round; {suggest(candidate, wanted)}")
        self._check_counts(candidate, counts, wanted[candidate])
        self._pending[candidate] = read(counts, self.k)
        if len(self._pending) == len(self._alive):
            self._close_round()

    def standing(self) -> Standing:
        """Return how the race stands after its last complete round.

        Raises:
            UserError: no round is complete yet.
        """
        if not self._told:
            raise UserError("race: no round is complete; tell the counts of every candidate first")
        readings = [self._told[name] for name in self.candidates]
        values = np.array([reading.value for reading in readings])
        variances = np.array([reading.variance for reading in readings])
        bias = self._bias(readings)
        best = chances(values, variances) if len(readings) > 1 else None
        racers = [
            self._racer(name, reading, float(bias[at]), None if best is None else float(best[at]))
            for at, (name, reading) in enumerate(zip(self.candidates, readings, strict=True))
        ]
        problems = sum(self.problems.values())
        return Standing(
            k=self.k,
            level=self.level,
            racers=tuple(racers),
            leader=self._leader(),
            is_over=self._is_over(),
            rounds=self.rounds[: self._looks],
            samples_spent=problems * sum(reading.samples for reading in readings),
            full_budget=problems * self.budget * len(self.candidates),
            notes=self._notes(),
        )

    def _is_over(self) -> bool:
        return self._looks == len(self.rounds) or (self._looks > 0 and len(self._alive) == 1)

    def _leader(self) -> str:
        return max(self._alive, key=lambda name: self._told[name].value)

    def _close_round(self) -> None:
        """Look at the told counts, and stop who is beaten. The last look stops nobody: no sample is left to be saved."""
        self._told |= self._pending
        self._pending = {}
        self._looks += 1
        if self._looks == len(self.rounds):
            return
        readings = [self._told[name] for name in self._alive]
        out = beaten(
            np.array([reading.value for reading in readings]),
            np.array([reading.variance for reading in readings]),
            np.array([reading.freedom for reading in readings]),
            critical=self.critical,
            step=self._unit_step() / self.rounds[self._looks - 1],
        )
        leader = self._leader()
        self._stopped |= {name: (self._looks, leader) for name, gone in zip(self._alive, out, strict=True) if gone}
        self._alive = [name for name in self._alive if name not in self._stopped]

    def _bias(self, readings: Sequence[Reading]) -> Floats:
        if len(self.rounds) == 1:
            return np.zeros(len(readings))
        return stopping_bias(
            np.array([reading.value for reading in readings]),
            np.array([reading.variance * reading.samples for reading in readings]),
            np.array([reading.freedom for reading in readings]),
            looks=self.rounds if self._is_over() else self.rounds[: self._looks],
            critical=self.critical,
            unit_step=self._unit_step(),
            races=SIMULATED_RACES,
            seed=self.seed,
        )

    def _racer(self, name: str, reading: Reading, bias: float, best: float | None) -> Racer:
        critical = critical_value(self.rounds, (1.0 - self.level) / 2.0)
        half = float(student(critical, np.asarray(reading.freedom))) * reading.variance**0.5
        low, high = max(reading.value - half, 0.0), min(reading.value + half, 1.0)
        round_, by = self._stopped.get(name, (None, None))
        return Racer(
            name=name,
            estimate=Estimate(
                value=min(max(reading.value - bias, low), high),
                low=low,
                high=high,
                method=f"group-sequential over {len(self.rounds)} looks, sampling error on these problems",
                level=self.level,
            ),
            uncorrected=reading.value,
            probability_best=best,
            samples=reading.samples,
            stopped_in_round=round_,
            stopped_by=by,
        )

    def _unit_step(self) -> float:
        weight = 1.0 / (len(self.problems) * min(self.problems.values()))
        return largest_step(weight, 1, self.k)

    def _notes(self) -> tuple[str, ...]:
        if len(self.candidates) == 1:
            return ("one candidate: there is nothing to race, and it has the whole budget",)
        rule = (
            f"with nominal probability {self.level:g} the best on these problems is never stopped: group-sequential test of "
            f"differences paired by problem, the error shared over {len(self.candidates) - 1} rivals and over the rounds"
        )
        corrected = (
            f"estimates are corrected for the stopping rule by {SIMULATED_RACES} simulated races (Whitehead 1986); "
            "intervals and probabilities speak of these problems, not of others"
        )
        return (rule, corrected) if len(self.rounds) > 1 else (f"k = {self.k} leaves room for one round: nothing is saved",)

    def _check_counts(self, candidate: str, counts: Sequence[Counts], samples: int) -> None:
        where = f"race: candidate {candidate!r}"
        found = {entry.benchmark: entry for entry in counts}
        if len(found) != len(counts) or found.keys() != self.problems.keys():
            raise DataError(
                f"{where}: counts of {', '.join(entry.benchmark for entry in counts) or 'nothing'}; "
                f"tell each of {', '.join(self.problems)} once"
            )
        for name, entry in found.items():
            if len(entry.problem_ids) != self.problems[name]:
                raise DataError(
                    f"{where}: {len(entry.problem_ids)} problems of {name!r}; the race is over {self.problems[name]}"
                )
            if (entry.num_samples != samples).any():
                raise DataError(f"{where}: not every problem of {name!r} has {samples} samples; tell cumulative counts")


def _check(candidates: Sequence[str], problems_by_benchmark: Mapping[str, int], level: float) -> None:
    twice = sorted({name for name in candidates if list(candidates).count(name) > 1})
    if not candidates or twice:
        what = f"candidate {twice[0]!r} stands twice" if twice else "there are no candidates"
        raise UserError(f"race: {what}; name each candidate once")
    if not problems_by_benchmark or min(problems_by_benchmark.values()) < 1:
        raise UserError("race: a benchmark without problems; give every benchmark at least one")
    if not 0.5 < level < 1.0:
        raise UserError(f"race: level {level:g}; give a probability between 0.5 and 1")
