"""Race candidates: sample all a little, stop those that cannot be best any more, go on with the rest.

    race = Race(["a", "b", "c"], {"math": 500}, k=1, budget=64)
    while (targets := race.next_round()) is not None:
        for candidate, samples in targets.items():
            race.tell(candidate, counts)  # cumulative: one Counts a benchmark, `samples` samples a problem
    standing = race.standing()

`next_round` maps each candidate still in the race to the samples a problem it must have in total; None when the race is
over. It depends on what was told and nothing else, so a killed race goes on by being told it again. `standing` may be asked
after any complete round. No sampling is done here.

What is raced for: the highest mean pass@k **on these problems**, which is what the full budget would estimate; so the noise
is the sampling's alone, every comparison is paired by problem, and the problems' difficulty drops out. The reported
probabilities of being best are about these problems too. What other problems of the same kind would say is another question:
`harness.validity.probability_best`, which resamples problems, answers it from the same counts.
"""

from harness.racing.race import Race
from harness.racing.standing import Racer, Standing

__all__ = ["Race", "Racer", "Standing"]
