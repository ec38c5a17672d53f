"""Command lines against OpenRLHF 0.11.2's own parser: it accepts them, and what it understands is what the settings say."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Trainer
from harness.cli.main import call
from harness.params import build, dump
from harness_plugins.openrlhf import flags, grpo, sft
from harness_plugins.openrlhf.command import grpo_commands, sft_commands, stop_command
from harness_plugins.openrlhf.grpo_settings import SET_TOGETHER
from harness_plugins.openrlhf.grpo_settings import Params as Grpo
from harness_plugins.openrlhf.paths import Paths, save_interval
from harness_plugins.openrlhf.sft_settings import Params as Sft

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MODULES = {Sft: "train_sft", Grpo: "train_ppo_ray"}
BY_HAND = {"python", "gpus", "nodes", "hostfile", "template", "save_every_steps", "flags", "dynamic_filtering",
           "filter_range", "paid_unended", "reward_limit_s", "reward_workers", "clip_low", "clip_high", "loss_mean",
           "kl_place", "colocate", "engines", "sleep", "ray_address", "monitor_every"}  # fmt: skip
"""Settings that are not one flag each; the tests below that name them check what they become."""


def commands_of(params, job):
    return (sft_commands if isinstance(params, Sft) else grpo_commands)(job, params)


def after(command, module):
    """Return a command's arguments behind openrlhf.cli.<module>."""
    return list(command[command.index(f"openrlhf.cli.{module}") + 1 :])


def parsed(parse, job, params):
    """Return what OpenRLHF understands of a trainer's command."""
    module = MODULES[type(params)]
    (found,) = parse([module, after(commands_of(params, job)[0], module)])
    assert "args" in found, found
    return found["args"]


def as_parsed(value):
    return list(value) if isinstance(value, tuple) else value


def same(found, params):
    """Compare every setting that is a flag with what was understood."""
    module = MODULES[type(params)]
    for name, flag in flags.flags_of(type(params)).items():
        wanted = as_parsed(getattr(params, name))
        got = found[flag.of(module).removeprefix("--")]
        if name == "lora_targets" and wanted is None:
            wanted = "all-linear"
        if name == "generated_prompts" and wanted is None:
            wanted = params.prompts_per_step
        assert got == wanted, name


CHANGES = [
    (Sft, "kept_states", 7), (Sft, "zero_stage", 3), (Sft, "offload", True), (Sft, "dtype", "fp16"),
    (Sft, "attention", "flash_attention_3"), (Sft, "packing", False), (Sft, "gradient_checkpointing", False),
    (Sft, "liger", True), (Sft, "tensor_parallel", 2), (Sft, "ring_attention", 4), (Sft, "lora_rank", 8),
    (Sft, "lora_alpha", 32), (Sft, "lora_dropout", 0.1), (Sft, "lora_targets", ("q_proj", "v_proj")),
    (Sft, "learning_rate", 3e-7), (Sft, "betas", (0.8, 0.99)), (Sft, "eps", 1e-6), (Sft, "weight_decay", 0.01),
    (Sft, "schedule", "linear"), (Sft, "warmup_share", 0.2), (Sft, "final_share", 0.0), (Sft, "grad_clip", 0.5),
    (Sft, "batch_size", 256), (Sft, "micro_batch", 2), (Sft, "max_tokens", 16384),
    (Grpo, "prompts_per_step", 256), (Grpo, "rollouts", 16), (Grpo, "rollout_micro_batch", 2), (Grpo, "max_tokens", 3000),
    (Grpo, "context_tokens", 9000), (Grpo, "temperature", 0.7), (Grpo, "top_p", 0.95), (Grpo, "generated_prompts", 100),
    (Grpo, "estimator", "dr_grpo"), (Grpo, "policy_loss", "gspo"), (Grpo, "batch_size", 512), (Grpo, "micro_batch", 2),
    (Grpo, "epochs", 2), (Grpo, "kl", 1e-3), (Grpo, "kl_estimator", "k2"), (Grpo, "entropy", 0.0),
    (Grpo, "engine_tensor_parallel", 4), (Grpo, "gpu_memory_share", 0.8), (Grpo, "enforce_eager", True),
    (Grpo, "prefix_caching", False), (Grpo, "queue", 3), (Grpo, "learning_rate", 1e-5), (Grpo, "episodes", 20),
    (Grpo, "monitor_samples", 16), (Grpo, "zero_stage", 3), (Grpo, "lora_rank", 4), (Grpo, "betas", (0.8, 0.99)),
    (Grpo, "gradient_checkpointing", False), (Grpo, "schedule", "constant"), (Grpo, "grad_clip", 2.0), (Grpo, "eps", 1e-5),
    (Grpo, "warmup_share", 0.0), (Grpo, "weight_decay", 0.1), (Grpo, "final_share", 1.0),
]  # fmt: skip


def test_parsed_values_are_the_settings_for_every_field(parse, make_job) -> None:
    """One process parses them all; asynchronous and what needs it are below."""
    job = make_job()
    cases = [kind(**{name: value}) for kind, name, value in CHANGES] + [Sft(), Grpo()]
    cases.append(Grpo(asynchronous=True, sleep=False, partial_rollouts=True, generated_prompts=999, queue=2))
    jobs = [[MODULES[type(p)], after(commands_of(p, job)[0], MODULES[type(p)])] for p in cases]
    for params, found in zip(cases, parse(*jobs), strict=True):
        assert "args" in found, found
        same(found["args"], params)
        said = found["said"].replace("[Warning] Using --colocate_all_models in async RLHF", "")
        assert "Warning" not in said, "OpenRLHF changed something"


def test_every_setting_is_a_flag_or_checked_by_hand() -> None:
    for kind in MODULES:
        assert {f.name for f in fields(kind)} <= set(flags.flags_of(kind)) | BY_HAND
        changed = {name for owner, name, _ in CHANGES if owner is kind} | {"asynchronous", "partial_rollouts"}
        assert set(flags.flags_of(kind)) <= changed | {name for owner, name, _ in CHANGES if owner is Sft}


NUMBERS = st.floats(1e-12, 0.99)


@settings(max_examples=15)
@given(
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    seed=st.integers(0, 2**31 - 1),
    epochs=st.integers(1, 99),
    targets=st.none() | st.lists(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), min_size=1, max_size=4).map(tuple),
    chat=st.booleans(),
)
def test_parsed_values_are_the_settings_for_any_numbers(tmp_path_factory, parse_sft, numbers, seed, epochs, targets, chat):
    params = Sft(learning_rate=numbers[0], eps=numbers[1], betas=numbers[2:], lora_targets=targets, lora_rank=4,
                 template="chat" if chat else "plain")  # fmt: skip
    job = replace(parse_sft.job, seed=seed, epochs=epochs)
    found = parsed(parse_sft.parse, job, params)
    same(found, params)
    assert (found["train.seed"], found["train.max_epochs"], found["data.apply_chat_template"]) == (seed, epochs, chat)


@pytest.fixture(scope="module")
def parse_sft(parse, tmp_path_factory):
    from types import SimpleNamespace

    from harness import TrainJob

    place = tmp_path_factory.mktemp("job")
    job = TrainJob(start=place, examples=(), seed=0, out=place / "out", work=place / "work", progress=print)
    return SimpleNamespace(parse=parse, job=job)


def test_sft_command_says_where_everything_is(parse, make_job) -> None:
    job = make_job(seed=5, epochs=3)
    paths = Paths(job.work)
    found = parsed(parse, job, Sft(save_every_steps=30))
    assert found["model.model_name_or_path"] == str(paths.start)
    assert (found["data.dataset"], found["data.input_key"], found["data.output_key"]) == (str(paths.data), "input", "output")
    assert found["data.input_template"] == "{}", "not the default, User: and Assistant:"
    assert (found["ckpt.output_dir"], found["ckpt.path"]) == (str(paths.final), str(paths.states))
    assert (found["ckpt.save_steps"], found["ckpt.save_hf"], found["ckpt.load_enable"]) == (30, False, True)
    assert (found["logger.tensorboard_dir"], found["logger.wandb.run_name"]) == (str(paths.events), "run")
    assert (found["logger.logging_steps"], found["logger.wandb.key"], found["eval.dataset"]) == (1, None, None)
    assert parsed(parse, job, Sft(save_every_steps=0))["ckpt.save_steps"] == -1


def test_sft_command_starts_deepspeed_on_the_gpus_asked_for(make_job, tmp_path) -> None:
    job = make_job()
    (one,) = sft_commands(job, Sft(python="/opt/env/bin/python", gpus=4))
    assert one[:7] == ("/opt/env/bin/python", "-m", "deepspeed.launcher.runner", "--num_gpus", "4", "--master_port", one[6])
    assert 1024 < int(one[6]) < 32768
    assert one[7:9] == ("--module", "openrlhf.cli.train_sft")
    (two,) = sft_commands(job, Sft(gpus=8, nodes=2, hostfile="/etc/hosts-of-mine", batch_size=128))
    assert two[3:9] == ("--hostfile", "/etc/hosts-of-mine", "--num_nodes", "2", "--num_gpus", "8")
    other = sft_commands(replace(job, work=tmp_path / "other"), Sft())[0]
    assert other[other.index("--master_port") + 1] != one[6], "two runs on one machine do not meet"


def test_grpo_command_says_where_everything_is(parse, make_job) -> None:
    job = make_job(seed=5, save_at=(20, 50))
    paths = Paths(job.work)
    found = parsed(parse, job, Grpo(save_every_steps=7, monitor_every=25, temperature=0.8))
    assert found["actor.model_name_or_path"] == str(paths.start)
    assert found["reward.remote_url"] == [str(paths.reward)]
    assert (found["data.prompt_dataset"], found["data.label_key"]) == (str(paths.data), "label")
    assert (found["ckpt.save_steps"], found["ckpt.save_hf"], found["ckpt.best_metric_key"]) == (5, True, "none")
    assert (found["eval.dataset"], found["eval.steps"], found["eval.temperature"]) == (str(paths.monitor), 25, 0.8)
    assert found["critic.model_name_or_path"] is None
    assert parsed(parse, job, Grpo())["eval.dataset"] is None


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        (Grpo(), {"algo.kl.use_loss": False, "algo.kl.init_coef": 0.0, "actor.eps_clip_low_high": [0.2, 0.2],
                  "actor.loss_agg_mode": "token-mean", "algo.dynamic_filtering_enable": False, "train.colocate_all": True,
                  "vllm.num_engines": 8, "vllm.enable_sleep": True, "ds.enable_sleep": True,
                  "actor.num_gpus_per_node": 8, "ref.num_gpus_per_node": 8, "ref.num_nodes": 1}),
        (Grpo(kl=0.01, clip_high=0.28, loss_mean="sequence"),
         {"algo.kl.use_loss": True, "actor.eps_clip_low_high": [0.2, 0.28], "actor.loss_agg_mode": "seq-mean-token-mean"}),
        (Grpo(kl=0.01, kl_place="reward", kl_estimator="k1"), {"algo.kl.use_loss": False, "algo.kl.init_coef": 0.01}),
        (Grpo(dynamic_filtering="resample", filter_range=(0.1, 0.9)),
         {"algo.dynamic_filtering_enable": True, "algo.dynamic_filtering_range": [0.1, 0.9]}),
        (Grpo(gpus=4, nodes=2, engine_tensor_parallel=2), {"vllm.num_engines": 4, "actor.num_nodes": 2, "ref.num_nodes": 2}),
        (Grpo(colocate="actor-ref", sleep=False, engines=3),
         {"train.colocate_all": False, "train.colocate_actor_ref": True, "vllm.num_engines": 3, "vllm.enable_sleep": False}),
        (Grpo(colocate="none", sleep=False), {"train.colocate_actor_ref": False, "train.colocate_all": False}),
        (Grpo(flags={"ds.zpg": 8, "--reward.clip_range": (-1, 1.5), "vllm.sync_with_ray": True, "critic.freezing_steps": -5,
                     "actor.dual_clip": 3.0}),
         {"ds.zpg": 8, "reward.clip_range": [-1.0, 1.5], "vllm.sync_with_ray": True, "critic.freezing_steps": -5,
          "actor.dual_clip": 3.0}),
    ],
)  # fmt: skip
def test_grpo_settings_that_make_several_flags_are_parsed_as_meant(parse, make_job, params, wanted) -> None:
    found = parsed(parse, make_job(), params)
    assert {name: found[name] for name in wanted} == wanted


def test_grpo_command_goes_to_a_ray_cluster_under_a_name_of_its_attempt(make_job) -> None:
    job = make_job()
    params = Grpo(ray_address="http://head:8265", python="/opt/env/bin/python")
    (command,) = grpo_commands(job, params, attempt=3)
    start = ("/opt/env/bin/python", "-m", "ray.scripts.scripts", "job")
    assert command[:7] == (*start, "submit", "--address", "http://head:8265")
    assert command[7] == "--submission-id" and command[8].endswith("-3")
    assert command[9:] == ("--", *grpo_commands(job, replace(params, ray_address=None))[0])
    assert stop_command(job, params, attempt=3) == (*start, "stop", "--address", "http://head:8265", command[8])


def test_lora_is_merged_by_openrlhfs_combiner(parse, make_job) -> None:
    job = make_job(save_at=(4,))
    paths = Paths(job.work)
    train, *merges = grpo_commands(job, Grpo(lora_rank=8, dtype="fp16"))
    assert parse(["train_ppo_ray", after(train, "train_ppo_ray")])[0]["args"]["ckpt.output_dir"] == str(paths.adapter)
    found = parse(*(["lora_combiner", after(merge, "lora_combiner")] for merge in merges))
    assert [one["args"]["lora_path"] for one in found] == [str(paths.adapter), str(paths.adapters / "step-4")]
    assert [one["args"]["output_path"] for one in found] == [str(paths.final), str(paths.merged(4))]
    assert all(one["args"]["model_path"] == str(paths.start) and one["args"]["ds.param_dtype"] == "fp16" for one in found)


@pytest.mark.parametrize(
    ("save_at", "every", "wanted"),
    [((), 50, 50), ((), 0, None), ((20, 50), 0, 10), ((20, 50), 7, 5), ((100,), 30, 25), ((7,), 50, 7), ((3, 5), 9, 1)],
)
def test_states_are_saved_at_every_step_asked_for_and_often_enough(make_job, save_at, every, wanted) -> None:
    assert save_interval(make_job(save_at=save_at), every) == wanted


@pytest.mark.parametrize("module", ["train_sft", "train_ppo_ray"])
def test_known_flags_are_those_of_the_real_parser(openrlhf, module) -> None:
    said = subprocess.run([openrlhf, HERE / "real_parser.py", "flags", module], capture_output=True, text=True, check=True)
    assert flags.known_flags(module) == json.loads(said.stdout)


def test_settings_and_own_flags_exist_in_the_real_parser(make_job) -> None:
    for params in (Sft(), Grpo(monitor_every=2, kl=0.1, dynamic_filtering="resample")):
        module = MODULES[type(params)]
        known = set(flags.known_flags(module))
        named = {word for word in after(commands_of(params, make_job(save_at=(2,)))[0], module) if word.startswith("--")}
        assert named <= known
        assert {flag.of(module) for flag in flags.flags_of(type(params)).values()} <= known
    assert set(SET_TOGETHER) <= set(flags.known_flags("train_ppo_ray"))


@pytest.mark.parametrize("params", [Sft(), Grpo()])
def test_no_flag_is_given_twice_or_may_be_passed_on_and_set(make_job, params) -> None:
    module = MODULES[type(params)]
    job = make_job(save_at=(2,))
    named = [word for word in after(commands_of(params, job)[0], module) if word.startswith("--")]
    assert len(named) == len(set(named))
    for flag in named:
        with pytest.raises(ValueError, match=r"is the setting|the harness's own"):
            replace(params, flags={flag: True})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"--ds.zpgg": 8}, "has no '--ds.zpgg' in train_sft; did you mean '--ds.zpg'?"),
        ({"--data.max_l": 5}, "has no '--data.max_l' in train_sft; did you mean '--data.max_len'?"),
        ({"--actor.model_name_or_path": "x"}, "has no '--actor.model_name_or_path' in train_sft"),
        ({"--zzzzqqqq": 1}, "see python -m openrlhf.cli.train_sft --help"),
        ({"ds.zpg": 8.5}, "takes int values, not 8.5"),
        ({"ds.zpg": True}, "takes int values, not True"),
        ({"ds.zpg": (1, 2)}, "takes 1 value.s., not 2"),
        ({"muon.lr": "fast"}, "takes float values, not 'fast'"),
        ({"optim": "sgd"}, "is one of adam, muon, not 'sgd'"),
        ({"ds.overlap_comm": False}, "is a switch, not False; write true, or remove it"),
        ({"logger.wandb.key": "secret"}, "is the harness's own to set"),
    ],
)
def test_flags_passed_on_are_refused_with_what_to_write(given, said) -> None:
    with pytest.raises(ValueError, match=said):
        Sft(flags=given)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (Sft, {"attention": "eager"}, "packing needs a flash attention"),
        (Sft, {"ring_attention": 2, "packing": False}, "needs packing"),
        (Sft, {"tensor_parallel": 3}, "8 GPUs cannot be cut into groups of 3"),
        (Sft, {"batch_size": 100}, "100 is no multiple of 64"),
        (Sft, {"nodes": 2}, "needs a hostfile"),
        (Grpo, {"rollouts": 1, "batch_size": 128}, "rollouts 1 teaches nothing"),
        (
            Grpo,
            {"rollouts": 1, "batch_size": 128, "estimator": "reinforce", "dynamic_filtering": "resample"},
            "rollouts of 2",
        ),
        (Grpo, {"filter_range": (1.0, 0.0)}, "is empty"),
        (Grpo, {"max_tokens": 6144}, "leaves a prompt no room"),
        (Grpo, {"batch_size": 1000}, "1000 does not divide the 1024 completions"),
        (Grpo, {"batch_size": 16}, "16 is no multiple of 32"),
        (Grpo, {"rollout_micro_batch": 512}, "too few for 8 copies"),
        (Grpo, {"generated_prompts": 129}, "needs asynchronous"),
        (Grpo, {"engines": 4}, "to be the 8 GPUs"),
        (Grpo, {"asynchronous": True}, "does not go with sleep"),
        (Grpo, {"partial_rollouts": True}, "needs asynchronous"),
        (Grpo, {"colocate": "none"}, "sleep needs colocate 'all'"),
        (Grpo, {"engine_tensor_parallel": 16, "colocate": "none", "sleep": False}, "more than 8 GPUs"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused_before_anything_is_loaded(kind, given, said) -> None:
    with pytest.raises(ValueError, match=said):
        kind(**given)


def test_settings_travel_as_json() -> None:
    for params in (Sft(flags={"ds.zpg": 8}), Grpo(flags={"reward.clip_range": (0, 1.5)})):
        again = build(type(params), json.loads(json.dumps(dump(params))))
        assert again == params


@pytest.mark.parametrize("offer", [*sft.harness_trainers(), *grpo.harness_trainers()])
def test_offers_import_nothing_heavy(offer: Trainer) -> None:
    code = f"import sys, harness_plugins.openrlhf.{offer.method if offer.method == 'sft' else 'grpo'}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "tokenizers", "numpy", "pydantic"} & set(said)


RECIPE = {
    "schema_version": 1, "name": "plans", "seed": 3, "base": {"use": "miniature-base"},
    "data": {"sft": {"use": "miniature-sft"}, "heldout": {"use": "miniature-heldout"}, "rl": {"use": "miniature-rl"}},
    "candidates": [
        {"name": "thrice", "curate": [{"use": "subset", "examples": 100}, {"use": "epochs", "epochs": 3}]},
        {"name": "lora", "sft": {"lora_rank": 8, "learning_rate": 1e-5}},
    ],
    "sft": {"use": "openrlhf-sft", "flags": {"ds.zpg": 2}},
    "rl": {"use": "openrlhf-grpo", "evaluate_at": [20, 50], "kl": 0.001, "python": "/opt/env/bin/python"},
    "benchmarks": [{"use": "chain-14", "samples": 16}],
}  # fmt: skip


def plan(tmp_path, capsys, recipe):
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    assert call(["plan", str(tmp_path / "recipe.json"), "--json", "--store", str(tmp_path / "store")]) == 0
    return json.loads(capsys.readouterr().out)["steps"]


def test_plan_gives_the_exact_commands_and_writes_nothing(tmp_path, capsys, parse) -> None:
    steps = {step["title"]: step for step in plan(tmp_path, capsys, RECIPE)}
    assert not (tmp_path / "store").exists()
    assert all(step["kind"] == "train" for step in steps.values() if "command" in step)
    sft_args = {who: parse(["train_sft", after(steps[f"sft · {who} · seed 3"]["command"], "train_sft")])[0]["args"]
                for who in ("thrice", "lora")}  # fmt: skip
    assert {who: found["train.max_epochs"] for who, found in sft_args.items()} == {"thrice": 3, "lora": 1}
    assert {who: found["ds.lora.rank"] for who, found in sft_args.items()} == {"thrice": 0, "lora": 8}
    assert "further_commands" not in steps["sft · thrice · seed 3"]
    assert len(steps["sft · lora · seed 3"]["further_commands"]) == 1
    rl = steps["rl · lora · seed 3"]
    found = parse(["train_ppo_ray", after(rl["command"], "train_ppo_ray")])[0]["args"]
    assert (found["ckpt.save_steps"], found["train.seed"], found["algo.kl.init_coef"]) == (10, 3, 0.001)
    assert rl["key"] in found["ckpt.path"] and rl["command"][0] == "/opt/env/bin/python"


def test_keys_do_not_hang_on_where_openrlhf_is_installed(tmp_path, capsys) -> None:
    def keys(recipe):
        return {step["key"] for step in plan(tmp_path, capsys, recipe) if step["kind"] != "analyze"}

    here = keys(RECIPE)
    moved = RECIPE | {"rl": RECIPE["rl"] | {"python": "/elsewhere/python", "ray_address": "http://head:8265"}}
    assert keys(moved) == here
    changed = RECIPE | {"rl": RECIPE["rl"] | {"kl": 0.002}}
    assert keys(changed) != here
