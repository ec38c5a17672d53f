"""openai: samples and scores by any server that speaks OpenAI's completions interface (vLLM, SGLang and others).

The server is started elsewhere and keeps the weights. A checkpoint is a `served` model, or a folder that the server says it
has loaded; any other is refused, because a server would answer for whichever model it has. Where the tokenizer is at hand,
prompts travel as token ids, made as other engines make them; else as text, and user's messages go to chat/completions.
Entropies are not known here (NaN), and what reads them is undefined.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from annotated_types import Ge, Gt, Le

from harness import NOT_IN_KEY, Engine, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness import EngineSession

OWN = {
    *(
        "model",
        "prompt",
        "messages",
        "n",
        "seed",
        "temperature",
        "top_p",
        "max_tokens",
        "stop",
        "logprobs",
        "echo",
        "stream",
    ),
    *("prompt_logprobs", "cache_salt", "best_of", "api_key"),
}
"""Fields of a request that are set here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """Settings of the engine."""

    base_url: str = field(default="http://127.0.0.1:8000/v1", metadata=NOT_IN_KEY)
    """The server's address, up to and with "/v1"; the default is that of `vllm serve`."""
    servers: Mapping[str, str] = field(default_factory=dict, metadata=NOT_IN_KEY)
    """Addresses of models that are not at base_url, by the model's name."""
    dialect: Literal["vllm", "openai"] = "vllm"
    """vllm: turn off what the server would take from the checkpoint's generation_config.json (top_k and the like), and
    score by prompt_logprobs; openai: nothing but OpenAI's own fields, and score by echo, which tells no ranks."""
    key_variable: str | None = field(default=None, metadata=NOT_IN_KEY)
    """Environment variable that holds the server's key; null sends none. The key itself never stands in a recipe."""
    logprobs: bool = True
    """Ask for log-probabilities; without them each request has one sample, whose tokens the server's usage counts."""
    n_max: Annotated[int, Ge(1)] = 64
    """Samples in one request at most."""
    concurrency: Annotated[int, Ge(1), Le(1024)] = field(default=16, metadata=NOT_IN_KEY)
    """Requests under way at once."""
    timeout_s: Annotated[float, Gt(0)] = field(default=1800.0, metadata=NOT_IN_KEY)
    """Seconds until an answer begins: all samples of a request, and its wait in the server's queue."""
    retries: Annotated[int, Ge(0), Le(100)] = field(default=6, metadata=NOT_IN_KEY)
    """Further attempts after no answer, 408, 409, 425, 429 and most of 5xx."""
    backoff_s: Annotated[float, Gt(0), Le(60)] = field(default=1.0, metadata=NOT_IN_KEY)
    """Wait before the second retry, doubled each time up to 60 s, with up to as much again by chance; a server's
    Retry-After goes before it."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of each request, as in {"min_tokens": 1}."""

    def __post_init__(self) -> None:
        """Refuse addresses with secrets, keys in place of names, and fields that are set here."""
        for url in (self.base_url, *self.servers.values()):
            _check_url(url)
        if self.key_variable is not None and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.key_variable):
            raise ValueError("key_variable is no name of an environment variable; name the variable, never the key itself")
        for name in self.body:
            if name in OWN:
                raise ValueError(f"body: {name!r} is set by a setting or by the harness; remove it")


@contextmanager
def open_engine(checkpoint: Path, params: Params) -> Iterator[EngineSession]:
    """Open a served model; see harness.offers.OpenEngine.

    Raises:
        MissingError: no such folder, or the key's variable is not set.
        UserError: the server has not loaded the folder, or it has no usable tokenizer.
        ServerError: the server's list of models was needed and did not come.
    """
    from harness import Codec
    from harness_plugins.openai.client import Client, Patience, read_key
    from harness_plugins.openai.identity import identify, name_on_server
    from harness_plugins.openai.session import Session

    identity = identify(checkpoint)
    patience = Patience(
        timeout_s=params.timeout_s, retries=params.retries, backoff_s=params.backoff_s, connections=params.concurrency
    )
    client = Client(params.servers.get(identity.model or "", params.base_url), read_key(params.key_variable), patience)
    try:
        model = name_on_server(identity, client)
        yield Session(client, model, Codec(identity.folder) if identity.has_tokenizer else None, params)
    finally:
        client.close()


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a server; give one as http://127.0.0.1:8000/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address holds a user, a password or a query; give the key by key_variable")


def _load() -> Callable[[Path, Params], object]:
    return open_engine


@hookimpl
def harness_engines() -> Iterator[Engine]:
    """Offer the engine."""
    yield Engine(
        name="openai",
        version="1",
        summary="any server with OpenAI's completions interface",
        params=Params,
        load=_load,
        applies_chat_template=True,
        requires=("urllib3", "transformers", "tokenizers"),
    )
