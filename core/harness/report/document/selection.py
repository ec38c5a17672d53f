"""Which candidates and proxies a report sets apart: the same ones, in the same colours, in every chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.report.document.marks import GREY, INK, SERIES
from harness.report.figures import bounds
from harness.report.shape import mapping_of, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

OTHERS = "others"
MOST_PROXIES = 5
"""Proxies in colour; more lines cannot be told apart."""


def candidates_of(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the candidates, best outcome first; without outcomes by the highest pass@k before RL."""
    return sorted(rows_of(result.get("candidates")), key=_place)


def group_of(candidate: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Name the group a candidate is drawn in: the pick, the best after RL, the base, or the others."""
    verdict, name = mapping_of(result.get("verdict")), candidate.get("name")
    if name == verdict.get("pick"):
        return "the pick, best after RL" if name == verdict.get("best") else "the pick"
    if verdict.get("best") and name == verdict.get("best"):
        return "best after RL"
    return "base, no SFT" if candidate.get("kind") == "base" else OTHERS


def groups_in(candidates: Sequence[Mapping[str, Any]], result: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the groups that occur and their colours, the pick first."""
    shades = {
        "the pick, best after RL": SERIES[0],
        "the pick": SERIES[0],
        "best after RL": SERIES[1],
        "base, no SFT": INK,
        OTHERS: GREY,
    }
    found = {group_of(one, result) for one in candidates}
    kept = [group for group in shades if group in found]
    return kept, [shades[group] for group in kept]


def notable_proxies(result: Mapping[str, Any]) -> list[str]:
    """Name the proxies worth a colour: primary, baseline, those whose validity changed along RL, then the strongest.

    Trivial ones and those that look into RL are left out of the latter two: they foretell nothing, or not yet. So are those
    that rank the candidates just as one before them does.
    """
    proxies = rows_of(result.get("proxies"))
    known = [str(row.get("name")) for row in proxies]
    first = [text_of(result.get(key)) for key in ("primary_proxy", "baseline_proxy")]
    plain = [row for row in proxies if not row.get("trivial") and not row.get("reads_rl")]
    moved = [str(row.get("name")) for row in plain if _has_changed(row)]
    strongest = [str(row.get("name")) for row in sorted(plain, key=_weakness)]
    return _distinct(dict.fromkeys(name for name in [*first, *moved, *strongest] if name in known), first, proxies)


def strongest_first(proxies: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Order proxies by rank correlation, trivial ones last."""
    return sorted(proxies, key=lambda row: (bool(row.get("trivial")), _weakness(row)))


def _distinct(names: Iterable[str], always: Collection[str], proxies: Sequence[Mapping[str, Any]]) -> list[str]:
    """Leave out names whose rank correlations are those of an earlier one."""
    figures = {str(row.get("name")): tuple(bounds(row.get(m)).value for m in ("spearman", "kendall")) for row in proxies}
    seen: set[tuple[float | None, ...]] = set()
    kept = []
    for name in names:
        if name in always or figures[name] not in seen:
            kept.append(name)
        seen.add(figures[name])
    return kept[:MOST_PROXIES]


def _has_changed(row: Mapping[str, Any]) -> bool:
    change = bounds(row.get("change_along_rl"))
    return change.low is not None and change.high is not None and not change.low <= 0.0 <= change.high


def _weakness(row: Mapping[str, Any]) -> float:
    rho = bounds(row.get("spearman")).value
    return -rho if rho is not None else 9.0


def _place(candidate: Mapping[str, Any]) -> tuple[float, float]:
    outcome = bounds(candidate.get("outcome")).value
    passes = [value for v in mapping_of(candidate.get("pre")).values() if (value := bounds(v).value) is not None]
    return (9.0 if outcome is None else -outcome, -max(passes, default=0.0))
