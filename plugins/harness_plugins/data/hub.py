"""Names on the Hugging Face hub, and the rule that a recipe pins them."""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


def check_pinned(hub_id: str, revision: str, local: str) -> None:
    """Demand a hub id and a full commit hash, since a branch or tag moves and the same recipe would mean something else.

    Args:
        hub_id: "owner/name".
        revision: the commit.
        local: what to use for a local folder, for the message.

    Raises:
        ValueError: either is malformed.
    """
    check_hub_id(hub_id, local)
    if not _COMMIT.fullmatch(revision):
        raise ValueError(
            f"revision {revision!r} is not a commit hash of 40 hex digits; a branch or tag can move, "
            f"so take the hash from the history of {hub_id} on the hub"
        )


def check_hub_id(hub_id: str, local: str) -> None:
    """Demand a hub id; arguments and errors as for `check_pinned`.

    Raises:
        ValueError: it is none.
    """
    if not _ID.fullmatch(hub_id):
        raise ValueError(f"{hub_id!r} is not a hub id like 'owner/name'; for a local folder use {local}")
