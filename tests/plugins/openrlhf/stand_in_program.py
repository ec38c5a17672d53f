"""What the stand-in for OpenRLHF, DeepSpeed's launcher and Ray's command line does; see conftest.stand_in.

Orders, a JSON file named by STAND_IN_ORDERS: steps (how many), step_s (time of one), kill_at / fail_at / hang_at (a step at
whose start the process kills itself, fails, or hangs), exit_early (end well without a checkpoint), answers (completions that
RL draws). Standard library and TensorBoard's writer only.
"""

import asyncio
import importlib.util
import json
import os
import runpy
import shutil
import signal
import sys
import time
from pathlib import Path


def main(module):
    with Path(os.environ["STAND_IN_ORDERS"]).with_suffix(".calls").open("a") as file:
        file.write(json.dumps([module, *sys.argv[1:]]) + "\n")
    argv = sys.argv[1:]
    if module == "deepspeed.launcher.runner":
        name = argv[argv.index("--module") + 1]
        sys.argv = [name, "--local_rank=0", *argv[argv.index("--module") + 2 :]]
        runpy.run_module(name, run_name="__main__")
    elif module == "ray.scripts.scripts":
        if "submit" in argv:
            command = argv[argv.index("--") + 1 :]
            os.execv(command[0], command)  # noqa: S606 - as Ray's job server would
    elif module == "openrlhf.cli.lora_combiner":
        given = flags(argv)
        shutil.copytree(given["--model_path"], given["--output_path"], dirs_exist_ok=True)
        shutil.copy(Path(given["--lora_path"]) / "step", given["--output_path"])
    else:
        train(flags(argv), is_rl=module.endswith("ray"))


def flags(argv):
    """Return the last value of each flag, true for switches."""
    found, name = {}, None
    for word in argv:
        if word.startswith("--"):
            name, _, value = word.partition("=")
            found[name] = value or True
        elif name:
            found[name] = word
    return found


def train(given, *, is_rl):
    orders = json.loads(Path(os.environ["STAND_IN_ORDERS"]).read_text())
    path = Path(given["--ckpt.path"])
    states = path / "_actor" if is_rl else path
    start = Path(given["--actor.model_name_or_path" if is_rl else "--model.model_name_or_path"])
    every = int(given.get("--ckpt.save_steps", 10**9))
    log = Events(Path(given["--logger.tensorboard_dir"]) / given["--logger.wandb.run_name"])
    done = 0
    if "--ckpt.load_enable" in given and (states / "latest").is_file():
        done = int((states / "latest").read_text().removeprefix("global_step"))
        assert (states / f"global_step{done}" / "state").is_file()
    rewards = draw(given, orders) if is_rl else []
    say(f"resumed at step {done}")
    for step in range(done + 1, orders.get("steps", 4) + 1):
        misbehave(orders, step)
        time.sleep(orders.get("step_s", 0))
        if is_rl:
            numbers = {"rollout/reward_mean": sum(rewards) / len(rewards), "policy_loss": 1 / step, "rollout/num_samples": 2,
                       "rollout/response_length_mean": 5}  # fmt: skip
        else:
            numbers = {"gpt_loss": 9.0, "loss_mean": 1 / step, "lr": 0.5}
        log.write(step, numbers)
        if step % every == 0:
            save(states / f"global_step{step}", "state", step)
            (states / "latest").write_text(f"global_step{step}")
            if "--ckpt.save_hf" in given:
                misbehave({"kill_at": orders.get("kill_before_hf")}, step)
                folder(start, path / f"global_step{step}_hf", step, given)
    if not orders.get("exit_early"):
        folder(start, Path(given["--ckpt.output_dir"]), orders.get("steps", 4), given)


def misbehave(orders, step):
    if orders.get("kill_at") == step:
        os.kill(os.getpid(), signal.SIGKILL)
    if orders.get("fail_at") == step:
        say("progress 1\rprogress 2")
        raise RuntimeError("CUDA out of memory, say")
    if orders.get("hang_at") == step:
        os.fork()
        time.sleep(600)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def save(place, name, step):
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(str(step))


def folder(start, place, step, given):
    shutil.copytree(start, place, dirs_exist_ok=True)
    save(place, "step", step)
    if int(given["--ds.lora.rank"]):
        (place / "config.json").unlink()
        (place / "adapter_config.json").write_text("{}")


def draw(given, orders):
    """Call the reward file as OpenRLHF 0.11.2's SingleTurnAgentExecutor does; what it raises is swallowed."""
    spec = importlib.util.spec_from_file_location("reward_func", given["--reward.remote_url"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    row = json.loads(Path(given["--data.prompt_dataset"]).read_text().splitlines()[0])

    async def one(answer):
        try:
            query = f"{row['input']}{answer}</s>"
            return (await asyncio.to_thread(module.reward_func, [query], [row["input"]], [row["label"]]))["rewards"]
        except Exception as error:
            say(f"[SingleTurnExecutor] Failed to fetch reward from remote RM: {error}")
            return 0.0

    async def all_of_them():
        return await asyncio.gather(*map(one, orders.get("answers", ["7", "8"])))

    return asyncio.run(all_of_them())


class Events:
    """TensorBoard's writer, without torch's."""

    def __init__(self, place):
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.file = EventFileWriter(str(place))

    def write(self, step, numbers):
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for name, number in numbers.items():
            value = Summary.Value(tag=f"train/{name}", simple_value=number)
            self.file.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))
        self.file.flush()
