"""Rewards through OpenRLHF's own executor: `call_executor.py REWARD_FILE < [[prompt, completion, label], ...]`.

Run by a Python that has openrlhf's files. Its SingleTurnAgentExecutor is the real one; it gets a tokenizer of one token a
character and an engine that says what it is told. All completions are drawn at once, as an engine does.
"""

import asyncio
import importlib.util
import json
import sys
import types
from pathlib import Path

package = Path(importlib.util.find_spec("openrlhf").submodule_search_locations[0])
utils = types.ModuleType("openrlhf.utils")  # its own __init__ imports torch
utils.__path__ = [str(package / "utils")]
sys.modules["openrlhf.utils"] = utils
sys.modules["aiohttp"] = types.ModuleType("aiohttp")  # used for rewards by HTTP only

from openrlhf.utils.agent import SingleTurnAgentExecutor  # noqa: E402


class Ids(list):
    def tolist(self):
        return list(self)


class Tokenizer:
    def __call__(self, text, **_options):
        return {"input_ids": [Ids(map(ord, text))]}

    def decode(self, tokens, skip_special_tokens):
        assert not skip_special_tokens
        return "".join(map(chr, tokens))


class Engine:
    def __init__(self, completion):
        self.completion = completion

    async def generate(self, _tokens, _params, multi_modal_data=None):
        output = types.SimpleNamespace(token_ids=[*map(ord, self.completion)], finish_reason="stop", logprobs=None)
        return types.SimpleNamespace(outputs=[output])


async def draw(executor, prompt, completion, label):
    params = types.SimpleNamespace(max_tokens=1000, logprobs=None)
    answer = await executor.execute(prompt, label, params, 100_000, Tokenizer(), Engine(completion))
    return {"reward": answer["reward"], "scores": answer["scores"], "extra_logs": answer["extra_logs"]}


async def main():
    executor = SingleTurnAgentExecutor([sys.argv[1]])
    return await asyncio.gather(*(draw(executor, *row) for row in json.load(sys.stdin)))


found = asyncio.run(main())
sys.stdout.write("\n" + json.dumps(found) + "\n")
