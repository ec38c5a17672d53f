import json
from collections import Counter
from types import SimpleNamespace

import pytest
from pydantic import TypeAdapter, ValidationError

from harness import Problem
from harness_plugins.miniature import answer, benchmarks, check, heldout, models, rl, sft
from harness_plugins.miniature.styles import STYLES

NOWHERE = SimpleNamespace()
ALL_FAMILIES = ("chain", "dag", "add", "countdown")
EVERY_PARAMS = [sft.Params, heldout.Params, rl.Params, benchmarks.Params, models.BlankParams]


@pytest.mark.parametrize("module", [sft, heldout, rl])
def test_source_draws_the_same_when_asked_twice_and_other_when_the_data_seed_changes(module):
    first = list(module.load(module.Params(examples=300), NOWHERE))
    assert list(module.load(module.Params(examples=300), NOWHERE)) == first
    other = list(module.load(module.Params(examples=300, data_seed=1), NOWHERE))
    assert [example.prompt for example in other] != [example.prompt for example in first]


@pytest.mark.parametrize("module", [sft, heldout, rl])
def test_source_keeps_the_order_when_the_pool_grows(module):
    small = list(module.load(module.Params(examples=100), NOWHERE))
    assert list(module.load(module.Params(examples=400), NOWHERE))[:100] == small


@pytest.mark.parametrize("module", [sft, heldout, rl])
def test_source_ids_are_unique(module):
    examples = list(module.load(module.Params(), NOWHERE))
    assert len({example.id for example in examples}) == len(examples)


@pytest.mark.parametrize("family", ALL_FAMILIES)
@pytest.mark.parametrize("style", STYLES)
def test_gold_traces_score_full_marks_in_both_graders(family, style):
    weights = {name: float(name == style) for name in STYLES}
    params = sft.Params(examples=200, families=(family,), **weights)
    for example in sft.load(params, NOWHERE):
        problem = Problem(id=example.id, prompt=example.prompt, answer=example.answer)
        assert example.source == family
        assert example.meta["style"] == style
        assert answer.grade(problem, example.response).correct
        assert check.grade(problem, example.response) == answer.grade(problem, example.response)


def test_sft_mixes_families_and_styles_as_weighted():
    examples = list(sft.load(sft.Params(examples=4_000), NOWHERE))
    shares = {style: n / 4_000 for style, n in Counter(e.meta["style"] for e in examples).items()}
    assert shares == pytest.approx({"direct": 0.05, "terse": 0.15, "worked": 0.5, "verify": 0.3}, abs=0.03)
    assert all(0.3 < n / 4_000 < 0.37 for n in Counter(e.source for e in examples).values())


def test_rl_prompts_have_answers_and_no_responses():
    for example in rl.load(rl.Params(examples=300), NOWHERE):
        assert example.response == ""
        problem = Problem(id=example.id, prompt=example.prompt, answer=example.answer)
        assert check.grade(problem, f"A{example.answer}").correct


@pytest.mark.parametrize("part", benchmarks.SLICES, ids=lambda part: part.name)
def test_benchmark_problems_are_right_stable_and_of_their_slice(part):
    problems = benchmarks.load(part, benchmarks.Params(), NOWHERE)
    assert len({problem.id for problem in problems}) == 40
    assert benchmarks.load(part, benchmarks.Params(problems=80), NOWHERE)[:40] == problems
    for problem in problems:
        assert problem.meta["family"] == part.family
        assert int(problem.meta["size"]) == part.size
        assert check.grade(problem, f"A{problem.answer}").correct


def test_longest_trace_of_every_benchmark_fits_its_sampling():
    for part in benchmarks.SLICES:
        ranges = {"chain": (2, 2), "dag": (2, 2), "add": (1, 1), part.family: (part.size, part.size)}
        params = sft.Params(examples=300, families=(part.family,), direct=0, terse=0, worked=0, verify=1, **ranges)
        longest = max(len(example.response) for example in sft.load(params, NOWHERE))
        assert longest + 1 <= benchmarks.SAMPLING.max_tokens


@pytest.mark.parametrize("params", EVERY_PARAMS)
def test_params_come_back_the_same_when_written_as_json(params):
    adapter = TypeAdapter(params)
    text = json.dumps(adapter.dump_python(params(), mode="json"))
    assert adapter.validate_json(text, strict=True) == params()
    assert adapter.json_schema()["type"] == "object"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chain": [8, 2]}, "upside down"),
        ({"families": ["add", "add"]}, "named twice"),
        ({"direct": 0, "terse": 0, "worked": 0, "verify": 0}, "all 0"),
        ({"families": []}, "at least 1"),
        ({"families": ["sums"]}, "families"),
        ({"examples": 0}, "greater than or equal to 1"),
        ({"dag": [3, 11]}, "less than or equal to 10"),
        ({"worked": -1}, "greater than or equal to 0"),
    ],
)
def test_params_refuse_what_cannot_be_drawn(settings, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(sft.Params).validate_json(json.dumps(settings), strict=True)
