"""Measure accuracy on problems that are not trained on, by a grader that need not be the reward's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import UserError
from harness_plugins.local.compute.grpo_rollout import draw_completions, encode_problem
from harness_plugins.local.compute.seeds import seed_from
from harness_plugins.local.compute.tokens import completion_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Grade, Problem, TrainJob
    from harness_plugins.local.compute.folder import LoadedFolder
    from harness_plugins.local.grpo_settings import Params


class Monitor:
    """The independent accuracy curve; its random numbers are the same at every measurement, so that the curve is smooth."""

    def __init__(self, job: TrainJob, params: Params, loaded: LoadedFolder) -> None:
        """Encode the problems.

        Raises:
            DataError: a prompt does not fit the model.
            UserError: there is no grader.
        """
        self.params, self.loaded = params, loaded
        grader = job.monitor_grader or job.reward
        if grader is None:
            raise UserError("local-grpo: nothing grades the monitor's problems; name a grader as `reward`")
        self._grade: Callable[[Problem, str], Grade] = grader.load()
        self._asked = [encode_problem(problem, loaded) for problem in job.monitor]
        self._seeds = [seed_from(job.seed, "monitor", slot) for slot in range(len(self._asked))]

    def is_due(self, step: int) -> bool:
        """Tell whether to measure after this step."""
        params = self.params
        if not self._asked or not params.monitor_every:
            return False
        return step % params.monitor_every == 0 or step == params.steps

    def measure(self) -> float:
        """Return the share of completions that are right; truncated ones are wrong, whatever they say."""
        drawn = draw_completions(
            self.loaded,
            self._asked,
            self._seeds,
            num_samples=self.params.monitor_samples,
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
        )
        right = total = 0
        for asked, completions in zip(self._asked, drawn, strict=True):
            for completion in completions:
                text = completion_text(self.loaded.tokenizer, completion.tokens)
                right += completion.stopped and self._grade(asked.problem, text).correct
                total += 1
        return right / total
