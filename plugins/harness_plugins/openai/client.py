"""HTTP: ask a server, again after a while where it is busy, and say what it answered where it refuses."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from harness import MissingError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse, PoolManager

_BUSY = (408, 409, 425, 429, 500, 502, 503, 504)
_SHOWN = 600
"""Characters of a refusal that are shown."""


class ServerError(RuntimeError):
    """The server refused, failed or did not answer; the message has what it said."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often to ask."""

    timeout_s: float
    retries: int
    backoff_s: float
    """Wait before the second retry; doubles each time up to a minute, with up to as much again by chance."""
    connections: int


class Client:
    """One server; safe to use from several threads."""

    def __init__(self, base_url: str, key: str | None, patience: Patience) -> None:
        """Hold connections; nothing is asked yet.

        Args:
            base_url: up to and with "/v1".
            key: sent as bearer token, never shown.
            patience: with the server.
        """
        self.base_url = base_url.rstrip("/")
        self._key = key
        self._patience = patience
        self._pool = _pool(self.base_url, patience)

    def get(self, path: str) -> dict[str, Any]:
        """Return a GET's JSON; see `post`."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a POST's JSON.

        Raises:
            ServerError: no answer after all retries, another status than 200, or no JSON.
        """
        return self._ask("POST", path, json.dumps(body).encode())

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        from urllib3.exceptions import HTTPError

        url = f"{self.base_url}/{path}"
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            answer = self._pool.request(method, url, body=body, headers=headers)
        except HTTPError as error:
            said = self._shown(str(getattr(error, "reason", None) or error))
            raise ServerError(
                f"{url}: no answer in {self._patience.retries + 1} attempts of {self._patience.timeout_s:g} s: {said}; "
                "see whether the server runs, or raise timeout_s"
            ) from None
        if answer.status != 200:
            raise ServerError(f"{url}: {answer.status} {self._shown(_complaint(answer))}", answer.status)
        try:
            found = json.loads(answer.data)
        except ValueError:
            raise ServerError(f"{url}: answered with no JSON: {self._shown(_text(answer))}") from None
        if not isinstance(found, dict):
            raise ServerError(f"{url}: answered with {type(found).__name__}, not with an object")
        return found

    def _shown(self, text: str) -> str:
        """Make a server's text fit to be shown: no secret, no control characters, not too much."""
        safe = text.replace(self._key, "***") if self._key else text
        return printable(" ".join(safe.split())[:_SHOWN])


def read_key(variable: str | None) -> str | None:
    """Return the key from the environment; None where no variable is named.

    Raises:
        MissingError: the variable is not set.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise MissingError(
            f"engine 'openai': {variable} is not set; export it with the server's key, or remove key_variable"
        )
    return key


def _pool(base_url: str, patience: Patience) -> PoolManager:
    from urllib3 import PoolManager, ProxyManager, Retry, Timeout

    retry = Retry(
        total=patience.retries,
        # A redirect would turn a POST into a GET, and may lead the key elsewhere.
        redirect=False,
        allowed_methods=None,
        status_forcelist=_BUSY,
        backoff_factor=patience.backoff_s,
        backoff_max=60.0,
        backoff_jitter=patience.backoff_s,
        raise_on_status=False,
    )
    timeout = Timeout(connect=min(30.0, patience.timeout_s), read=patience.timeout_s)
    address = urlsplit(base_url)
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(address.netloc):
        return ProxyManager(proxy, retries=retry, timeout=timeout, maxsize=patience.connections)
    return PoolManager(retries=retry, timeout=timeout, maxsize=patience.connections)


def _complaint(answer: BaseHTTPResponse) -> str:
    """Return what a refusal says: OpenAI's {"error": {"message"}}, or its text."""
    text = _text(answer)
    try:
        found = json.loads(text)
    except ValueError:
        return text or answer.reason or ""
    inner = found.get("error", found) if isinstance(found, dict) else found
    said = (inner.get("message") or inner.get("detail")) if isinstance(inner, dict) else inner
    return said if isinstance(said, str) else text


def _text(answer: BaseHTTPResponse) -> str:
    return answer.data.decode("utf-8", "replace")
