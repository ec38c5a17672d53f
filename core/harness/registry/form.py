"""The form of an entry: what stands where, under which names, and that both schemas hold."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.registry.files import check_name
from harness.registry.records import TIERS
from harness.result.check import fault_of
from harness.shipped import shipped
from harness.store import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST_NAME = 200


def schema_fault(value: Any, name: str) -> str | None:
    """Return where and how a value does not fit a shipped schema ("submission", "study", "plugins"), or None."""
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(_schema(name)).iter_errors(value)), None)
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {error.message[:200]}" if place else error.message[:200]


def study_folder_name(study: str) -> str:
    """Return the folder of a study's entries."""
    return slug(study).lower().strip("._-")


def form_faults(result: Mapping[str, Any], name: str) -> Iterator[str]:
    """Say what is wrong with an entry's form.

    Args:
        result: the JSON object as read.
        name: `<study>/<run>`, from the file's path.
    """
    if "submission" not in result:
        yield "has no key 'submission'; write it with harness submit"
        return
    if "reanalysis" in result:
        yield "was analysed again, perhaps with other resamples; submit the study's own result"
    if fault := fault_of(result):
        yield f"does not fit registry/schema/result.schema.json: {fault}"
        return
    if fault := schema_fault(result["submission"], "submission"):
        yield f"does not fit registry/schema/submission.schema.json: submission.{fault}"
        return
    yield from _place_faults(result, name)
    yield from _name_faults(result)
    yield from _tier_faults(result)


def _place_faults(result: Mapping[str, Any], name: str) -> Iterator[str]:
    for part in PurePosixPath(name).parts:
        if fault := check_name(part):
            yield fault
    wanted = study_folder_name(result["study"])
    folder = PurePosixPath(name).parts[0]
    if folder != wanted:
        yield f"is of study {result['study'][:90]!r} and lies in results/{folder}; it belongs into results/{wanted}"


def _name_faults(result: Mapping[str, Any]) -> Iterator[str]:
    candidates = [one["name"] for one in result["candidates"]]
    named = {
        "study": [result["study"]],
        "candidate": candidates,
        "family": sorted({one["family"] for one in result["candidates"]}),
        "benchmark": [one["name"] for one in result["benchmarks"]],
        "proxy": [one["name"] for one in result["proxies"]],
    }
    for kind, names in named.items():
        for text in names:
            if fault := _text_fault(text):
                yield f"{kind} {text[:90]!r}: {fault}"
        if twice := next((text for text in names if names.count(text) > 1), None):
            yield f"{kind} {twice!r} stands twice; give each its own name"
    sections = [("proxies", result["candidates"][0]["proxies"]), ("pre", result["candidates"][0]["pre"])]
    for one in result["candidates"]:
        for section, first in sections:
            if set(one[section]) != set(first):
                odd = sorted(set(one[section]).symmetric_difference(first))[0]
                yield f"candidate {one['name']!r}: {section} has {odd!r} where others have not, or the other way round"


def _text_fault(text: str) -> str | None:
    if not text or len(text) > LONGEST_NAME:
        return f"has {len(text)} characters; give 1 to {LONGEST_NAME}"
    if not text.isprintable():
        return "holds a character that cannot be printed; leave it out"
    if text.startswith(("/", "\\", "~")) or ".." in re.split(r"[/\\]", text):
        return "is a path out of its place; give a name"
    return None


def _tier_faults(result: Mapping[str, Any]) -> Iterator[str]:
    submission = result["submission"]
    try:
        days = [date.fromisoformat(text) for text in (submission["submitted"], *(c["on"] for c in submission["checks"]))]
    except ValueError as error:
        yield f"submission: no such day ({error}); write YYYY-MM-DD"
        return
    if days != sorted(days):
        yield "submission: a check is dated before what came before it"
    done = {"self-reported", *(check["tier"] for check in submission["checks"])}
    reached = max(done, key=TIERS.index)
    if submission["tier"] != reached:
        yield f"submission: tier is {submission['tier']!r} and its checks make it {reached!r}; see registry/README.md"
    for check in submission["checks"]:
        if check["tier"] == "recomputed" and check["numbers_digest"] != result["numbers_digest"]:
            yield "submission: a check recomputed other numbers (its numbers_digest is not the result's)"
        if check["tier"] == "reproduced" and check["seconds"] == result["cost"].get("seconds"):
            yield "submission: the reproduction took as long as the run itself, to the millisecond; a copy is no second run"


def plugin_faults(listed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Say what is wrong with registry/plugins.json beyond its schema."""
    names = [one["distribution"] for one in listed]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        yield f"distribution {twice!r} stands twice; keep one"
    if names != sorted(names):
        yield "is not in alphabetical order of distributions; sort it"


@cache
def _schema(name: str) -> dict[str, Any]:
    path = shipped("registry", f"schema/{name}.schema.json")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}); install the harness again") from None
    return found
