"""The vllm engine, and the openai engine on `vllm serve`, on vLLM itself: `make test-vllm`.

Everything is compared with the local engine on the miniature's base. vLLM itself reads that base with heads of 32 dimensions
(padded_heads.py), because its attention on a CPU knows none of 16; what that changes is measured first. Figures are printed
for docs/log.md.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from harness import Codec, SampleRequest, Sampling, Trace
from harness_plugins.local.engine import Params as LocalParams
from harness_plugins.local.engine import open_engine as open_local
from harness_plugins.openai.engine import Params as ServerParams
from harness_plugins.openai.engine import open_engine as open_server
from harness_plugins.vllm.engine import Params, open_engine

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

PROMPTS = ("C6+1+7*4-7-7*5>", "S70774+65270>", "Dd=3,g=d-d,i=g*1,e=i-d,a=e-5,b=g-a?a>")
SAMPLING = Sampling(max_tokens=48)
NUM = 256
TRACES = [
    Trace(id=f"{prompt} {response}", prompt=prompt, response=response)
    for prompt in (*PROMPTS, "S17+10>")
    for response in ("7*0=0;0-3=7;7-4=3;3*8=4;A734", "7+0+0=7;1+1+0=2;A27", "h=7;j=7-7=0;e=0-5=5;g=5+8=3;A053", "A072")
]
CLOSE = 1e-2
"""Nats a token."""


def settings(python: str, **more) -> Params:
    # A share of the machine's memory is what a CPU build takes gpu_memory_utilization for.
    return Params(python=python, dtype="float32", enforce_eager=True, gpu_memory_utilization=0.1, **more)


def requests(num: int = NUM, first: int = 0) -> list[SampleRequest]:
    return [
        SampleRequest(problem_id=p, prompt=p, num_samples=num, first_index=first, sampling=SAMPLING, seed=5) for p in PROMPTS
    ]


@pytest.fixture(scope="session")
def sampled(real_vllm, wide_base):
    """Draw 256 samples a prompt, and once more the last 56 of them."""
    begun = time.monotonic()
    with open_engine(wide_base, settings(real_vllm)) as session:
        whole = {(s.problem_id, s.index): s for s in session.sample(requests())}
        seconds = time.monotonic() - begun
        part = {(s.problem_id, s.index): s for s in session.sample(requests(56, first=200))}
    show("vllm", f"{len(whole)} samples, loading included, in {seconds:.1f} s")
    return whole, part


@pytest.fixture(scope="session")
def local_scores(base):
    with open_local(base, LocalParams(dtype="float32", device="cpu")) as session:
        return {s.id: s for s in session.score(TRACES)}


def test_wider_heads_leave_the_model_as_it_is(wide_base, local_scores) -> None:
    with open_local(wide_base, LocalParams(dtype="float32", device="cpu")) as session:
        found = {s.id: s for s in session.score(TRACES)}
    off = max(float(np.abs(found[name].logprobs - local_scores[name].logprobs).max()) for name in local_scores)
    show("heads of 32", f"off by {off:.2e} nats a token at most")
    assert off < 1e-3


def test_256_samples_of_a_prompt_are_as_distinct_as_the_local_engines(sampled, base) -> None:
    whole, _ = sampled
    with open_local(base, LocalParams(dtype="float32", device="cpu")) as session:
        local = {(s.problem_id, s.index): s for s in session.sample(requests())}
    assert set(whole) == set(local)
    for prompt in PROMPTS:
        ours, theirs = (len({each[prompt, i].text for i in range(NUM)}) for each in (whole, local))
        show("distinct", f"{prompt} vllm {ours}, local {theirs} of {NUM}")
        # Where the model has few answers to a prompt, samples agree by chance, under any engine alike.
        assert ours > 0.9 * theirs - 5
        lengths = [np.mean([each[prompt, i].num_tokens for i in range(NUM)]) for each in (whole, local)]
        spread = np.std([whole[prompt, i].num_tokens for i in range(NUM)]) / 16
        assert abs(lengths[0] - lengths[1]) < 5 * spread + 0.5


def test_256_samples_of_a_model_that_knows_nothing_are_distinct(real_vllm, wide_blank) -> None:
    """All but those that end within 7 tokens, two of which may agree by chance."""
    with open_engine(wide_blank, settings(real_vllm)) as session:
        begun = time.monotonic()
        found = list(session.sample(requests()))
        seconds = time.monotonic() - begun
    show("vllm", f"{sum(s.num_tokens for s in found) / seconds:.0f} tokens a second, loading included")
    for prompt in PROMPTS:
        texts = [s.text for s in found if s.problem_id == prompt and s.num_tokens >= 8]
        show("distinct, random weights", f"{prompt} {len(set(texts))} of {len(texts)}")
        assert len(set(texts)) == len(texts) > NUM / 2


def test_samples_of_a_later_block_are_those_of_the_whole(sampled) -> None:
    """All but those whose logits differ in the last bits with the batch."""
    whole, part = sampled
    same = np.mean([part[place].text == whole[place].text for place in part])
    show("same in another batch", f"{same:.4f} of {len(part)}")
    assert same > 0.95


def test_log_probability_of_samples_is_the_local_engines(sampled, base) -> None:
    whole, _ = sampled
    ended = [s for s in whole.values() if s.finish == "stop"]
    assert len(ended) > 100
    codec = Codec(base)
    traces = [Trace(id=f"{s.problem_id} {s.index}", prompt=s.problem_id, response=s.text) for s in ended]
    with open_local(base, LocalParams(dtype="float32", device="cpu")) as session:
        scores = {s.id: s for s in session.score(traces)}
    # A completion may hold special tokens, which its text leaves out.
    plain = [s for s in ended if len(codec.response(s.text)) == s.num_tokens]
    assert len(plain) > 0.9 * len(ended)
    off = [abs(s.logprob - float(scores[f"{s.problem_id} {s.index}"].logprobs.sum())) / s.num_tokens for s in plain]
    show("sampled log-probability", f"off by {max(off):.2e} nats a token at most, {np.mean(off):.2e} on average")
    assert max(off) < CLOSE


@pytest.mark.parametrize("entropy", ["none", "full"])
def test_log_likelihood_of_traces_is_the_local_engines(real_vllm, wide_base, local_scores, entropy) -> None:
    with open_engine(wide_base, settings(real_vllm, entropy=entropy)) as session:
        found = {s.id: s for s in session.score(TRACES)}
    compare(found, local_scores)
    for name, scores in found.items():
        if entropy == "full":
            assert np.abs(scores.entropies - local_scores[name].entropies).max() < CLOSE
        else:
            assert np.isnan(scores.entropies).all()


def test_entropy_of_samples_is_that_of_the_model(real_vllm, wide_base, base) -> None:
    with open_engine(wide_base, settings(real_vllm, entropy="full")) as session:
        found = [s for s in session.sample(requests(16)) if s.finish == "stop"]
    with open_local(base, LocalParams(dtype="float32", device="cpu")) as session:
        traces = [Trace(id=str(i), prompt=s.problem_id, response=s.text) for i, s in enumerate(found)]
        scores = {s.id: s for s in session.score(traces)}
    codec = Codec(base)
    plain = [i for i, s in enumerate(found) if len(codec.response(s.text)) == s.num_tokens]
    assert plain
    off = [abs(found[i].entropy - float(scores[str(i)].entropies.mean())) for i in plain]
    show("sampled entropy", f"off by {max(off):.2e} nats at most")
    assert max(off) < CLOSE


def test_server_form_gives_the_same_through_the_openai_engine(real_vllm, wide_base, sampled, local_scores, tmp_path) -> None:
    whole, _ = sampled
    with (
        running_server(real_vllm, wide_base, tmp_path / "log") as url,
        open_server(wide_base, ServerParams(base_url=url, n_max=NUM, concurrency=4)) as session,
    ):
        drawn = {(s.problem_id, s.index): s for s in session.sample(requests())}
        scores = {s.id: s for s in session.score(TRACES)}
    same = np.mean([drawn[place].text == whole[place].text for place in whole])
    show("server against offline", f"{same:.4f} of {len(whole)} samples the same")
    assert set(drawn) == set(whole) and same > 0.95
    for place, sample in drawn.items():
        if sample.text == whole[place].text and sample.num_tokens == whole[place].num_tokens:
            assert abs(sample.logprob - whole[place].logprob) / sample.num_tokens < CLOSE
    compare(scores, local_scores)


def compare(found, expected) -> None:
    assert set(found) == set(expected)
    off = max(float(np.abs(found[name].logprobs - expected[name].logprobs).max()) for name in expected)
    ranks = np.mean(np.concatenate([found[name].ranks == expected[name].ranks for name in expected]))
    show("held-out traces", f"off by {off:.2e} nats a token at most; {ranks:.4f} of ranks equal")
    assert off < CLOSE
    assert ranks > 0.98


@contextmanager
def running_server(python: str, folder: Path, log: Path):
    """Run `vllm serve` on a free port until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = Path(python)
    executable = place / "bin" / "python" if place.is_dir() else place
    command = [executable, "-m", "vllm.entrypoints.cli.main", "serve", str(folder), "--port", str(port)]
    command += [
        "--dtype",
        "float32",
        "--enforce-eager",
        "--gpu-memory-utilization",
        "0.1",
        "--served-model-name",
        "miniature",
    ]
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "PYTHONPATH")}
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment, start_new_session=True)
    try:
        begun = time.monotonic()
        while not is_healthy(port):
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() - begun < 600, "the server did not come up"
            time.sleep(0.5)
        show("server", f"up in {time.monotonic() - begun:.0f} s")
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def show(what: str, figure: str) -> None:
    """Print past pytest's capture: these figures are what the run is for."""
    os.write(1, f"    {what}: {figure}\n".encode())
