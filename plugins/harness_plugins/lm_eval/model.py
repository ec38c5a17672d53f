"""An open engine as a model of lm-eval's, for `lm_eval.simple_evaluate(model=EngineModel(session), …)`.

Imported by whoever has lm-eval: it stands apart from the offers, which import nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lm_eval.api.model import LM

from harness import SampleRequest, Sampling, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness import EngineSession

DEFAULT_MAX_TOKENS = 256
"""lm-eval's own."""


class EngineModel(LM):  # type: ignore[misc]
    """Draws and scores with one of our engines; repeats of a request get samples of their own."""

    def __init__(self, session: EngineSession, *, seed: int = 0) -> None:
        super().__init__()
        self.session = session
        self.seed = seed

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """Return one completion a request, cut before its first stop text."""
        times: dict[tuple[str, str], int] = {}
        asked = []
        for request in requests:
            prompt, settings = request.args[:2]
            name = f"{request.task_name}/{request.doc_id}"
            index = times.get((name, prompt), 0)
            times[name, prompt] = index + 1
            asked.append(
                SampleRequest(
                    problem_id=name,
                    prompt=prompt,
                    num_samples=1,
                    sampling=_sampling(settings),
                    seed=self.seed,
                    first_index=index,
                )
            )
        drawn = {(sample.problem_id, sample.index): sample.text for sample in self.session.sample(asked)}
        return [
            _cut(drawn[one.problem_id, one.first_index], request.args[1].get("until", ()))
            for one, request in zip(asked, requests, strict=True)
        ]

    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Return each continuation's log-likelihood (nats) and whether it is the greedy one."""
        traces = [Trace(id=str(n), prompt=one.args[0], response=one.args[1]) for n, one in enumerate(requests)]
        scores = {score.id: score for score in self.session.score(traces)}
        found = (scores[trace.id] for trace in traces)
        # The last token is the end of the sequence, which lm-eval does not score.
        return [(float(s.logprobs[:-1].sum(dtype="float64")), bool((s.ranks[:-1] == 1).all())) for s in found]

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """Refuse: our engines score responses to prompts."""
        raise NotImplementedError("rolling log-likelihood is not supported; use another task")


def _sampling(settings: dict[str, Any]) -> Sampling:
    temperature = float(settings.get("temperature", 0.0)) if settings.get("do_sample", True) else 0.0
    length = int(settings.get("max_gen_toks", settings.get("max_tokens", DEFAULT_MAX_TOKENS)))
    return Sampling(max_tokens=length, temperature=temperature, top_p=float(settings.get("top_p", 1.0)))


def _cut(text: str, until: str | Sequence[str]) -> str:
    for stop in (until,) if isinstance(until, str) else until:
        if stop:
            text = text.split(stop)[0]
    return text
