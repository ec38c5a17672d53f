"""Problems that are a user's messages, or that say where a completion ends, on their way through a study."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import Sample
from harness.steps.sample import cut_at_stop
from study.toy_study import TOY, invoke

FORMS = """
from harness import Benchmark, NoParams, Problem, hookimpl

def load(params, context):
    return [Problem(id=f"q{i}", prompt=f"q{i}", answer="", chat=CHAT, stop=STOP) for i in range(4)]

@hookimpl
def harness_benchmarks():
    yield Benchmark(name="forms", version="1", summary="other forms", load=lambda: load, grader="toy-grade")
"""


def run(folder: Path, *, chat: bool, stop: tuple[str, ...]):
    plugin = folder / "forms.py"
    plugin.write_text(FORMS.replace("CHAT", str(chat)).replace("STOP", str(stop)))
    recipe = {**TOY, "benchmarks": [{"use": "forms", "samples": 8}]}
    return invoke(folder, recipe, "run", "--json", "--plugin", str(plugin))


def test_completions_end_before_the_first_stop_text_whatever_the_engine(tmp_path: Path) -> None:
    # The toy engine prints one number and knows of no stops; all its numbers are below 11.
    done = run(tmp_path, chat=False, stop=("zz", "1", "2", "3", "4"))
    assert done.returncode == 0, done.stderr
    texts = set()
    for file in (tmp_path / "store").glob("artifacts/sample/*/part-*.parquet"):
        texts |= set(pq.read_table(file)["text"].to_pylist())
    assert texts == {"", "0"}
    counted = json.loads(done.stdout)["candidates"][0]["outcome"]["value"]
    assert counted > 0


def test_chat_problems_are_refused_of_an_engine_that_would_take_them_for_plain(tmp_path: Path) -> None:
    done = run(tmp_path, chat=True, stop=())
    assert done.returncode == 1
    assert "engine 'toy-engine': applies no chat template, and the problems are a user's messages" in done.stderr


def sample(text: str) -> Sample:
    return Sample(problem_id="p", index=0, text=text, num_tokens=9, finish="length", logprob=-1.0, entropy=0.5)


@given(st.text(alphabet="ab\n", max_size=20), st.lists(st.text(alphabet="ab\n", min_size=1, max_size=3), max_size=3))
def test_cut_text_holds_no_stop_and_is_the_longest_such_start(text: str, stop: list[str]) -> None:
    cut = cut_at_stop(sample(text), stop)
    hit = any(s in text for s in stop)
    assert text.startswith(cut.text)
    assert cut.finish == ("stop" if hit else "length")
    if hit:
        assert any(text.startswith(s, len(cut.text)) for s in stop)
        assert not any(text.startswith(s, i) for s in stop for i in range(len(cut.text)))
    else:
        assert cut.text == text


@pytest.mark.parametrize("stop", [(), ("c",)])
def test_sample_without_a_stop_text_stays_as_it_is(stop: tuple[str, ...]) -> None:
    assert cut_at_stop(sample("ab"), stop) == sample("ab")
