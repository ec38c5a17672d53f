r"""Prompt templates of the mathematics benchmarks, by name and version.

A template's text never changes under its name: a change gets the next number, so that a recipe keeps meaning what it meant.
`chat` templates are a user's message; the engine puts it into the checkpoint's own chat template.

Sources: the request for a box is that of Qwen2.5-Math (arXiv 2409.12122) and of most RL on mathematics since;
`minerva@1` is the form of Minerva (Lewkowycz et al. 2022, arXiv 2206.14858, appendix D) without its examples;
`question-answer@1` is that of lm-evaluation-harness's gsm8k; `turns@1` is how this harness writes chat rows of training data
(the data source's `fields.messages`), for checkpoints that were trained on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

TemplateName = Literal[
    "plain@1", "boxed@1", "minerva@1", "question-answer@1", "turns@1", "turns-boxed@1", "chat@1", "chat-boxed@1"
]
_PLACE = "{problem}"
_BOX = r"Please reason step by step, and put your final answer within \boxed{}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How a problem is put to a model."""

    text: str
    """`{problem}` stands for the problem; no other brace has a meaning."""
    chat: bool = False
    """Whether the text is a user's message."""

    def fill(self, problem: str) -> str:
        """Return the prompt of a problem."""
        before, _, after = self.text.partition(_PLACE)
        return before + problem + after


TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "plain@1": Template(text="{problem}"),
        "boxed@1": Template(text=f"{{problem}}\n\n{_BOX}\n\n"),
        "minerva@1": Template(text="Problem:\n{problem}\n\nSolution:"),
        "question-answer@1": Template(text="Question: {problem}\nAnswer:"),
        "turns@1": Template(text="User:\n{problem}\n\nAssistant:\n"),
        "turns-boxed@1": Template(text=f"User:\n{{problem}}\n\n{_BOX}\n\nAssistant:\n"),
        "chat@1": Template(text="{problem}", chat=True),
        "chat-boxed@1": Template(text=f"{{problem}}\n\n{_BOX}", chat=True),
    }
)
