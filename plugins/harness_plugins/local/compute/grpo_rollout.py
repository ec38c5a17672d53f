"""Draw a step's groups of completions and have them graded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness import DataError, Problem, UserError
from harness_plugins.local.compute.generate import Stream, decoder_of, generate
from harness_plugins.local.compute.seeds import seed_from, shuffled
from harness_plugins.local.compute.tokens import completion_text, prompt_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from harness import Grade, TrainJob
    from harness_plugins.local.compute.folder import LoadedFolder
    from harness_plugins.local.compute.generate import Completion
    from harness_plugins.local.grpo_settings import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A problem and its encoded prompt."""

    problem: Problem
    prompt: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The completions of one prompt."""

    prompt: tuple[int, ...]
    completions: tuple[Completion, ...]
    rewards: NDArray[np.float64]
    """1 for a right completion that ended by itself, else 0; shape (completions,)."""

    @property
    def is_informative(self) -> bool:
        """Whether some completions did better than others."""
        return bool(self.rewards.min() < self.rewards.max())


class Rollouts:
    """Draws groups with the model's current weights; what is drawn depends on weights, seed and step alone."""

    def __init__(self, job: TrainJob, params: Params, loaded: LoadedFolder) -> None:
        """Encode the prompts.

        Raises:
            DataError: there are none, one has no answer, or one does not fit the model's context.
            UserError: the job has no reward.
        """
        if job.reward is None:
            raise UserError("local-grpo: there is no reward; name a grader as `reward`, or take RL data that brings one")
        self.seed, self.params, self.loaded = job.seed, params, loaded
        self._grade: Callable[[Problem, str], Grade] = job.reward.load()
        self._asked = [
            encode_problem(
                Problem(id=example.id, prompt=example.prompt, answer=example.answer or "", meta=example.meta),
                loaded,
                has_answer=example.answer is not None,
            )
            for example in job.examples
        ]
        if not self._asked:
            raise DataError("local-grpo: there are no prompts to train on; check data.rl")

    def draw(self, step: int) -> list[Group]:
        """Return a step's groups, in the order they were drawn, uninformative ones among them."""
        groups: list[Group] = []
        rounds = 1 + (self.params.resample_rounds if self.params.dynamic_filtering == "resample" else 0)
        for number in range(rounds):
            wanted = self.params.prompts_per_step - sum(group.is_informative for group in groups)
            if number == 0:
                asked = self._main_prompts(step)
            else:
                order = shuffled(len(self._asked), self.seed, "resample", step, number)
                asked = [self._asked[order[i % len(order)]] for i in range(wanted)]
            if not asked:
                break
            groups += self._groups(asked, step, number)
        return groups

    def _main_prompts(self, step: int) -> list[Asked]:
        """Prompts stand in an endless row, one shuffled round after the other; a step takes the next ones."""
        size, num = self.params.prompts_per_step, len(self._asked)
        first = (step - 1) * size
        rounds = range(first // num, (first + size - 1) // num + 1)
        orders = {number: shuffled(num, self.seed, "prompts", number) for number in rounds}
        return [self._asked[orders[place // num][place % num]] for place in range(first, first + size)]

    def _groups(self, asked: Sequence[Asked], step: int, number: int) -> list[Group]:
        # The slot in the seed keeps groups apart when a prompt comes twice in a step.
        seeds = [seed_from(self.seed, "rollout", step, number, slot) for slot in range(len(asked))]
        drawn = draw_completions(
            self.loaded,
            asked,
            seeds,
            num_samples=self.params.rollouts,
            max_tokens=self.params.max_tokens,
            temperature=self.params.temperature,
        )
        return [self._graded(one, completions) for one, completions in zip(asked, drawn, strict=True)]

    def _graded(self, asked: Asked, completions: list[Completion]) -> Group:
        texts = [completion_text(self.loaded.tokenizer, c.tokens) if c.stopped else None for c in completions]
        paid = {text: float(self._grade(asked.problem, text).correct) for text in set(texts) if text is not None}
        rewards = np.array([0.0 if text is None else paid[text] for text in texts])
        return Group(prompt=asked.prompt, completions=tuple(completions), rewards=rewards)


def encode_problem(problem: Problem, loaded: LoadedFolder, *, has_answer: bool = True) -> Asked:
    """Encode a problem's prompt.

    Raises:
        DataError: it has no answer, no tokens, or too many.
    """
    if not has_answer:
        raise DataError(f"local-grpo: prompt {problem.id!r} has no answer to be paid by; give every RL example one")
    prompt = tuple(prompt_ids(loaded.tokenizer, problem.prompt))
    if not prompt:
        raise DataError(f"local-grpo: prompt {problem.id!r} has no tokens; give it text, or a tokenizer with a begin token")
    if loaded.context is not None and len(prompt) >= loaded.context:
        raise DataError(
            f"local-grpo: prompt {problem.id!r} has {len(prompt)} tokens and fills the model's context of "
            f"{loaded.context}; leave it out"
        )
    return Asked(problem=problem, prompt=prompt)


def draw_completions(
    loaded: LoadedFolder,
    asked: Sequence[Asked],
    seeds: Sequence[int],
    *,
    num_samples: int,
    max_tokens: int,
    temperature: float,
) -> Iterator[list[Completion]]:
    """Yield the completions of each prompt, in the order of the prompts, by index."""
    streams = [
        Stream(problem_id=f"{slot}", prompt=one.prompt, seed=seed, first_index=0, num_samples=num_samples)
        for slot, (one, seed) in enumerate(zip(asked, seeds, strict=True))
    ]
    drawn: list[list[Completion]] = [[] for _ in asked]
    for completion in generate(
        decoder_of(loaded.model),
        streams,
        max_tokens=max_tokens,
        temperature=temperature,
        eos_ids=loaded.end_ids,
    ):
        drawn[int(completion.problem_id)].append(completion)
    for completions in drawn:
        yield sorted(completions, key=lambda completion: completion.index)
