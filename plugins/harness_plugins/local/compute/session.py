"""An open local engine: text in, text out, around generate and score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Drift, Sample, TokenScores, UserError
from harness_plugins.local.compute.drift import divergences, parameter_distance, why_not_comparable
from harness_plugins.local.compute.generate import Stream, decoder_of, generate
from harness_plugins.local.compute.inference import load_tokenizer
from harness_plugins.local.compute.score import score
from harness_plugins.local.compute.tokens import chat_ids, completion_text, end_ids, prompt_ids, response_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness import SampleRequest, Sampling, Trace
    from harness_plugins.local.compute.generate import Completion


class Session:
    """One checkpoint, ready to sample, score and measure drift; see harness.offers.DriftSession.

    `load` opens another checkpoint's weights in the same precision and place.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, max_rows: int, max_cache_bytes: int, load: Callable[[Path], Any]
    ) -> None:
        self.model = model
        self.load = load
        self.tokenizer = tokenizer
        self.max_rows = max_rows
        self.max_cache_bytes = max_cache_bytes
        self.eos_ids = end_ids(model, tokenizer)
        if not self.eos_ids:
            raise UserError("the checkpoint names no end-of-sequence token; set eos_token in its tokenizer")
        self.decoder = decoder_of(model)

    def sample(self, requests: Sequence[SampleRequest]) -> Iterator[Sample]:
        """Yield every sample of every request, batch by batch.

        Raises:
            UserError: a prompt has no tokens or fills the model's context.
        """
        groups: dict[Sampling, list[Stream]] = {}
        for request in requests:
            groups.setdefault(request.sampling, []).append(self._stream(request))
        for sampling, streams in groups.items():
            completions = generate(
                self.decoder,
                streams,
                max_tokens=sampling.max_tokens,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                eos_ids=self.eos_ids,
                max_rows=self.max_rows,
                max_cache_bytes=self.max_cache_bytes,
            )
            for completion in completions:
                yield self._sample(completion)

    def score(self, traces: Sequence[Trace]) -> Iterator[TokenScores]:
        """Yield the scores of each trace's response tokens, end-of-sequence included.

        Raises:
            UserError: a trace has an empty prompt or does not fit the model's context.
        """
        prompts, responses = self._encoded(traces)
        for place, scored in score(self.model, prompts, responses):
            yield TokenScores(
                id=traces[place].id,
                logprobs=scored.logprobs,
                entropies=scored.entropies,
                ranks=scored.ranks,
            )

    def drift(self, base: Path, traces: Sequence[Trace]) -> Drift:
        """Measure the distance from the checkpoint in the folder `base`, whose weights are held beside this one's.

        Raises:
            MissingError: no such folder.
            UserError: it is no causal language model, or a trace is one that cannot be scored.
        """
        prompts, responses = self._encoded(traces)
        other = self.load(base)
        longest = max((len(p) + len(r) for p, r in zip(prompts, responses, strict=True)), default=0)
        reason = why_not_comparable(self.model, other, longest) or self._why_unlike(load_tokenizer(base), traces)
        kl = [] if reason else divergences(self.model, other, prompts, responses)
        distance, distance_reason = parameter_distance(self.model, other)
        return Drift(
            trace_ids=() if reason else tuple(trace.id for trace in traces),
            num_tokens=np.array([] if reason else [len(response) for response in responses], dtype=np.int64),
            kl=np.array(kl, dtype=np.float64),
            kl_reason=reason,
            parameter_distance=distance,
            distance_reason=distance_reason,
        )

    def _encoded(self, traces: Sequence[Trace]) -> tuple[list[list[int]], list[list[int]]]:
        """Return the token ids of the prompts and of the responses."""
        prompts = [self._prompt(trace.id, trace.prompt) for trace in traces]
        responses = [response_ids(self.tokenizer, trace.response, self.eos_ids[0]) for trace in traces]
        for trace, prompt, response in zip(traces, prompts, responses, strict=True):
            self._check_fit(trace.id, len(prompt) + len(response))
        return prompts, responses

    def _why_unlike(self, tokenizer: Any, traces: Sequence[Trace]) -> str | None:
        """Say where another tokenizer reads a trace differently; the token that ends it is read by no model."""
        for trace in traces:
            own, other = (
                [*prompt_ids(each, trace.prompt), *response_ids(each, trace.response, 0)]
                for each in (self.tokenizer, tokenizer)
            )
            if own != other:
                return f"the base's tokenizer reads the held-out trace {trace.id!r} differently"
        return None

    def _stream(self, request: SampleRequest) -> Stream:
        prompt = self._prompt(request.problem_id, request.prompt, chat=request.chat)
        self._check_fit(request.problem_id, len(prompt) + 1)
        return Stream(
            problem_id=request.problem_id,
            prompt=prompt,
            seed=request.seed,
            first_index=request.first_index,
            num_samples=request.num_samples,
        )

    def _sample(self, completion: Completion) -> Sample:
        return Sample(
            problem_id=completion.problem_id,
            index=completion.index,
            text=completion_text(self.tokenizer, completion.tokens),
            num_tokens=len(completion.tokens),
            finish="stop" if completion.stopped else "length",
            logprob=float(completion.logprobs.sum(dtype=float)),
            entropy=float(completion.entropies.mean(dtype=float)),
        )

    def _prompt(self, name: str, prompt: str, *, chat: bool = False) -> list[int]:
        if chat and not self.tokenizer.chat_template:
            raise UserError(
                f"{name}: its prompt is a user's message, and the checkpoint's tokenizer has no chat template; "
                "choose a plain prompt template, or save a chat template with the checkpoint"
            )
        ids = chat_ids(self.tokenizer, prompt) if chat else prompt_ids(self.tokenizer, prompt)
        if not ids:
            raise UserError(f"{name}: its prompt {prompt!r} has no tokens; give a prompt with text")
        return ids

    def _check_fit(self, name: str, num_tokens: int) -> None:
        context = self.decoder.context
        if context is not None and num_tokens > context:
            raise UserError(
                f"{name}: needs {num_tokens} tokens, but the model's context holds {context}; "
                "drop it or take a model with a longer context"
            )
