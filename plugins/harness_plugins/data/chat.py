"""Chat rows: a list of messages becomes a prompt and a response in one plain, fixed form.

The last message is the response, if it is the assistant's. All before it is the prompt: for each message `User:`,
`Assistant:` or `System:`, a new line, its text and a blank line; at the end `Assistant:` and a new line. Messages may be
{"role", "content"} or {"from", "value"} objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness import DataError
from harness_plugins.data.columns import Row, shown, sound

_SPEAKERS = {
    "system": "System",
    "developer": "System",
    "user": "User",
    "human": "User",
    "assistant": "Assistant",
    "gpt": "Assistant",
}


def prompt_and_response(row: Row, column: str) -> tuple[str, str]:
    """Return prompt and response; the response is empty where the last message is the user's.

    Raises:
        DataError: the column holds no list of messages with known roles and texts, or nothing is asked.
    """
    messages = row.get(column)
    if not isinstance(messages, list) or not messages:
        raise DataError(f"{row.where}: fields.messages: column {column!r} holds {shown(messages)}, not a list of messages")
    turns = [_turn(message, f"{row.where}: {column}[{i}]") for i, message in enumerate(messages)]
    response = turns.pop()[1] if turns[-1][0] == "Assistant" else ""
    if not any(speaker == "User" for speaker, _ in turns):
        raise DataError(f"{row.where}: {column}: no user message stands before the answer; take the row out")
    return "".join(f"{speaker}:\n{text}\n\n" for speaker, text in turns) + "Assistant:\n", response


def _turn(message: Any, where: str) -> tuple[str, str]:
    if not isinstance(message, Mapping):
        raise DataError(f"{where} is {shown(message)}, not a message; write an object with 'role' and 'content'")
    role = message.get("role", message.get("from"))
    text = message.get("content", message.get("value"))
    if not isinstance(role, str) or role not in _SPEAKERS:
        raise DataError(f"{where}: role {shown(role)} is not known; known: {', '.join(_SPEAKERS)}")
    if not isinstance(text, str):
        raise DataError(f"{where}: content {shown(text)} is not a text; only text can be trained on")
    return _SPEAKERS[role], sound(text, where)
