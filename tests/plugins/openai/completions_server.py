"""A small HTTP server that speaks the completions interface in the test's own process, in place of vLLM's.

vLLM cannot run where these tests do, and no other server is installed; what is under test is what travels: it answers by
rules that can be worked out by hand, and can be told to be busy, slow or wrong. `make test-vllm` asks the real one.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VOCABULARY = "0123456789+-*=;,?>"


def drawn(prompt, seed: int, most: int) -> tuple[str, str]:
    """Draw the text of one choice, and why it ended; one token a character, and one for the end."""
    state, text = (seed * 2654435761 + sum(map(ord, str(prompt)))) % 2**32, ""
    for _ in range(most - 1):
        state = (state * 1664525 + 1013904223) % 2**32
        if (state >> 16) % 7 == 0:
            return text, "stop"
        text += VOCABULARY[(state >> 16) % len(VOCABULARY)]
    return text + "!", "length"


def token_logprobs(text: str, finish: str) -> list[float]:
    """Give the i-th token -(i + 1) / 8."""
    return [-(i + 1) / 8 for i in range(len(text) + (finish == "stop"))]


class Server(ThreadingHTTPServer):
    """Keeps what it was asked, and answers `script`'s (status, body or function) first."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict] = []
        self.headers_seen: list[dict] = []
        self.script: list[tuple[int, object, dict]] = []
        self.delay_s = 0.0
        self.models = [{"id": "m", "root": "m"}]
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0
        self.gives_logprobs = self.gives_prompt_logprobs = self.gives_echo = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say(200, {"object": "list", "data": self.server.models})

    def do_POST(self) -> None:
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with server.lock:
            server.asked.append({"path": self.path, **body})
            server.headers_seen.append(dict(self.headers))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            scripted = server.script.pop(0) if server.script else None
        time.sleep(server.delay_s)
        with server.lock:
            server.at_once -= 1
        if scripted:
            self._say(*scripted)
        else:
            self._say(200, self._choices(body))

    def _choices(self, body: dict) -> dict:
        is_chat = self.path.endswith("chat/completions")
        prompt = body["messages"][-1]["content"] if is_chat else body["prompt"]
        choices, tokens = [], 0
        for i in range(body.get("n", 1)):
            text, finish = drawn(prompt, body.get("seed", 0) + i, body["max_tokens"])
            values = token_logprobs(text, finish)
            tokens += len(values)
            choice = {"index": i, "finish_reason": finish}
            wants = body.get("logprobs") and self.server.gives_logprobs
            if is_chat:
                choice |= {"message": {"role": "assistant", "content": text}}
                choice |= {"logprobs": {"content": [{"token": "?", "logprob": v} for v in values]} if wants else None}
            else:
                choice |= {"text": text, "logprobs": {"token_logprobs": values} if wants else None}
            choices.append(choice | self._of_prompt(body, values))
        return {"choices": choices[::-1], "usage": {"completion_tokens": tokens}}

    def _of_prompt(self, body: dict, values: list[float]) -> dict:
        """Log-probability of the prompt's token at place i is -i / 4, its rank i."""
        ids = body.get("prompt")
        if "prompt_logprobs" in body and self.server.gives_prompt_logprobs:
            rows = [{str(t): {"logprob": -i / 4, "rank": i}, "999": {"logprob": -0.1, "rank": 1}} for i, t in enumerate(ids)]
            return {"prompt_logprobs": [None, *rows[1:]]}
        if body.get("echo") and self.server.gives_echo:
            return {"logprobs": {"token_logprobs": [None, *(-i / 4 for i in range(1, len(ids))), *values]}}
        return {}

    def _say(self, status: int, body: object, headers: dict | None = None) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serve():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
