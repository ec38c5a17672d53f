"""The openai engine against a real HTTP server: what is asked, what comes back, and what happens when it breaks."""

from __future__ import annotations

import logging
import math
import subprocess
import sys

import numpy as np
import pytest

from harness import Codec, MissingError, SampleRequest, Sampling, Trace, UserError
from harness_plugins.openai.client import ServerError
from harness_plugins.openai.engine import OWN, Params, harness_engines
from harness_plugins.openai.replies import ReplyError
from harness_plugins.openai.seeds import request_seed

SAMPLING = Sampling(max_tokens=12, temperature=0.8, top_p=0.9)
SECRET = "sk-very-secret-7351"  # noqa: S105 - what must not be seen


def request(name: str = "p", num: int = 6, first: int = 0, **more) -> SampleRequest:
    fields = {"prompt": "7+5*2=", "sampling": SAMPLING, "seed": 11, **more}
    return SampleRequest(problem_id=name, num_samples=num, first_index=first, **fields)


def drawn(session, *requests):
    samples = list(session.sample(requests))
    found = {(s.problem_id, s.index): s for s in samples}
    assert len(found) == len(samples)
    return found


def test_offer_imports_nothing_heavy() -> None:
    (offer,) = harness_engines()
    assert (offer.name, offer.params, offer.applies_chat_template) == ("openai", Params, True)
    heavy = "{'urllib3', 'numpy'} & {*sys.modules}"
    code = f"import sys, harness_plugins.openai.engine as e; list(e.harness_engines()); assert not {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("n_max", [1, 7, 64])
def test_samples_are_those_of_the_seeds_however_requests_are_cut(open_it, server, served, rules, n_max) -> None:
    codec = Codec(served())
    with open_it(n_max=n_max) as session:
        found = drawn(session, request("a", 20, first=5), request("b", 3, prompt="1+1="))
    assert sorted(found) == [*(("a", i) for i in range(5, 25)), *(("b", i) for i in range(3))]
    for (name, index), sample in found.items():
        prompt = codec.prompt(name, "7+5*2=" if name == "a" else "1+1=")
        text, finish = rules.drawn(prompt, request_seed(11, name, 0) + index, 12)
        values = rules.token_logprobs(text, finish)
        assert (sample.text, sample.finish, sample.num_tokens) == (text, finish, len(values))
        assert sample.logprob == pytest.approx(sum(values))
        assert math.isnan(sample.entropy)
    assert max(asked["n"] for asked in server.asked) == min(n_max, 20)
    seeds = [asked["seed"] + i for asked in server.asked for i in range(asked["n"])]
    assert len(set(seeds)) == len(seeds) == 23


def test_requests_say_all_that_sampling_means(open_it, server) -> None:
    with open_it(body={"min_tokens": 1}) as session:
        drawn(session, request(num=2, stop=("\n", ";", "a", "b", "c")))
    (asked,) = server.asked
    expected = {"model": "m", "n": 2, "temperature": 0.8, "top_p": 0.9, "max_tokens": 12, "logprobs": 1, "min_tokens": 1}
    assert expected.items() <= asked.items()
    assert {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}.items() <= asked.items()
    assert asked["stop"] == ["\n", ";", "a", "b"]
    assert all(isinstance(token, int) for token in asked["prompt"])


def test_openai_dialect_sends_standard_fields_only(open_it, server, served) -> None:
    with open_it(served(tokenizer=None), dialect="openai") as session:
        drawn(session, request(num=2))
    (asked,) = server.asked
    standard = {"path", "model", "prompt", "n", "seed", "temperature", "top_p", "max_tokens", "logprobs"}
    assert set(asked) == standard
    assert asked["prompt"] == "7+5*2="


def test_messages_go_to_chat_completions_where_the_tokenizer_is_unknown(open_it, server, served, rules) -> None:
    with open_it(served(tokenizer=None)) as session:
        found = drawn(session, request(num=4, chat=True))
    (asked,) = server.asked
    assert asked["path"].endswith("/v1/chat/completions") and asked["logprobs"] is True
    assert asked["messages"] == [{"role": "user", "content": "7+5*2="}]
    for (_, index), sample in found.items():
        text, finish = rules.drawn("7+5*2=", request_seed(11, "p", index), 12)
        assert (sample.text, sample.logprob) == (text, pytest.approx(sum(rules.token_logprobs(text, finish))))


def test_greedy_samples_are_all_the_same_and_asked_for_once(open_it, server) -> None:
    with open_it() as session:
        found = drawn(session, request(num=5, first=2, sampling=Sampling(max_tokens=8, temperature=0)), request("q", num=0))
    assert sorted(found) == [("p", i) for i in range(2, 7)]
    assert len({s.text for s in found.values()}) == 1
    assert [asked["n"] for asked in server.asked] == [1]


def test_tokens_are_counted_by_usage_where_log_probabilities_are_not_wanted(open_it, server) -> None:
    with open_it() as session:
        counted = {place: s.num_tokens for place, s in drawn(session, request()).items()}
    server.gives_logprobs = False
    with open_it(logprobs=False) as session:
        found = drawn(session, request())
    assert {place: s.num_tokens for place, s in found.items()} == counted
    assert all(math.isnan(s.logprob) for s in found.values())
    with open_it() as session, pytest.raises(ReplyError, match="set logprobs to false"):
        drawn(session, request())


@pytest.mark.parametrize("dialect", ["vllm", "openai"])
def test_scores_are_of_the_response_and_its_end(open_it, server, served, dialect) -> None:
    codec = Codec(served())
    traces = [Trace(id=f"t{i}", prompt="1+2=", response="345"[: i + 1]) for i in range(3)]
    with open_it(dialect=dialect) as session:
        found = {s.id: s for s in session.score(traces)}
    for trace in traces:
        start, num = len(codec.prompt("", trace.prompt)), len(codec.response(trace.response))
        places = np.arange(start, start + num)
        assert found[trace.id].logprobs == pytest.approx(-places / 4)
        assert np.isnan(found[trace.id].entropies).all() and len(found[trace.id].entropies) == num
        if dialect == "vllm":
            assert found[trace.id].ranks.tolist() == places.tolist()
        else:
            assert np.isnan(found[trace.id].ranks).all()
    assert len({asked.get("cache_salt", id(asked)) for asked in server.asked}) == 3


def test_scores_that_the_server_does_not_give_are_an_error(open_it, server, served) -> None:
    server.gives_prompt_logprobs = server.gives_echo = False
    trace = Trace(id="t", prompt="1+2=", response="3")
    for dialect in ("vllm", "openai"):
        with open_it(dialect=dialect) as session, pytest.raises(ReplyError, match="held-out traces cannot be scored"):
            list(session.score([trace]))
    with open_it(served(tokenizer=None)) as session, pytest.raises(UserError, match='give "served" a "tokenizer" folder'):
        list(session.score([trace]))


def test_busy_server_is_asked_again_until_it_answers(open_it, server) -> None:
    busy = {"error": {"message": "slow down"}}
    server.script = [(429, busy, {"Retry-After": "0"}), (503, "try later", {})]
    with open_it() as session:
        assert len(drawn(session, request())) == 6
    assert len(server.asked) == 3
    assert len({str(asked) for asked in server.asked}) == 1


def test_server_that_stays_busy_is_an_error_with_what_it_says(open_it, server) -> None:
    server.script = [(429, {"error": {"message": "quota is\nused up"}}, {})] * 3
    with open_it() as session, pytest.raises(ServerError, match=r"/v1/completions: 429 quota is used up$") as caught:
        drawn(session, request())
    assert caught.value.status == 429 and len(server.asked) == 3


def test_refusal_is_shown_and_not_asked_again(open_it, server) -> None:
    for body, said in [
        ({"error": {"message": "maximum context length is 8"}}, "maximum context length is 8"),
        ({"message": "bad seed"}, "bad seed"),
        ("<html>no", "<html>no"),
        ({"detail": [{"loc": ["n"]}]}, '"loc"'),
    ]:
        server.asked.clear()
        server.script = [(400, body, {})]
        with open_it() as session, pytest.raises(ServerError, match=f"400 .*{said}"):
            drawn(session, request())
        assert len(server.asked) == 1


def test_redirect_is_not_followed(open_it, server) -> None:
    server.script = [(307, "", {"Location": "http://127.0.0.1:9/v1/completions"})]
    with open_it() as session, pytest.raises(ServerError, match="307"):
        drawn(session, request())


def test_slow_server_is_given_up_after_all_attempts(open_it, server) -> None:
    server.delay_s = 0.5
    with (
        open_it(timeout_s=0.05, retries=1) as session,
        pytest.raises(ServerError, match=r"no answer in 2 attempts of 0.05 s"),
    ):
        drawn(session, request())
    assert len(server.asked) == 2


def test_absent_server_is_named(open_it, served) -> None:
    engine = open_it(base_url="http://127.0.0.1:9/v1", retries=0)
    with engine as session, pytest.raises(ServerError, match=r"http://127.0.0.1:9/v1/completions: no answer in 1 attempts"):
        drawn(session, request())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no json", "answered with no JSON: no json"),
        ([1], "answered with list"),
        ({"id": 1}, "has no 'choices'"),
        ({"choices": [{"text": "1", "finish_reason": "stop"}]}, "n=6 and gave 1 choices"),
        ({"choices": [{"text": "1", "finish_reason": "content_filter"}] * 6}, "'content_filter'"),
    ],
)
def test_answer_that_is_none_is_an_error(open_it, server, body, said) -> None:
    server.script = [(200, body, {})]
    with open_it() as session, pytest.raises((ServerError, ReplyError), match=said):
        drawn(session, request())


def test_no_more_requests_at_once_than_concurrency(open_it, server) -> None:
    server.delay_s = 0.05
    with open_it(concurrency=3, n_max=1) as session:
        assert len(drawn(session, request(num=18))) == 18
    assert server.most_at_once == 3


def test_key_is_sent_and_never_shown(open_it, server, served, monkeypatch, caplog) -> None:
    monkeypatch.setenv("MY_KEY", SECRET)
    server.script = [(401, {"error": {"message": f"Incorrect API key provided: {SECRET}"}}, {}), (503, SECRET, {})]
    with caplog.at_level(logging.DEBUG), open_it(key_variable="MY_KEY") as session:
        with pytest.raises(ServerError, match=r"401 Incorrect API key provided: \*\*\*") as caught:
            drawn(session, request())
        drawn(session, request())
    assert SECRET not in str(caught.value) and SECRET not in caplog.text and SECRET not in repr(caught.value)
    assert {headers["Authorization"] for headers in server.headers_seen} == {f"Bearer {SECRET}"}
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(MissingError, match="MY_KEY is not set"), open_it(key_variable="MY_KEY"):
        pass
    with pytest.raises(ValueError, match="never the key itself") as refused:
        Params(key_variable=SECRET)
    assert SECRET not in str(refused.value)


def test_addresses_with_secrets_and_fields_set_here_are_refused() -> None:
    for url in ("http://user:pw@host/v1", "https://host/v1?key=1"):
        with pytest.raises(ValueError, match="key_variable") as caught:
            Params(base_url=url)
        assert "pw" not in str(caught.value)
    with pytest.raises(ValueError, match="no address of a server"):
        Params(servers={"m": "localhost:8000"})
    for name in OWN:
        with pytest.raises(ValueError, match="remove it"):
            Params(body={name: 1})


def test_models_elsewhere_are_asked_there(open_it, served, rules, server) -> None:
    with rules.serve() as other, open_it(served("m2"), servers={"m2": other.url}) as session:
        drawn(session, request())
        assert [asked["model"] for asked in other.asked] == ["m2"]
    assert not server.asked


def test_folder_is_asked_only_of_a_server_that_has_loaded_it(open_it, server, base) -> None:
    server.models = [{"id": "other", "root": "/elsewhere"}, {"id": "mine", "root": f"{base}/"}]
    with open_it(base) as session:
        drawn(session, request(num=1))
    assert [asked["model"] for asked in server.asked] == ["mine"]
    server.models = [{"id": "other", "root": "/elsewhere"}, {"id": base.name}]
    with pytest.raises(UserError, match=r"has not loaded the checkpoint '.*' \(it has 'other', 'base'\)"), open_it(base):
        pass
    with pytest.raises(MissingError, match="no such folder"), open_it(base / "nowhere"):
        pass
