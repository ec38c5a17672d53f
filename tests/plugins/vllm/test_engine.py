"""The vllm engine against a stand-in: what is asked, what comes back, and what happens when it breaks."""

from __future__ import annotations

import ast
import math
import os
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from harness import Codec, MissingError, SampleRequest, Sampling, Trace, UserError
from harness_plugins.vllm.child import VllmFailedError
from harness_plugins.vllm.devices import device_groups
from harness_plugins.vllm.engine import OWN, Params, harness_engines, open_engine
from harness_plugins.vllm.keep import KEEPER
from harness_plugins.vllm.seeds import request_seed

SAMPLING = Sampling(max_tokens=24)


def request(name: str = "p", num: int = 8, first: int = 0, **more) -> SampleRequest:
    fields = {"prompt": "7+5*2=", "sampling": SAMPLING, "seed": 11, **more}
    return SampleRequest(problem_id=name, num_samples=num, first_index=first, **fields)


@pytest.fixture
def open_it(stand_in, base):
    def open_(**settings):
        return open_engine(base, Params(python=stand_in, **settings))

    return open_


def drawn(session, *requests):
    return {(s.problem_id, s.index): s for s in session.sample(requests)}


def test_offer_imports_nothing_heavy_and_names_the_program() -> None:
    (offer,) = harness_engines()
    assert (offer.name, offer.params, offer.applies_chat_template) == ("vllm", Params, True)
    assert [program.variable for program in offer.externals] == ["HARNESS_VLLM_PYTHON"]
    code = "import sys, harness_plugins.vllm.engine as e; list(e.harness_engines()); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_samples_are_those_of_the_seeds_one_by_one(open_it, base, stand_in_module) -> None:
    codec = Codec(base)
    with open_it() as session:
        found = drawn(session, request("a", 40), request("b", 3, first=5, prompt="1+1="))
    assert sorted(found) == [*(("a", i) for i in range(40)), *(("b", i) for i in range(5, 8))]
    for (name, index), sample in found.items():
        prompt = codec.prompt(name, "7+5*2=" if name == "a" else "1+1=")
        tokens = stand_in_module.drawn(prompt, request_seed(11, name, 0) + index, 24)
        assert (sample.text, sample.num_tokens) == (codec.text(tokens), len(tokens))
        assert sample.finish == ("stop" if tokens[-1] == 2 else "length")
        assert sample.logprob == pytest.approx(-sum(t + place / 100 for place, t in enumerate(tokens)))
        assert math.isnan(sample.entropy)
    assert {s.finish for s in found.values()} == {"stop", "length"}


def test_samples_do_not_depend_on_how_requests_are_cut(open_it) -> None:
    with open_it() as session:
        whole = drawn(session, request("a", 64))
        parts = drawn(session, request("a", 10), request("a", 53, first=10)) | drawn(session, request("a", 1, first=63))
    assert {place: s.text for place, s in whole.items()} == {place: s.text for place, s in parts.items()}


def test_seeds_of_many_prompts_and_runs_never_meet() -> None:
    """256 samples each of 500 problems under 40 seeds: 5.1 million seeds, all different."""
    starts = np.sort([request_seed(seed, f"problem-{p}", 0) for seed in range(40) for p in range(500)])
    assert np.diff(starts).min() >= 256
    assert request_seed(1, "a", 64) == request_seed(1, "a", 0) + 64
    # torch's generator on a CPU heeds the low 32 bits alone, and few may meet there.
    low = np.sort([request_seed(3, f"problem-{p}", 0) % 2**32 for p in range(500)])
    assert (np.diff(low) < 256).sum() <= 1


def test_greedy_samples_are_all_the_same_and_drawn_once(open_it) -> None:
    with open_it() as session:
        found = drawn(session, request(num=5, first=2, sampling=Sampling(max_tokens=8, temperature=0)))
    assert sorted(found) == [("p", i) for i in range(2, 7)]
    assert len({s.text for s in found.values()}) == 1


def test_entropy_is_that_of_the_whole_vocabulary_where_asked_for(open_it) -> None:
    with open_it(entropy="full") as session:
        found = drawn(session, request(num=3))
        (score,) = session.score([Trace(id="t", prompt="1+1=", response="2")])
    assert [s.entropy for s in found.values()] == pytest.approx([math.log(39)] * 3)
    assert score.entropies == pytest.approx([math.log(39)] * len(score.logprobs))


def test_scores_are_of_the_response_and_its_end(open_it, base) -> None:
    codec = Codec(base)
    traces = [Trace(id=f"t{i}", prompt="1+2=", response="345"[: i + 1]) for i in range(3)]
    with open_it() as session:
        found = {s.id: s for s in session.score(traces)}
    for trace in traces:
        start, tokens = len(codec.prompt("", trace.prompt)), codec.response(trace.response)
        assert tokens[-1] == codec.ends[0]
        assert found[trace.id].logprobs == pytest.approx([-(t + (start + i) / 100) for i, t in enumerate(tokens)])
        assert found[trace.id].ranks.tolist() == [t + 1 for t in tokens]
        assert np.isnan(found[trace.id].entropies).all() and len(found[trace.id].entropies) == len(tokens)


def test_prefixes_are_cached_for_samples_and_never_for_scores(open_it, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))
    with open_it(max_num_seqs=5, flags={"quantization": "fp8"}) as session:
        drawn(session, request(num=1))
        list(session.score([Trace(id="t", prompt="1", response="2")]))
        drawn(session, request(num=1))
    opened = [ast.literal_eval(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [each["enable_prefix_caching"] for each in opened] == [True, False, True]
    assert {(each["max_num_seqs"], each["quantization"], each["logprobs_mode"]) for each in opened} == {
        (5, "fp8", "raw_logprobs")
    }
    assert "max_model_len" not in opened[0]
    for each in opened:
        assert not is_running(each["pid"])


def test_model_is_kept_for_the_next_step_where_that_is_asked_for(open_it, base, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))

    def opened() -> list[int]:
        return [ast.literal_eval(line)["pid"] for line in (tmp_path / "log").read_text().splitlines()]

    for first in (0, 8):
        with open_it(keep_s=60) as session:
            drawn(session, request(first=first))
    assert len(opened()) == 1 and is_running(opened()[0])
    with open_it(keep_s=0.05, max_num_seqs=9) as session:
        drawn(session, request())
    assert len(opened()) == 2 and not is_running(opened()[0])
    until(lambda: not is_running(opened()[1]))
    assert KEEPER.take("anything") is None


def test_samples_that_nobody_read_are_not_taken_for_others(open_it) -> None:
    with open_it() as session:
        next(session.sample([request("a"), request("b")]))
        found = drawn(session, request("c"), request("d"))
    assert {name for name, _ in found} == {"c", "d"}


def test_processes_share_the_work_a_group_of_gpus_each(open_it, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7,9")
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))
    requests = [request(f"p{i}", 3) for i in range(5)]
    with open_it(tensor_parallel=2) as session:
        several = drawn(session, *requests)
    opened = [ast.literal_eval(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(each["gpus"] for each in opened) == ["4,5", "6,7"]
    with open_it(data_parallel=1) as session:
        one = drawn(session, *requests)
    assert {k: s.text for k, s in several.items()} == {k: s.text for k, s in one.items()}
    assert Counter(name for name, _ in several) == {f"p{i}": 3 for i in range(5)}


def test_more_gpus_than_there_are_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert device_groups(1, "auto") == ["0", "1", "2"]
    assert device_groups(2, "auto") == ["0,1"]
    with pytest.raises(MissingError, match="2 processes of 2 GPUs each want 4, and 3 are visible"):
        device_groups(2, 2)
    with pytest.raises(MissingError, match="1 processes of 4 GPUs"):
        device_groups(4, "auto")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device_groups(1, "auto") == [None]
    assert device_groups(1, 2) == [None, None]


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("die-loading", r"ended with exit code 17; the end of its log:\n[\s\S]*CUDA out of memory, says the stand-in"),
        ("raise-loading", r"^RuntimeError: Engine core initialization failed; the end of its log:[\s\S]*Traceback"),
        ("die", r"ended with exit code 3; the end of its log:\n[\s\S]*the stand-in falls over"),
        ("raise", r"^ValueError: the stand-in has had enough"),
        ("abort", "vllm ended a sample with 'abort'"),
    ],
)
def test_failure_shows_what_vllm_said(open_it, monkeypatch, behaviour, said) -> None:
    monkeypatch.setenv("STAND_IN", behaviour)
    with open_it() as session, pytest.raises(VllmFailedError, match=said):
        drawn(session, request())


def test_engine_ends_with_whoever_holds_it(stand_in, base, tmp_path) -> None:
    """A killed worker takes its vLLM with it, even in the middle of a generation."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom harness import SampleRequest, Sampling\n"
        "from harness_plugins.vllm.engine import Params, open_engine\n"
        f"with open_engine(Path({str(base)!r}), Params(python={stand_in!r})) as session:\n"
        "    list(session.sample([SampleRequest(problem_id='p', prompt='1', num_samples=1, sampling=Sampling(), seed=0)]))\n"
    )
    log = tmp_path / "log"
    environment = {**os.environ, "STAND_IN": "hang", "STAND_IN_LOG": str(log)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    until(lambda: log.is_file() and log.read_text().endswith("\n"))
    pid = ast.literal_eval(log.read_text())["pid"]
    assert is_running(pid)
    parent.kill()
    parent.wait()
    until(lambda: not is_running(pid))


def test_wrong_flags_are_refused_with_the_nearest_known(open_it) -> None:
    with open_it(flags={"quantisation": "fp8"}) as session, pytest.raises(UserError, match="did you mean 'quantization'"):
        drawn(session, request())
    for name in OWN:
        with pytest.raises(ValueError, match="remove it"):
            Params(flags={name: 1})


def test_what_does_not_fit_or_has_no_template_is_refused_before_it_is_asked(open_it) -> None:
    with open_it(max_model_len=8) as session:
        with pytest.raises(UserError, match=r"p: needs \d+ tokens, but the model has 8 here"):
            drawn(session, request(prompt="1+1+1+1+1+1="))
        with pytest.raises(UserError, match=r"t: needs 9 tokens"):
            list(session.score([Trace(id="t", prompt="1+1=", response="12")]))
        with pytest.raises(UserError, match="no chat template"):
            drawn(session, request(chat=True))


def test_missing_vllm_is_told_with_the_command(base, monkeypatch) -> None:
    monkeypatch.delenv("HARNESS_VLLM_PYTHON", raising=False)
    with pytest.raises(MissingError, match="pip install 'vllm=="), open_engine(base, Params()):
        pass


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(is_so) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that in 30 s")
