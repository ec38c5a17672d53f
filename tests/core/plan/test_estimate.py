"""Estimates against arithmetic by hand, and against counting every multiplication of attention."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import plan as planning
from harness.cards import PEAK_FLOPS
from harness.cli.main import call
from harness.plan.estimate import Cost, Estimate, estimate, total
from harness.plugins import Plugins
from harness.recipe import load

COST = {
    "parameters": 1e9, "layers": 10, "width": 100, "gpu": "a100", "prompt_tokens": 20, "trace_tokens": 80,
    "completion_tokens": 30, "examples": {"sft": 1000, "heldout": 40, "rl": 500}, "problems": {"chain-14": 12, "dag-6": 7},
    "utilisation": {"train": 0.5, "score": 0.25, "generate": 0.1},
}  # fmt: skip
RECIPE: dict[str, Any] = {
    "schema_version": 1,
    "name": "costed",
    "base": {"use": "miniature-base"},
    "data": {"sft": {"use": "miniature-sft"}, "heldout": {"use": "miniature-heldout"}, "rl": {"use": "miniature-rl"}},
    "candidates": [
        {"name": "base", "sft": None},
        {"name": "some", "curate": [{"use": "subset", "examples": 128}, {"use": "epochs", "epochs": 3}]},
    ],
    "sft": {"use": "local-sft", "max_tokens": 90},
    "rl": {"use": "local-grpo", "steps": 5, "prompts_per_step": 4, "rollouts": 8, "max_tokens": 200, "epochs": 2, "kl": 0.1,
           "evaluate_at": [2]},
    "benchmarks": [{"use": "chain-14", "samples": 100, "sampling": {"max_tokens": 64}}, {"use": "dag-6", "samples": 100}],
    "proxies": ["pass@1", "fixed-set-loss", "drift-kl"],
    "outcome": {"samples": 16},
    "cost": COST,
}  # fmt: skip


def estimated(recipe: dict[str, Any], gpu: str | None = None) -> Estimate:
    plugins = Plugins.discover()
    loaded = load(recipe, plugins)
    assert loaded.cost is not None
    plan = planning.build(loaded, plugins)
    return estimate(plan, loaded.cost, plugins, plan.steps, gpu)


def hours(tokens: float, context: float, passes: int, share: float) -> float:
    return passes * tokens * (2 * 1e9 + 4 * 10 * 100 * context) / (312e12 * share) / 3600


def test_sft_costs_what_the_formula_says() -> None:
    found = estimated(RECIPE)
    # 128 examples, 3 epochs, 20 + 80 tokens of which the trainer takes 90.
    tokens = 128 * 3 * 90
    assert found.expected["train sft"].tokens == tokens
    assert found.expected["train sft"].gpu_hours == pytest.approx(hours(tokens, 45, 3, 0.5))
    assert found.expected["train sft"].checkpoint_bytes == 4e9
    assert found.at_most["train sft"] == found.expected["train sft"]


def test_trained_example_is_as_long_as_the_limit_at_most() -> None:
    found = estimated({**RECIPE, "sft": {"use": "local-sft", "max_tokens": 4096}})
    assert found.expected["train sft"].tokens == 128 * 3 * 100
    assert found.at_most["train sft"].tokens == 128 * 3 * 4096


def test_rl_counts_drawing_scoring_twice_and_two_passes() -> None:
    found = estimated(RECIPE)
    samples = 5 * 4 * 8
    one = hours(samples * 30, 35, 1, 0.1) + hours(2 * samples * 50, 25, 1, 0.25) + hours(2 * samples * 50, 25, 3, 0.5)
    cost = found.expected["train rl"]
    assert (cost.steps, cost.samples, cost.tokens) == (2, 2 * samples, 2 * samples * 50)
    assert cost.gpu_hours == pytest.approx(2 * one)
    # Two runs, the end and RL step 2, four bytes a weight.
    assert cost.checkpoint_bytes == 2 * 2 * 4e9
    assert found.at_most["train rl"].tokens == 2 * samples * 220


def test_samples_count_all_benchmarks_phases_and_blocks() -> None:
    found = estimated(RECIPE)
    # Two candidates: 100 before RL, 16 after it and 16 at step 2, of 12 + 7 problems. The base is measured once.
    samples = 2 * (100 + 16 + 16) * (12 + 7)
    cost = found.expected["sample"]
    assert (cost.samples, cost.tokens, cost.sample_bytes) == (samples, samples * 30, samples * 30 * 4)
    assert cost.gpu_hours == pytest.approx(hours(samples * 30, 35, 1, 0.1))
    limits = {"chain-14": 64, "dag-6": 128}
    assert found.at_most["sample"].tokens < 2 * 132 * (12 * limits["chain-14"] + 7 * limits["dag-6"]) + 1


def test_scoring_counts_traces_once_and_drift_two_models() -> None:
    found = estimated(RECIPE)
    assert found.expected["score"].tokens == 2 * 40 * 100
    assert found.expected["score"].gpu_hours == pytest.approx(hours(2 * 40 * 100, 50, 1, 0.25))
    assert found.expected["drift"].gpu_hours == pytest.approx(2 * found.expected["score"].gpu_hours)


def test_total_is_the_sum_and_another_card_divides_by_its_peak() -> None:
    slow, fast = estimated(RECIPE), estimated(RECIPE, "h100")
    ratio = PEAK_FLOPS["h100"] / PEAK_FLOPS["a100"]
    assert total(slow.expected).gpu_hours == pytest.approx(sum(cost.gpu_hours for cost in slow.expected.values()))
    assert total(slow.expected).gpu_hours == pytest.approx(ratio * total(fast.expected).gpu_hours)


def test_attention_term_is_the_count_of_its_multiplications() -> None:
    """A token at position t is multiplied with t keys and weighs t values, width each: 2 x 2 x t x width operations."""
    length, layers, width = 500, 3, 64
    counted = sum(layers * 2 * 2 * (t + 1) * width for t in range(length))
    assert length * 4 * layers * width * length / 2 == pytest.approx(counted, rel=0.01)


def test_rl_steps_come_from_prompts_and_passes_where_the_trainer_counts_so() -> None:
    own = {"prompts_per_step": 64, "rollouts": 8, "batch_size": 512, "episodes": 3, "gpus": 8, "max_tokens": 100}
    found = estimated({**RECIPE, "rl": {"use": "openrlhf-grpo", **own}})
    # 500 prompts are 8 steps of 64; 3 passes.
    assert found.expected["train rl"].samples == 2 * 8 * 3 * 64 * 8
    assert found.longest is not None
    assert found.longest.gpus == 8
    assert found.longest.hours == pytest.approx(found.expected["train rl"].gpu_hours / 2 / 8)
    assert found.longest.state_bytes == 2 * 14e9


def test_what_is_not_stated_is_named_and_counted_as_nothing() -> None:
    own = {"parameters": 1e9, "problems": {"chain-14": 12}, "examples": {"sft": 1000, "heldout": 40}}
    found = estimated({**RECIPE, "cost": own})
    assert set(found.unknown) == {'cost.problems "dag-6"', "cost.trace_tokens"}
    assert found.expected["sample"].samples == 2 * (100 + 16 + 16) * 12
    assert found.expected["score"].tokens == 0


def test_costs_add_and_multiply_field_by_field() -> None:
    cost = Cost(steps=1, samples=2, tokens=3.0, gpu_hours=4.0, checkpoint_bytes=5.0, sample_bytes=6.0)
    assert cost + cost + cost == cost.times(3)


def test_plan_prints_the_estimate_and_json_has_it(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "costed.json"
    file.write_text(json.dumps(RECIPE))
    store = str(tmp_path / "store")
    assert call(["plan", str(file), "--store", store, "--json", "--gpu", "h100"]) == 0
    found = json.loads(capsys.readouterr().out)["cost"]
    wanted = estimated(RECIPE, "h100")
    assert found["total"]["gpu_hours"] == pytest.approx(total(wanted.expected).gpu_hours)
    assert [row["kind"] for row in found["by_kind"]] == list(wanted.expected)
    assert call(["plan", str(file), "--store", store]) == 0
    printed = capsys.readouterr().out
    for words in ("on a100", "train sft", "train rl", "in all", "checkpoints", "312 TFLOP/s", "used to 50% in training"):
        assert words in printed
    assert not (tmp_path / "store").exists()


def test_plan_of_a_recipe_without_cost_says_nothing_of_it_and_refuses_a_card(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["plan", "quickstart", "--store", str(tmp_path)]) == 0
    assert "GPU" not in capsys.readouterr().out
    assert call(["plan", "quickstart", "--store", str(tmp_path), "--gpu", "h100"]) == 2
    assert 'give it "cost"' in capsys.readouterr().err
