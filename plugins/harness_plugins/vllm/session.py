"""An open vllm engine: text in, text out, around processes that hold the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness import Sample, TokenScores, UserError
from harness_plugins.vllm.child import Child, VllmFailedError
from harness_plugins.vllm.seeds import request_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness import Codec, SampleRequest, Trace

    Purpose = Literal["sample", "score"]
    Open = Callable[[Purpose], list[Child]]


class Session:
    """One checkpoint, ready to sample and score; see harness.offers.EngineSession.

    Sampling and scoring want the model opened differently (prefix caching), so it is opened when the first is asked for.
    """

    def __init__(self, codec: Codec, start: Open, *, has_entropy: bool) -> None:
        """Hold what opens it.

        Args:
            codec: of the checkpoint.
            start: starts the processes for a purpose; does not wait for them.
            has_entropy: whether whole rows of log-probabilities are asked for.
        """
        self._codec = codec
        self._start = start
        self._has_entropy = has_entropy
        self._children: list[Child] = []
        self._purpose: Purpose | None = None
        self._is_idle = True

    def sample(self, requests: Sequence[SampleRequest]) -> Iterator[Sample]:
        """Yield every sample of every request, process by process.

        Raises:
            UserError: a prompt has no tokens or fills the model's context.
            VllmFailedError: vLLM failed.
        """
        wanted = [request for request in requests if request.num_samples > 0]
        children = self._opened("sample")
        items = [self._item(request, children[0].context) for request in wanted]
        for request, answer in self._asked(children, "sample", wanted, items):
            yield from self._samples(request, answer["completions"])

    def score(self, traces: Sequence[Trace]) -> Iterator[TokenScores]:
        """Yield the scores of each trace's response tokens, end-of-sequence included; entropies are NaN unless asked for.

        Raises:
            UserError: a trace has an empty prompt or does not fit the model's context.
            VllmFailedError: vLLM failed.
        """
        children = self._opened("score")
        items = [self._scored(trace, children[0].context) for trace in traces]
        for trace, answer in self._asked(children, "score", traces, items):
            logprobs = np.array(answer["logprobs"], dtype=np.float32)
            entropies = np.full_like(logprobs, np.nan) if answer["entropies"] is None else answer["entropies"]
            yield TokenScores(
                id=trace.id,
                logprobs=logprobs,
                entropies=np.array(entropies, dtype=np.float32),
                ranks=np.array(answer["ranks"], dtype=np.int32),
            )

    def close(self) -> None:
        """End the processes."""
        for child in self._children:
            child.close()
        self._children, self._purpose, self._is_idle = [], None, True

    def _opened(self, purpose: Purpose) -> list[Child]:
        # Answers that nobody read would be taken for those to the next order.
        if self._purpose != purpose or not self._is_idle:
            self.close()
            self._children, self._purpose = self._start(purpose), purpose
            for child in self._children:
                child.wait_ready()
        return self._children

    def _asked(
        self, children: Sequence[Child], what: Purpose, sources: Sequence[Any], items: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Deal the items out, item i to process i modulo their number, and yield (source, answer)."""
        num, self._is_idle = len(children), False
        for first, child in enumerate(children):
            child.order({what: items[first::num]})
        for first, child in enumerate(children):
            for answer in child.answers():
                yield sources[first + num * answer["place"]], answer
        self._is_idle = True

    def _item(self, request: SampleRequest, context: int) -> dict[str, Any]:
        prompt = self._codec.prompt(request.problem_id, request.prompt, chat=request.chat)
        _check_fit(request.problem_id, len(prompt) + 1, context)
        sampling = request.sampling
        settings = {
            # vLLM refuses several samples where there is no chance; they are all the same.
            "n": request.num_samples if sampling.temperature > 0 else 1,
            "seed": request_seed(request.seed, request.problem_id, request.first_index),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": min(sampling.max_tokens, context - len(prompt)),
            "stop": list(request.stop) or None,
            "stop_token_ids": list(self._codec.ends),
            # Text is only needed there to look for stop texts in.
            "detokenize": bool(request.stop),
            "logprobs": -1 if self._has_entropy else 0,
        }
        return {"prompt": prompt, "settings": settings}

    def _samples(self, request: SampleRequest, completions: Sequence[Mapping[str, Any]]) -> Iterator[Sample]:
        for place in range(request.num_samples):
            found = completions[place % len(completions)]
            if found["finish"] not in ("stop", "length"):
                raise VllmFailedError(f"{request.problem_id}: vllm ended a sample with {found['finish']!r}")
            yield Sample(
                problem_id=request.problem_id,
                index=request.first_index + place,
                text=self._codec.text(found["ids"]),
                num_tokens=len(found["ids"]),
                finish=found["finish"],
                logprob=found["logprob"],
                entropy=float("nan") if found["entropy"] is None else found["entropy"],
            )

    def _scored(self, trace: Trace, context: int) -> dict[str, Any]:
        prompt, response = self._codec.prompt(trace.id, trace.prompt), self._codec.response(trace.response)
        # One token is always drawn behind them.
        _check_fit(trace.id, len(prompt) + len(response) + 1, context)
        settings = {
            "max_tokens": 1,
            "temperature": 0.0,
            "prompt_logprobs": -1 if self._has_entropy else 0,
            "detokenize": False,
        }
        return {"ids": [*prompt, *response], "start": len(prompt), "settings": settings}


def _check_fit(name: str, num_tokens: int, context: int) -> None:
    if num_tokens > context:
        raise UserError(
            f"{name}: needs {num_tokens} tokens, but the model has {context} here; "
            "drop it, raise max_model_len or take a model with a longer context"
        )
