"""Forged submissions: each is refused, with the reason."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.registry.made_up import NAME, Result, edit, edit_counts, entry_of
from harness.cli.main import call
from harness.registry import verify

PLACE = f"results/{NAME}.json"


def problems(registry: Path) -> str:
    return "\n".join(map(str, verify(registry).faults))


def test_untouched_entry_is_taken(clean: Path) -> None:
    found = verify(clean)
    assert (found.faults, [entry.name for entry in found.entries]) == ([], [NAME])
    assert not any("not held against its recipe" in note for note in found.notes)


def set_at(*place: Any, value: Any) -> Callable[[Result], None]:
    """Return an edit that puts a value, or what a function makes of the old one, in a place."""

    def change(result: Result) -> None:
        inner: Any = result
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value(inner[place[-1]]) if callable(value) else value

    return change


def without(*place: Any) -> Callable[[Result], None]:
    def change(result: Result) -> None:
        inner: Any = result
        for step in place[:-1]:
            inner = inner[step]
        del inner[place[-1]]

    return change


def raise_scores(result: Result) -> None:
    one = result["candidates"][1]
    one["pre"]["pass@1"]["value"] += 0.1
    one["proxies"]["pass@1"]["value"] += 0.1


def swap_seeds(result: Result) -> None:
    seeds = result["candidates"][0]["outcome"]["seeds"]
    seeds["3"], seeds["4"] = seeds["4"], seeds["3"]


def swap_readings(result: Result) -> None:
    one, other = result["candidates"][0]["proxies"], result["candidates"][3]["proxies"]
    one["pass@8"], other["pass@8"] = other["pass@8"], one["pass@8"]


def rename_candidate(result: Result) -> None:
    result["candidates"][1]["name"] = result["candidates"][0]["name"]


def pick_the_winner(result: Result) -> None:
    result["primary_proxy"], result["verdict"]["by"] = "headroom@8", "headroom@8"


def add_k(result: Result) -> None:
    for one in result["candidates"]:
        one["pre"]["pass@64"] = dict(one["pre"]["pass@8"])


def raise_tier(result: Result) -> None:
    result["submission"]["tier"] = "reproduced"


def claim_a_second_run(result: Result) -> None:
    check = {"tier": "reproduced", "by": "me", "on": result["submission"]["submitted"], "harness": "0.1.0"}
    check |= {"counts_digest": "0" * 64, "seconds": 3.25, "tokens": 9, "environment": {}}
    result["submission"]["checks"] = [check]
    raise_tier(result)


def copy_as_second_run(result: Result) -> None:
    claim_a_second_run(result)
    result["submission"]["checks"][0]["seconds"] = result["cost"]["seconds"]


def check_of_other_numbers(result: Result) -> None:
    check = {"tier": "recomputed", "by": "me", "on": result["submission"]["submitted"], "harness": "0.1.0"}
    result["submission"] |= {"tier": "recomputed", "checks": [{**check, "numbers_digest": "1" * 64}]}


FIRST = ("candidates", 0)
EDITS: dict[str, tuple[Callable[[Result], None], str]] = {
    "outcome raised": (
        set_at(*FIRST, "outcome", "value", value=0.99),
        r"outcome\.value: stands as 0\.99, and comes to 0\.\d+",
    ),
    "score before RL raised": (raise_scores, r"pre pass@1 comes to 0\.\d+ from counts and stands as"),
    "interval narrowed": (set_at(*FIRST, "outcome", "low", value=lambda old: old + 0.05), r"outcome\.low: stands as"),
    "gain raised": (set_at(*FIRST, "gain", "value", value=0.5), r"gain\.value: stands as 0\.5"),
    "seeds of the outcome exchanged": (swap_seeds, r"outcome\.seeds\.3: stands as"),
    "readings of two candidates exchanged": (swap_readings, r"proxies\['pass@8'\]\.value: stands as"),
    "a count-only reading forged": (
        set_at(*FIRST, "proxies", "headroom@8", "seeds", "3", value=0.9),
        r"headroom@8.*(stands as|comes to)",
    ),
    "validity of a proxy forged": (
        set_at("proxies", 1, "spearman", "value", value=0.999),
        r"'pass@8'\]\.spearman\.value: stands",
    ),
    "verdict on a proxy forged": (set_at("proxies", 3, "verdict", value="better"), r"\.verdict: stands as 'better'"),
    "method invented": (
        set_at("proxies", 1, "spearman", "method", value="exact"),
        r"spearman: by 'exact', and this harness works it out by",
    ),
    "probability of the pick raised": (set_at("verdict", "probability_best", value=1.0), r"verdict\.probability_best"),
    "pick changed": (set_at("verdict", "pick", value="base"), r"verdict\.pick: stands as 'base'"),
    "noise ceiling raised": (set_at("noise_ceiling", value={"value": 1.0}), "noise_ceiling"),
    "primary proxy chosen afterwards": (pick_the_winner, r"primary_proxy: stands as 'headroom@8'.*from the recipe"),
    "a part left out": (without("k_sweep"), "k_sweep: is missing"),
    "duplicated candidate": (rename_candidate, "candidate '4 examples' stands twice"),
    "recipe digest changed": (
        set_at("recipe_digest", value="a" * 64),
        "recipe_digest aaaaaaaaaaaa.* is not that of the recipe",
    ),
    "recipe changed": (
        set_at("submission", "recipe", "rl", "steps", value=600),
        r"recipe_digest [0-9a-f]{12}\.\.\. is not that of the recipe",
    ),
    "recipe no recipe": (set_at("submission", "recipe", value={"candidates": 3}), "recipe_digest|is no recipe"),
    "benchmark left out": (set_at("benchmarks", value=lambda old: old[:1]), "benchmark 'add-5' is in the counts only"),
    "benchmark not drawn": (
        set_at("benchmarks", value=lambda old: [*old, {"name": "aime", "samples": 8}]),
        "benchmark 'aime' is in the result only",
    ),
    "more samples claimed": (set_at("benchmarks", 0, "samples", value=64), "8 samples of a problem; the result says 64"),
    "k above the samples": (add_k, r"pass@64 needs 64 samples a problem; 8 were drawn"),
    "outcome at k above the samples": (set_at("outcome_metric", "name", value="pass@8"), "outcome pass@8 needs 8 samples"),
    "schema of another version": (set_at("schema_version", value=2), "schema_version: 1 was expected"),
    "schema broken": (without("verdict"), "'verdict' is a required property"),
    "extra key": (set_at("note", value="trust me"), r"\('note' was unexpected\)"),
    "extra key in the submission": (set_at("submission", "note", value="x"), r"submission.*\('note' was unexpected\)"),
    "tier without a check": (raise_tier, "tier is 'reproduced' and its checks make it 'self-reported'"),
    "tier invented": (set_at("submission", "tier", value="gold"), "'gold' is not one of"),
    "reproduction of other counts": (claim_a_second_run, "the reproduction has other counts"),
    "reproduction by copying": (copy_as_second_run, "to the millisecond; a copy is no second run"),
    "check of other numbers": (check_of_other_numbers, "a check recomputed other numbers"),
    "version from the future": (set_at("environment", "harness", value="99.0"), "harness version '99.0': this is"),
    "component from the future": (
        set_at("submission", "components", 0, "version", value="77"),
        "has version '77'; known up to",
    ),
    "component without a version": (
        set_at("submission", "components", value=lambda old: [one for one in old if one["name"] != "local-grpo"]),
        "'local-grpo' is used in the recipe and has no version",
    ),
    "component of nobody": (
        set_at("submission", "components", 0, "from", value="acme 1.0"),
        "is from 'acme 1.0', which is not",
    ),
    "path as candidate": (set_at(*FIRST, "name", value="../../../etc/passwd"), "is a path out of its place"),
    "path as study": (set_at("study", value="../other"), "is a path out of its place"),
    "terminal codes as candidate": (set_at(*FIRST, "name", value="\x1b[2J"), "cannot be printed"),
    "endless name": (set_at(*FIRST, "name", value="x" * 5000), "has 5000 characters"),
    "no submission": (without("submission"), "has no key 'submission'"),
    "analysed again": (set_at("reanalysis", value={}), "was analysed again"),
    "day that is none": (set_at("submission", "submitted", value="2026-02-30"), "no such day"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_edited_result_is_refused_with_the_reason(kind: str, registry: Path) -> None:
    change, reason = EDITS[kind]
    edit(entry_of(registry), change)
    assert re.search(reason, problems(registry)), problems(registry)


def raise_counts(columns: dict[str, list[Any]]) -> None:
    columns["num_correct"] = columns["num_samples"]


def exceed(columns: dict[str, list[Any]]) -> None:
    columns["num_correct"][0] = columns["num_samples"][0] + 1


def reorder(columns: dict[str, list[Any]]) -> None:
    ids = columns["problem_id"]
    ids[0], ids[1] = ids[1], ids[0]


def rename_problem(columns: dict[str, list[Any]]) -> None:
    columns["problem_id"][0] = "dag-6-99"


def repeat_problem(columns: dict[str, list[Any]]) -> None:
    columns["problem_id"][0] = columns["problem_id"][1]


def drop_benchmark(columns: dict[str, list[Any]]) -> None:
    keep = [place for place, name in enumerate(columns["benchmark"]) if name != "add-5"]
    columns.update({name: [values[place] for place in keep] for name, values in columns.items()})


def drop_seed(columns: dict[str, list[Any]]) -> None:
    keep = [place for place, seed in enumerate(columns["seed"]) if seed != 4]
    columns.update({name: [values[place] for place in keep] for name, values in columns.items()})


def add_stranger(columns: dict[str, list[Any]]) -> None:
    columns.update({name: [*values, values[0]] for name, values in columns.items()})
    columns["candidate"][-1] = "nobody"


def move_seeds(columns: dict[str, list[Any]]) -> None:
    columns["seed"] = [7 - seed for seed in columns["seed"]]


def draw_more(columns: dict[str, list[Any]]) -> None:
    columns["num_samples"] = [16 * n for n in columns["num_samples"]]


def add_column(columns: dict[str, list[Any]]) -> None:
    columns["note"] = ["x"] * len(columns["seed"])


COUNTS: dict[str, tuple[Callable[[dict[str, list[Any]]], None], str]] = {
    "counts raised": (raise_counts, r"comes to 1\.0 from counts and stands as"),
    "more right than drawn": (exceed, "has 9 right of 8 samples"),
    "ids reordered": (reorder, "problems stand in another order than elsewhere in it"),
    "a problem exchanged": (rename_problem, "other problems than elsewhere in it"),
    "a problem twice": (repeat_problem, "a problem stands twice"),
    "benchmark missing": (drop_benchmark, "benchmark 'add-5' is in the result only"),
    "seed missing": (drop_seed, "seed 4 is in the result only"),
    "candidate added": (add_stranger, "candidate 'nobody' is in the counts only"),
    "outcome of one seed moved to another": (move_seeds, r"seeds\.3: stands as"),
    "more samples drawn than said": (draw_more, "samples of a problem; the result says"),
    "column added": (add_column, "has a column 'note'"),
}


@pytest.mark.parametrize("kind", COUNTS)
def test_edited_counts_are_refused_with_the_reason(kind: str, registry: Path) -> None:
    change, reason = COUNTS[kind]
    edit_counts(entry_of(registry), change)
    assert re.search(reason, problems(registry)), problems(registry)


def test_counts_exchanged_behind_the_entry_are_refused(registry: Path) -> None:
    edit_counts(entry_of(registry), raise_counts, digest=False)
    assert "is not the file that was submitted" in problems(registry)


def test_wrong_numbers_digest_is_refused(registry: Path) -> None:
    edit(entry_of(registry), set_at("candidates", 0, "examples", value=11), digest=False)
    assert "numbers_digest is not that of the numbers" in problems(registry)


def test_damaged_counts_are_refused(registry: Path) -> None:
    counts = entry_of(registry).with_suffix(".counts.parquet")
    counts.write_bytes(counts.read_bytes()[:-100])
    assert "cannot be read as Parquet" in problems(registry)
    counts.unlink()
    assert "has no counts beside it" in problems(registry)


def test_text_that_is_no_strict_json_is_refused(registry: Path) -> None:
    path = entry_of(registry)
    text = path.read_text()
    for forged, reason in (
        (re.sub(r'"value": 0\.\d+', '"value": NaN', text, count=1).encode(), "NaN is not a JSON number"),
        (re.sub(r'"value": 0\.\d+', '"value": 1e999', text, count=1).encode(), "1e999 is no finite number"),
        (text.replace('"seeds"', '"study": "other", "seeds"', 1).encode(), "key 'study' stands twice"),
        (text.encode() + b"\xff", "is not UTF-8"),
        (text.replace("made up", "\\ud800", 1).encode(), "half a surrogate pair"),
        (text[:-5].encode(), "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "is no JSON object"),
        (b'{"a": 1}' + b" " * 17_000_000, "at most 16,777,216 are read"),
    ):
        path.write_bytes(forged)
        assert reason in problems(registry)


def test_links_and_strays_are_refused(registry: Path, tmp_path: Path) -> None:
    folder = registry / "results/made-up"
    (tmp_path / "elsewhere.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "elsewhere.json")
    (registry / "results/other").symlink_to(tmp_path)
    (folder / "notes.txt").write_text("x")
    (folder / "alone.counts.parquet").write_bytes(b"PAR1")
    (folder / "deeper").mkdir()
    (folder / "deeper/x.json").write_text("{}")
    (folder / "Upper case.json").write_text("{}")
    found = {fault.place: fault.problem for fault in verify(registry).faults}
    assert "symbolic link" in found["results/made-up/link.json"] and "symbolic link" in found["results/other"]
    assert "is no entry" in found["results/made-up/notes.txt"]
    assert "is beside no result" in found["results/made-up/alone.counts.parquet"]
    assert "not in a study's folder" in found["results/made-up/deeper/x.json"]
    assert "use lower-case letters" in found["results/made-up/Upper case.json"]
    assert len(found) == 6


def test_counts_that_are_a_link_out_of_the_registry_are_refused(registry: Path, tmp_path: Path) -> None:
    counts = entry_of(registry).with_suffix(".counts.parquet")
    counts.rename(tmp_path / "counts.parquet")
    counts.symlink_to(tmp_path / "counts.parquet")
    told = problems(registry)
    assert "symbolic link" in told and "has no counts beside it" in told


def test_same_run_under_two_names_is_refused(registry: Path) -> None:
    for suffix in (".json", ".counts.parquet"):
        shutil.copy(registry / f"results/{NAME}{suffix}", registry / f"results/made-up/second{suffix}")
    assert "has the numbers_digest of made-up/first; a run is submitted once" in problems(registry)


def test_entry_in_another_studys_folder_is_refused(registry: Path) -> None:
    (registry / "results/made-up").rename(registry / "results/miniature")
    assert "it belongs into results/made-up" in problems(registry)


def test_plugin_file_of_a_stranger_is_never_run(registry: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    edit(entry_of(registry), _with_plugin(mine))
    found = verify(registry)
    assert any("plug-in files, which are not run here" in note for note in found.notes)
    assert not (tmp_path / "ran").exists()


def _with_plugin(file: Path) -> Callable[[Result], None]:
    from harness.recipe.load import recipe_digest

    def change(result: Result) -> None:
        result["submission"]["recipe"]["plugins"] = [str(file)]
        result["recipe_digest"] = recipe_digest(result["submission"]["recipe"])

    return change


def test_studies_and_plugin_list_are_verified(registry: Path) -> None:
    (registry / "studies").mkdir()
    (registry / "studies/bad.json").write_text('{"schema_version": 1}')
    (registry / "studies/worse.json").write_bytes(b"\xff")
    plug_in = {"distribution": "harness-b", "summary": "b", "source": "https://b", "licence": "MIT", "offers": ["proxy"]}
    listed = [plug_in, {**plug_in, "distribution": "harness-a"}, plug_in]
    (registry / "plugins.json").write_text(json.dumps({"schema_version": 1, "plugins": listed}))
    told = problems(registry)
    assert "studies/bad.json: " in told and "studies/worse.json: byte 1 is not UTF-8" in told
    assert "plugins.json: distribution 'harness-b' stands twice" in told and "alphabetical" in told
    (registry / "plugins.json").write_text(
        json.dumps({"schema_version": 1, "plugins": [{**plug_in, "source": "javascript:x"}]})
    )
    assert "plugins.json: plugins.0.source" in problems(registry)


def test_command_tells_each_reason_in_a_line_and_exits_2(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(entry_of(registry), set_at("candidates", 0, "name", value="\x1b[31m"))
    assert call(["registry", "verify", str(registry)]) == 2
    told = capsys.readouterr().err
    assert f"{PLACE}: candidate '\\x1b[31m'" in told and "\x1b" not in told
    assert call(["registry", "verify", str(registry), "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert not found["ok"] and found["faults"][0]["place"] == PLACE


def test_one_entry_is_verified_by_its_path(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (registry / "results/made-up/stray.txt").write_text("x")
    assert call(["registry", "verify", str(registry / PLACE)]) == 0
    assert f"{NAME}  self-reported" in capsys.readouterr().out
    edit(entry_of(registry), raise_tier)
    assert call(["registry", "verify", str(registry / PLACE)]) == 2
    assert call(["registry", "verify", str(registry / "results")]) == 2
    assert "has no results, studies or plugins.json" in capsys.readouterr().err
