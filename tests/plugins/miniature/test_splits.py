import random
from itertools import islice
from types import SimpleNamespace

import pytest

from harness import UserError
from harness_plugins.miniature import benchmarks, heldout, rl, sft
from harness_plugins.miniature.pretrain import STAGES
from harness_plugins.miniature.splits import (
    FIRST_BUCKETS,
    PRETRAINING,
    digest_of,
    draw_from,
    split_of,
)

NOWHERE = SimpleNamespace()


def questions_of(examples):
    """Hash part of the ids: one per question, however it is spelled."""
    return {example.id.rpartition("-")[2] for example in examples}


def test_splits_share_no_question_when_drawn_large_under_several_seeds():
    ranges = {"chain": (2, 4), "dag": (3, 4), "add": (3, 4)}  # small spaces, where chance would collide
    families = tuple(ranges)
    drawn = {"sft": set(), "heldout": set(), "rl": set(), "benchmark": set()}
    for seed in range(3):
        common = {"families": families, **ranges, "data_seed": seed}
        drawn["sft"] |= questions_of(sft.load(sft.Params(examples=4_000, **common), NOWHERE))
        drawn["heldout"] |= questions_of(heldout.load(heldout.Params(examples=1_000, **common), NOWHERE))
        drawn["rl"] |= questions_of(rl.load(rl.Params(examples=2_000, **common), NOWHERE))
        for family, (_, high) in ranges.items():
            part = benchmarks.Slice(name="x", family=family, size=high, summary="")
            drawn["benchmark"] |= questions_of(
                benchmarks.load(part, benchmarks.Params(problems=300, data_seed=seed), NOWHERE)
            )
    names = list(drawn)
    assert all(drawn[a].isdisjoint(drawn[b]) for i, a in enumerate(names) for b in names[i + 1 :])
    assert sum(map(len, drawn.values())) > 15_000


def test_defaults_share_no_prompt_when_all_sources_and_benchmarks_are_drawn():
    seen: dict[str, str] = {}
    sources = [(module.__name__, module.load(module.Params(), NOWHERE)) for module in (sft, heldout, rl)]
    sources += [(p.name, benchmarks.load(p, benchmarks.Params(problems=200), NOWHERE)) for p in benchmarks.SLICES]
    for name, items in sources:
        for item in items:
            assert item.prompt not in seen, (name, seen[item.prompt])
            seen[item.prompt] = name


@pytest.mark.parametrize("stage", STAGES)
def test_pretraining_draws_no_heldout_or_benchmark_question(stage):
    drawn = islice(draw_from(random.Random(0), PRETRAINING, stage.sizes), 5_000)
    assert {split_of(item.question) for item in drawn} == {"sft", "rl"}


def test_splits_hold_the_documented_shares_of_all_questions():
    drawn = islice(draw_from(random.Random(0), list(FIRST_BUCKETS), {"chain": (8, 12)}), 16_000)
    counts = dict.fromkeys(FIRST_BUCKETS, 0)
    for item in drawn:
        counts[split_of(item.question)] += 1
    assert counts == pytest.approx({"sft": 8_000, "heldout": 2_000, "rl": 4_000, "benchmark": 2_000}, rel=0.1)


def test_distinct_drawing_repeats_no_question_and_extends_a_smaller_draw():
    def draw(num):
        stream = draw_from(random.Random(4), ("sft",), {"add": (2, 2)}, distinct=True)
        return [digest_of(item.question) for item in islice(stream, num)]

    assert len(set(draw(1_500))) == 1_500
    assert draw(1_500)[:100] == draw(100)


def test_draw_from_says_what_to_do_when_a_split_is_exhausted():
    stream = draw_from(random.Random(0), ("heldout",), {"add": (1, 1)}, distinct=True)
    with pytest.raises(UserError, match=r"no new add question of size 1 in the split heldout .* ask for fewer"):
        list(islice(stream, 100))
