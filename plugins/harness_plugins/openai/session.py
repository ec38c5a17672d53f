"""An open openai engine: requests to a server, several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import numpy as np

from harness import Sample, TokenScores, UserError
from harness_plugins.openai.replies import completions, prompt_scores
from harness_plugins.openai.seeds import request_seed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from harness import Codec, SampleRequest, Trace
    from harness_plugins.openai.client import Client
    from harness_plugins.openai.engine import Params

Found = TypeVar("Found")

_STOPS = 4
"""Stop texts that OpenAI's interface takes; the host cuts at all of them."""
_NEUTRAL = {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
"""What vLLM's server would else take from the checkpoint's generation_config.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Samples first .. first + num - 1 of a request, counted from the request's own first."""

    request: SampleRequest
    first: int
    num: int


class Session:
    """One model of a server; see harness.offers.EngineSession."""

    def __init__(self, client: Client, model: str, codec: Codec | None, params: Params) -> None:
        """Hold what requests are made of.

        Args:
            client: of the server.
            model: its name there.
            codec: of the model's tokenizer; None leaves tokens to the server.
            params: of the engine.
        """
        self._client = client
        self._model = model
        self._codec = codec
        self._params = params

    def sample(self, requests: Sequence[SampleRequest]) -> Iterator[Sample]:
        """Yield every sample of every request, as answers come.

        Raises:
            UserError: a prompt has no tokens, or no chat template where it needs one.
            ServerError: the server refuses, fails or does not answer.
            ReplyError: it answers with something else.
        """
        pieces = [piece for request in requests for piece in self._pieces(request)]
        bodies = [self._body(piece) for piece in pieces]

        def draw(place: int) -> list[Sample]:
            path, body = bodies[place]
            return self._samples(pieces[place], self._client.post(path, body))

        for found in self._each(draw, len(pieces)):
            yield from found

    def score(self, traces: Sequence[Trace]) -> Iterator[TokenScores]:
        """Yield the scores of each trace's response tokens, end-of-sequence included; entropies are NaN.

        Raises:
            UserError: the model's tokenizer is not at hand, or a trace has an empty prompt.
            ServerError: the server refuses, fails or does not answer.
            ReplyError: it does not tell a prompt's log-probabilities.
        """
        codec = self._codec
        if codec is None:
            raise UserError(
                "engine 'openai': held-out traces are scored token by token, and the served model names no tokenizer; "
                'give "served" a "tokenizer" folder'
            )
        prompts = [codec.prompt(trace.id, trace.prompt) for trace in traces]
        ids = [[*prompt, *codec.response(t.response)] for prompt, t in zip(prompts, traces, strict=True)]

        def read(place: int) -> TokenScores:
            answer = self._client.post("completions", self._score_body(ids[place]))
            found = prompt_scores(answer, ids[place], len(prompts[place]))
            nothing = np.full(len(found.logprobs), np.nan, dtype=np.float32)
            return TokenScores(id=traces[place].id, logprobs=found.logprobs, entropies=nothing, ranks=found.ranks)

        yield from self._each(read, len(traces))

    def _each(self, do: Callable[[int], Found], num: int) -> Iterator[Found]:
        """Yield do(0) .. do(num - 1) in any order, at most `concurrency` at once; the first error ends it."""
        pool = ThreadPoolExecutor(self._params.concurrency, thread_name_prefix="openai")
        try:
            for done in as_completed([pool.submit(do, place) for place in range(num)]):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _pieces(self, request: SampleRequest) -> Iterator[Piece]:
        """Cut a request into those of at most n_max; without chance, one sample stands for all."""
        if request.sampling.temperature == 0:
            yield from [Piece(request=request, first=0, num=1)] * (request.num_samples > 0)
            return
        # Usage, which counts tokens where there are no log-probabilities, is told of all choices together.
        most = self._params.n_max if self._params.logprobs else 1
        for first in range(0, request.num_samples, most):
            yield Piece(request=request, first=first, num=min(most, request.num_samples - first))

    def _body(self, piece: Piece) -> tuple[str, dict[str, Any]]:
        """Return the path and body that ask for a piece."""
        request, sampling = piece.request, piece.request.sampling
        body: dict[str, Any] = {
            **self._params.body,
            "model": self._model,
            "n": piece.num,
            "seed": request_seed(request.seed, request.problem_id, request.first_index + piece.first),
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
            **(_NEUTRAL if self._params.dialect == "vllm" else {}),
        }
        if request.stop:
            body["stop"] = list(request.stop[:_STOPS])
        if request.chat and self._codec is None:
            body["messages"] = [{"role": "user", "content": request.prompt}]
            return "chat/completions", body | ({"logprobs": True} if self._params.logprobs else {})
        codec = self._codec
        body["prompt"] = codec.prompt(request.problem_id, request.prompt, chat=request.chat) if codec else request.prompt
        return "completions", body | ({"logprobs": 1} if self._params.logprobs else {})

    def _samples(self, piece: Piece, answer: Mapping[str, Any]) -> list[Sample]:
        request = piece.request
        found = completions(answer, piece.num, has_logprobs=self._params.logprobs)
        num = request.num_samples if request.sampling.temperature == 0 else piece.num
        return [
            Sample(
                problem_id=request.problem_id,
                index=request.first_index + piece.first + i,
                text=found[i % len(found)].text,
                num_tokens=found[i % len(found)].num_tokens,
                finish=found[i % len(found)].finish,
                logprob=found[i % len(found)].logprob,
                entropy=float("nan"),
            )
            for i in range(num)
        ]

    def _score_body(self, ids: Sequence[int]) -> dict[str, Any]:
        body = {**self._params.body, "model": self._model, "prompt": list(ids), "max_tokens": 1, "temperature": 0.0}
        if self._params.dialect == "openai":
            return body | {"echo": True, "logprobs": 1}
        # With a salt of its own a trace meets no cached prefix, which has made these depend on the order of requests
        # (vLLM issue 42019).
        return body | {"prompt_logprobs": 0, "cache_salt": uuid4().hex}
