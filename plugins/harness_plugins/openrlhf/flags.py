"""Flags: from typed settings, and from those passed on, to OpenRLHF's command line.

A setting names its flag in its annotation, `Annotated[int, Ge(1), Flag("--train.batch_size")]`. Any other flag of the
supported version may stand in `flags`; it is checked against that version's list, which a test compares with OpenRLHF's own
parser. Abbreviations, which that parser takes, are refused here: the longer flag would be set without a word.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_type_hints

from harness_plugins.openrlhf.program import VERSION

Module = Literal["train_sft", "train_ppo_ray"]
Value = bool | int | float | str | tuple[int | float | str, ...]

_OWN = ("--ckpt.", "--logger.", "--eval.")
_OWN_FLAGS = {
    *("--actor.model_name_or_path", "--model.model_name_or_path", "--reward.model_name_or_path", "--reward.remote_url"),
    *("--critic.model_name_or_path", "--critic.save_value_network", "--train.agent_func_path"),
    *("--data.dataset", "--data.dataset_probs", "--data.dataset_split", "--data.prompt_dataset", "--data.prompt_probs"),
    *("--data.prompt_split", "--data.max_samples", "--data.input_key", "--data.output_key", "--data.label_key"),
    *("--data.input_template", "--data.apply_chat_template", "--data.multiturn", "--model.pretrain_mode_enable"),
    *("--train.seed", "--train.max_epochs", "--local_rank", "--use_ms"),
}
"""What the harness sets from the recipe and the store. Wandb's key is a secret, and would turn TensorBoard off."""


@dataclass(frozen=True, slots=True)
class Flag:
    """The flag a setting becomes."""

    sft: str
    rl: str | None = None
    """In train_ppo_ray, where it is not the same."""

    def of(self, module: Module) -> str:
        """Return its name in a module."""
        return self.sft if module == "train_sft" else self.rl or self.sft


def arguments(params: Any, module: Module) -> Iterator[str]:
    """Yield the arguments of all settings that are flags: a switch stands or not, None is left out."""
    for name, flag in flags_of(type(params)).items():
        yield from argument(flag.of(module), getattr(params, name))


def argument(flag: str, value: Value | None) -> Iterator[str]:
    """Yield one flag with its values."""
    if value is None or value is False:
        return
    values = () if value is True else value if isinstance(value, tuple) else (value,)
    texts = [_text(v) for v in values]
    # argparse takes "-1e-05" for a flag.
    if len(texts) == 1 and texts[0].startswith("-"):
        yield f"{flag}={texts[0]}"
    else:
        yield flag
        yield from texts


def flags_of(params: type) -> Mapping[str, Flag]:
    """Return the flag of each field that has one, in the fields' order."""
    return _flags_of(cast("Hashable", params))


@cache
def _flags_of(params: Any) -> Mapping[str, Flag]:
    hints = get_type_hints(params, include_extras=True)
    found = {f.name: [m for m in getattr(hints[f.name], "__metadata__", ()) if isinstance(m, Flag)] for f in fields(params)}
    return {name: marks[0] for name, marks in found.items() if marks}


def passed_on(given: Mapping[str, Value], params: type, module: Module, taken: Mapping[str, str]) -> Iterator[str]:
    """Yield the arguments of the flags that a recipe passes on.

    Args:
        given: values by flag, with or without the leading dashes; true for a switch.
        params: the settings' class, whose flags may not be passed on too.
        module: whose command line it is for.
        taken: flags that settings set together, with the settings' names.

    Raises:
        ValueError: a flag is not one of that version's, is set by a setting or by the harness, or its value does not fit.
    """
    settings = {flag.of(module): name for name, flag in flags_of(params).items()} | dict(taken)
    for key, value in given.items():
        flag = f"--{key.lstrip('-')}"
        _check_known(flag, module, settings)
        _check_value(flag, value, known_flags(module)[flag])
        yield from argument(flag, value)


def known_flags(module: Module) -> Mapping[str, Mapping[str, Any]]:
    """Return the options of a module of the supported version: kind, number of values, choices."""
    found: Mapping[str, Mapping[str, Any]] = _table()[module]
    return found


@cache
def _table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(Path(__file__).with_name(f"flags-{VERSION}.json").read_text(encoding="utf-8"))
    return found


def _check_known(flag: str, module: Module, settings: Mapping[str, str]) -> None:
    known = known_flags(module)
    if flag not in known:
        longer = [name for name in known if name.startswith(flag)]
        near = longer[:1] if len(longer) == 1 else get_close_matches(flag, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]!r}?" if near else f"see python -m openrlhf.cli.{module} --help"
        raise ValueError(f"flags: openrlhf {VERSION} has no {flag!r} in {module}; {hint}")
    if flag in settings:
        raise ValueError(f"flags: {flag!r} is the setting {settings[flag]!r}; set that instead")
    if flag.startswith(_OWN) or flag in _OWN_FLAGS:
        raise ValueError(f"flags: {flag!r} is the harness's own to set; remove it")


def _check_value(flag: str, value: Value, known: Mapping[str, Any]) -> None:
    kind, count = known["kind"], known.get("values")
    if kind == "switch":
        if value is not True:
            raise ValueError(f"flags: {flag!r} is a switch, not {value!r}; write true, or remove it")
        return
    values = value if isinstance(value, tuple) else (value,)
    if (count is None and isinstance(value, tuple)) or (isinstance(count, int) and len(values) != count):
        raise ValueError(f"flags: {flag!r} takes {count or 1} value(s), not {len(values)}; give it that many")
    for one in values:
        if not _is_of_kind(one, kind):
            raise ValueError(f"flags: {flag!r} takes {kind} values, not {one!r}; change it")
        if one not in known.get("choices", (one,)):
            raise ValueError(f"flags: {flag!r} is one of {', '.join(known['choices'])}, not {one!r}; choose one")


def _is_of_kind(value: Value, kind: str) -> bool:
    types = {"int": (int,), "float": (int, float), "str": (str,)}[kind]
    return isinstance(value, types) and not isinstance(value, bool)


def _text(value: bool | int | float | str) -> str:
    return value if isinstance(value, str) else repr(value)
