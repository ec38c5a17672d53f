"""Measure how many tokens a CPU-second the local engine samples, beside transformers' own generate.

    python tests/perf/sampling.py [REPETITIONS]

The shipped miniature base, 14 problems (two of each benchmark), 64 samples each, at most 100 tokens, one thread. They take
turns, so that a noisy machine hits all; the ratio is the median of the pairs' ratios. Tokens count up to the end of each
sample, its end-of-sequence token included; what is computed behind that is waste.
"""

import statistics
import sys
import time
from pathlib import Path

import torch

import harness_plugins.miniature
from harness import NoParams
from harness_plugins.local.compute.generate import Stream, decoder_of, generate
from harness_plugins.local.compute.inference import load_model, load_tokenizer
from harness_plugins.local.compute.tokens import end_ids, prompt_ids
from harness_plugins.miniature.benchmarks import harness_benchmarks

SAMPLES, MAX_TOKENS, PROBLEMS_EACH = 64, 100, 2


def make_prompts(tokenizer):
    problems = []
    for offer in harness_benchmarks():
        params = offer.params(problems=PROBLEMS_EACH) if offer.params is not NoParams else offer.params()
        problems += offer.load()(params, None)
    return [prompt_ids(tokenizer, problem.prompt) for problem in problems]


def sample_with_engine(model, prompts, ends, seed):
    streams = [
        Stream(problem_id=str(place), prompt=prompt, seed=seed, first_index=0, num_samples=SAMPLES)
        for place, prompt in enumerate(prompts)
    ]
    settings = {"max_tokens": MAX_TOKENS, "temperature": 1.0, "eos_ids": ends}
    return sum(len(completion.tokens) for completion in generate(decoder_of(model), streams, **settings))


@torch.inference_mode()
def sample_with_transformers(model, prompts, ends, seed):
    torch.manual_seed(seed)
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    out = model.generate(
        input_ids=ids, attention_mask=mask, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, use_cache=True,
        num_return_sequences=SAMPLES, max_new_tokens=MAX_TOKENS, eos_token_id=list(ends), pad_token_id=0,
    )[:, width:]  # fmt: skip
    is_end = torch.isin(out, torch.tensor(ends))
    lengths = torch.where(is_end.any(1), is_end.int().argmax(1) + 1, out.shape[1])
    return int(lengths.sum())


def sample_one_prompt_a_call(model, prompts, ends, seed):
    """Sample as evaluation scripts do: one call a prompt, all its samples in it."""
    return sum(sample_with_transformers(model, [prompt], ends, seed) for prompt in prompts)


def tokens_per_second(sampler, *args):
    start = time.process_time()
    tokens = sampler(*args)
    return tokens / (time.process_time() - start)


def compare(model, prompts, ends, repetitions):
    samplers = (sample_with_engine, sample_one_prompt_a_call, sample_with_transformers)
    for sampler in samplers:
        sampler(model, prompts[:2], ends, 0)
    return [
        tuple(tokens_per_second(sampler, model, prompts, ends, seed) for sampler in samplers) for seed in range(repetitions)
    ]


def main():
    torch.set_num_threads(1)
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    base = Path(harness_plugins.miniature.__file__).parent / "base"
    model, tokenizer = load_model(base, "float32", "cpu"), load_tokenizer(base)
    rows = compare(model, make_prompts(tokenizer), end_ids(model, tokenizer), repetitions)
    lines = ["repetition  engine tok/s  transformers, a call a prompt  ratio  transformers, one batch  ratio"]
    shown = [(str(i), *row, row[0] / row[1], row[0] / row[2]) for i, row in enumerate(rows)]
    shown.append(("median", *(statistics.median(column) for column in zip(*(row[1:] for row in shown), strict=True))))
    lines += [f"{name:>10}  {a:>12,.0f}  {b:>29,.0f}  {r:>5.1f}  {c:>23,.0f}  {q:>5.1f}" for name, a, b, c, r, q in shown]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
