"""Chat prompts: the local engine puts a user's message into the checkpoint's own template, special tokens once."""

import pytest
import transformers

from harness import SampleRequest, Sampling, UserError
from harness_plugins.local.engine import Params, open_engine

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}a{{ m['content'] }},{% endfor %}{% if add_generation_prompt %}b={% endif %}"
)


def drawn(folder, prompt, *, chat):
    request = SampleRequest(
        problem_id="p", prompt=prompt, num_samples=4, sampling=Sampling(max_tokens=12), seed=3, chat=chat
    )
    with open_engine(folder, Params()) as session:
        return [(s.index, s.text, s.logprob) for s in session.sample([request])]


def test_chat_prompt_is_read_as_the_template_writes_it(save_checkpoint):
    folder = save_checkpoint()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    # The plain prompt gets its <bos> from the tokenizer, the chat one from the template.
    assert drawn(folder, "1+2", chat=True) == drawn(folder, "a1+2,b=", chat=False)
    assert drawn(folder, "1+2", chat=True) != drawn(folder, "1+2", chat=False)


def test_chat_prompt_is_refused_where_the_checkpoint_has_no_template(save_checkpoint):
    with pytest.raises(UserError, match="the checkpoint's tokenizer has no chat template; choose a plain prompt template"):
        drawn(save_checkpoint(), "1+2", chat=True)
