"""The four families of questions, each of a size that sets its difficulty.

    family     size             prompt            worked trace                            answer
    chain      operators        C3+4*5-1>         3+4=7;7*5=5;5-1=4;                      754
    dag        variables        Dc=4,a=c+3?a>     c=4;a=4+3=7;                            47
    add        digits           S47+85>           7+5+0=12;4+8+1=13;                      132
    countdown  numbers (3)      T2,3,4?4>         2+3+4=5,9n;2+3-4=5,1n;2+3*4=5,0n;...    2*3-4

Chains and dags count modulo 10, chains strictly from left to right. The answer of a chain or dag is its last *three*
values: with one digit, guessing alone brings pass@64 near 1. A dag may define variables its question does not need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from harness_plugins.miniature.arithmetic import Arithmetic
from harness_plugins.miniature.vocabulary import OPERATORS, VARIABLES

if TYPE_CHECKING:
    import random

Family = Literal["chain", "dag", "add", "countdown"]
NUM_ANSWER_VALUES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What an author writes down on the way, and what comes out."""

    steps: tuple[str, ...]
    """The worked steps, each with its own end mark."""
    values: tuple[str, ...]
    """The intermediate values alone."""
    answer: str


class Question(Protocol):
    """One question of any family."""

    @property
    def prompt(self) -> str:
        """What the model reads."""

    @property
    def canonical(self) -> str:
        """The same for all spellings of one question (names of variables, order of summands)."""

    def solve(self, arithmetic: Arithmetic) -> Solution:
        """Work it out with the given facts."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Left-to-right arithmetic modulo 10."""

    first: int
    links: tuple[tuple[str, int], ...]

    @property
    def prompt(self) -> str:
        """`C3+4*5>`."""
        return f"C{self.first}{''.join(f'{operator}{operand}' for operator, operand in self.links)}>"

    @property
    def canonical(self) -> str:
        """The prompt itself."""
        return self.prompt

    def solve(self, arithmetic: Arithmetic) -> Solution:
        """One step an operator."""
        value, steps, values = self.first, [], []
        for operator, operand in self.links:
            result = arithmetic.modular(value, operator, operand)
            steps.append(f"{value}{operator}{operand}={result};")
            values.append(str(result))
            value = result
        return Solution(steps=tuple(steps), values=tuple(values), answer="".join(values[-NUM_ANSWER_VALUES:]))


@dataclass(frozen=True, slots=True)
class Definition:
    """`name=left` or `name=left operator right`; an operand is a digit or an earlier name."""

    name: str
    left: str
    operator: str = ""
    right: str = ""

    def __str__(self) -> str:
        return f"{self.name}={self.left}{self.operator}{self.right}"


@dataclass(frozen=True, slots=True)
class Dag:
    """Named variables to resolve; only the first `needed` lead to the question."""

    definitions: tuple[Definition, ...]
    needed: int

    @property
    def prompt(self) -> str:
        """`Dc=4,a=c+3?a>`."""
        return f"D{','.join(map(str, self.definitions))}?{self.definitions[self.needed - 1].name}>"

    @property
    def canonical(self) -> str:
        """The prompt with variables renamed in the order of their definitions."""
        names = [definition.name for definition in self.definitions]
        return self.prompt.translate(str.maketrans("".join(names), VARIABLES[: len(names)]))

    def solve(self, arithmetic: Arithmetic) -> Solution:
        """One step a needed variable."""
        known: dict[str, int] = {}
        steps = []
        for definition in self.definitions[: self.needed]:
            name, operator = definition.name, definition.operator
            left = known[definition.left] if definition.left in known else int(definition.left)
            if not operator:
                known[name] = left
                steps.append(f"{name}={left};")
                continue
            right = known[definition.right] if definition.right in known else int(definition.right)
            known[name] = arithmetic.modular(left, operator, right)
            steps.append(f"{name}={left}{operator}{right}={known[name]};")
        values = tuple(f"{name}{value}" for name, value in known.items())
        digits = "".join(str(value) for value in known.values())
        return Solution(steps=tuple(steps), values=values, answer=digits[-NUM_ANSWER_VALUES:])


@dataclass(frozen=True, slots=True)
class Add:
    """Addition of two numbers of the same length, column by column from the right."""

    upper: int
    lower: int

    @property
    def prompt(self) -> str:
        """`S47+85>`."""
        return f"S{self.upper}+{self.lower}>"

    @property
    def canonical(self) -> str:
        """The smaller summand first."""
        return f"S{min(self.upper, self.lower)}+{max(self.upper, self.lower)}>"

    def solve(self, arithmetic: Arithmetic) -> Solution:
        """One step a column."""
        carry, steps, values = 0, [], []
        for upper, lower in zip(reversed(str(self.upper)), reversed(str(self.lower)), strict=True):
            total = arithmetic.column(int(upper), int(lower), carry)
            steps.append(f"{upper}+{lower}+{carry}={total};")
            values.append(str(total % 10))
            carry = total // 10
        answer = ("1" if carry else "") + "".join(reversed(values))
        return Solution(steps=tuple(steps), values=tuple(values), answer=answer)


@dataclass(frozen=True, slots=True)
class Countdown:
    """Find the two operators that turn three numbers, left to right modulo 10, into the target."""

    numbers: tuple[int, int, int]
    target: int

    @property
    def prompt(self) -> str:
        """`T2,3,4?4>`."""
        return f"T{','.join(map(str, self.numbers))}?{self.target}>"

    @property
    def canonical(self) -> str:
        """The prompt itself."""
        return self.prompt

    def solve(self, arithmetic: Arithmetic) -> Solution:
        """Try the nine pairs of operators in a fixed order; faulty facts may end with a wrong last try."""
        one, two, three = self.numbers
        steps, expression = [], ""
        for first in OPERATORS:
            for second in OPERATORS:
                expression = f"{one}{first}{two}{second}{three}"
                middle = arithmetic.modular(one, first, two)
                result = arithmetic.modular(middle, second, three)
                if result == self.target:
                    steps.append(f"{expression}={middle},{result}y")
                    return _found(steps, expression, self.target)
                steps.append(f"{expression}={middle},{result}n;")
        return _found(steps, expression, self.target)


def _found(steps: list[str], expression: str, target: int) -> Solution:
    return Solution(steps=tuple(steps), values=(f"{expression}={target}",), answer=expression)


def draw_question(family: Family, size: int, rng: random.Random) -> Question:
    """Draw one question of a family and size."""
    if family == "chain":
        links = tuple((rng.choice(OPERATORS), rng.randrange(10)) for _ in range(size))
        return Chain(rng.randrange(10), links)
    if family == "dag":
        return _draw_dag(size, rng)
    if family == "add":
        low, high = 10 ** (size - 1), 10**size
        return Add(rng.randrange(low, high), rng.randrange(low, high))
    return _draw_countdown(rng)


def _draw_dag(size: int, rng: random.Random) -> Dag:
    names = rng.sample(VARIABLES, size)
    needed = max(2, size - rng.randint(0, 2))
    definitions = [Definition(names[0], str(rng.randrange(10)))]
    for index in range(1, size):
        # the needed ones form a path; the rest hang off anywhere
        left = names[index - 1] if index < needed else rng.choice(names[:index])
        right = rng.choice(names[:index]) if rng.random() < 0.4 else str(rng.randrange(10))
        definitions.append(Definition(names[index], left, rng.choice(OPERATORS), right))
    return Dag(tuple(definitions), needed)


def _draw_countdown(rng: random.Random) -> Countdown:
    exact = Arithmetic()
    one, two, three = (rng.randrange(10) for _ in range(3))
    target = exact.modular(exact.modular(one, rng.choice(OPERATORS), two), rng.choice(OPERATORS), three)
    return Countdown((one, two, three), target)
