"""Where things lie in the site: addresses relative to its folder, made of names that `check_name` let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.leaderboard.site.markup import anchor, path

if TYPE_CHECKING:
    from harness.leaderboard.entry import Entry

UP = {"results": "../../", "studies": "../"}
"""From a page below it back to the index's folder."""


def result_page(identity: str) -> str:
    """Return the page of a result."""
    return f"{path('results', *identity.split('/'))}.html"


def result_file(entry: Entry) -> str:
    """Return the copy of a result."""
    return f"{path('results', *entry.id.split('/'))}.json"


def counts_file(entry: Entry) -> str:
    """Return the copy of a result's counts."""
    return f"{path('results', *entry.id.split('/'))}.counts.parquet"


def recipe_file(entry: Entry) -> str:
    """Return the recipe of a result as a file of its own."""
    return f"{path('results', *entry.id.split('/'))}.recipe.json"


def study_page(name: str) -> str:
    """Return the page of a published study."""
    return f"{path('studies', name)}.html"


def study_file(name: str) -> str:
    """Return the copy of a published study."""
    return f"{path('studies', name)}.json"


def source_page(name: str) -> str:
    """Return the page of a reading's source: ours have `study/run` for a name, published ones a name without a slash."""
    return result_page(name) if "/" in name else study_page(name)


def candidate_anchor(entry: Entry, name: str) -> str:
    """Return the id of a candidate's row."""
    return anchor("c", entry.id, name)


def proxy_anchor(varied: str, name: str) -> str:
    """Return the id of a proxy's row."""
    return anchor("p", varied, name)
