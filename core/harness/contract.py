"""What all offers share: the base record, the marks on settings; and the grader, which training jobs carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.external import External
    from harness.values import Grade, Problem, Progress

NOT_IN_KEY: Mapping[str, Any] = MappingProxyType({"in_key": False})
"""A Params field's `metadata` where it says on what a component runs and cannot change what it makes: a Python, an address.
Such settings stay out of keys, so that an artifact made elsewhere is found."""


@dataclass(frozen=True, slots=True)
class Marker:
    """Tells the host what a Params field means beyond its type; used through the aliases below."""

    meaning: Literal["path", "chain"]

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> dict[str, Any]:
        """Carry the meaning into the JSON Schema, where the recipe's loader reads it."""
        schema: dict[str, Any] = handler(core)
        return {**schema, "x-harness": self.meaning}


LocalPath = Annotated[Path, Marker("path")]
"""A file or folder. In a recipe, relative paths start at the recipe's folder and may not leave it; absolute ones may be
anywhere. The loader checks that it exists, components get it absolute, and keys hold its content's digest, not its name."""

CurationChain = Annotated[tuple[Mapping[str, Any], ...], Marker("chain")]
"""A nested list of `{"use": curation, ...}`, checked like a candidate's own; run it with `context.curate`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoParams:
    """For components without settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What all kinds of component have in common."""

    kind: ClassVar[str] = ""
    name: str
    """kebab-case, unique within its kind; what a recipe's `use` says."""
    version: str
    """Rises when the component's output can change; part of every key."""
    summary: str
    """One line, lowercase, no full stop."""
    params: type = NoParams
    """Frozen dataclass of settings."""
    load: Callable[[], Callable[..., Any]]
    """Return the component; heavy imports happen here or later, never earlier."""
    requires: tuple[str, ...] = ()
    """Import names of the packages it needs; checked before a study starts."""
    externals: tuple[External, ...] = ()
    """Programs it starts in Python environments of their own; checked before a study starts, under the setting `python` of
    its Params where there is one."""


class GradeCompletion(Protocol):
    """A grader: judge one completion. Pure; must return for every string a model may print."""

    def __call__(self, problem: Problem, completion: str) -> Grade: ...


class GradeMany(Protocol):
    """A grader's batch form: the verdicts of the one-call form, in the order of the completions, made together.

    `problems` and `completions` are aligned, and a problem comes once for each of its completions. `memory` is a folder for
    what may spare other steps work; it outlives the step, other processes may use it at the same time, it may not be there
    yet, and it may be deleted at any time.
    """

    def __call__(
        self, problems: Sequence[Problem], completions: Sequence[str], *, memory: Path, progress: Callable[[Progress], None]
    ) -> Sequence[Grade]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader(Offer):
    """Judges completions; `load()` returns a GradeCompletion."""

    kind: ClassVar[str] = "grader"
    load_many: Callable[[], GradeMany] | None = None
    """Return the batch form, where there is one; the grading step uses it, RL rewards use the one-call form."""
