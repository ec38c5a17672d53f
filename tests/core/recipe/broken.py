"""Broken recipes: each is the good one with one edit, and what `harness validate` must say of it."""

from __future__ import annotations

from dataclasses import dataclass

HUGE = f'"axes": {{"examples": {list(range(1, 200))}, "epochs": {list(range(1, 200))}}}'


@dataclass(frozen=True)
class Broken:
    name: str
    old: str
    new: str
    line: int
    path: str
    says: str
    also: tuple[str, str] = ("", "")
    """A second edit."""

    def of(self, good: str) -> str:
        assert self.old in good
        return good.replace(self.old, self.new, 1).replace(*self.also, 1)


def _subset(name: str, settings: str, field: str, says: str) -> Broken:
    """An edit of the first candidate's subset."""
    return Broken(name, '{"use": "subset", "examples": 400}', settings, 12, f"candidates[0].curate[0]{field}", says)


# fmt: off
EDITS = [
    # JSON and its shape
    Broken("missing comma", '"name": "study",', '"name": "study"', 4, "column 3", "not JSON: expecting ',' delimiter"),
    Broken("unclosed string", '"name": "study",', '"name": "study,', 3, "column 18", "not JSON: invalid control character;"),
    Broken("trailing comma", '"tolerance": 0.1}', '"tolerance": 0.1},', 42, "column", "not JSON"),
    Broken("comment", '"seeds": [3, 4],', '// seeds\n"seeds": [3],', 4, "column 3", "not JSON"),
    Broken("key twice", '"seeds": [3, 4],', '"seeds": [3],\n"name": "again",', 5, "name", "stands twice; remove one"),
    Broken("deep key twice", '"epochs": 2}', '"epochs": 2, "epochs": 3}', 17, "candidates[1].curate[1].epochs", "twice"),
    Broken("NaN", '"tolerance": 0.1', '"tolerance": NaN', 41, "budget.tolerance", "NaN is not a number"),
    Broken("Infinity", '"tolerance": 0.1', '"tolerance": -Infinity', 41, "budget.tolerance", "-Infinity is not a number"),
    Broken("beyond range", '"tolerance": 0.1', '"tolerance": 1e999', 41, "budget.tolerance", "beyond all range"),
    Broken("endless integer", "[3, 4]", "[3, " + "9" * 5000 + "]", 4, "seeds[1]", "5000 digits"),
    Broken("half a character", '"unique x1"', '"\\ud800"', 12, "candidates[0].name", "half a character"),
    # unknown keys and components
    Broken("unknown key", '"seeds": [3, 4],', '"sedes": [3, 4],', 4, "sedes", "did you mean 'seeds'?"),
    Broken("unknown deep key", '"samples": 32}', '"sample": 32}', 39, "outcome.sample", "did you mean 'samples'?"),
    Broken("unknown candidate key", '{"name": "base", "sft": null}', '{"name": "base", "stf": null}', 25,
           "candidates[5].stf", "'sft'?"),
    _subset("unknown setting", '{"use": "subset", "example": 400, "examples": 4}', ".example", "did you mean 'examples'?"),
    _subset("unknown curation", '{"use": "lenght-filter"}', ".use",
            "no curation named 'lenght-filter'; did you mean 'length-filter'?"),
    Broken("unknown nested", '"use": "length-filter"', '"use": "length-filtre"', 21,
           "candidates[2].curate[0].parts[0].curate[0].use", "did you mean 'length-filter'?"),
    Broken("unknown base", '{"use": "tiny"}', '{"use": "huge"}', 5, "base.use",
           "no model named 'huge'; known: folder-model, tiny"),
    Broken("unknown proxy", '"pass@16", {', '"pas@16", {', 36, "proxies[1]", "no proxy named 'pas@16'; did you mean"),
    Broken("unknown benchmark", '"use": "hard"', '"use": "harder"', 35, "benchmarks[1].use", "did you mean 'hard'?"),
    Broken("unknown override", '"sft": {"learning_rate": 0.0005}', '"sft": {"lerning_rate": 1}', 23,
           "candidates[3].sft.lerning_rate", "'plain-sft' has no such setting; did you mean 'learning_rate'?"),
    Broken("unknown executor", '"local-processes"', '"slrum"', 40, "execution.use", "no executor named 'slrum'"),
    # wrong kinds
    Broken("rl as sft", '"sft": {"use": "plain-sft"', '"sft": {"use": "plain-rl"', 33, "sft.use",
           "'plain-rl' is an rl trainer, and an sft trainer is wanted here"),
    Broken("proxy as curation", '"use": "epochs", "epochs": 2', '"use": "random"', 17, "candidates[1].curate[1].use",
           "'random' is a proxy, and a curation is wanted here"),
    # types and ranges
    _subset("text as integer", '{"use": "subset", "examples": "400"}', ".examples",
            '"400" is not an integer; give an integer'),
    _subset("true as integer", '{"use": "subset", "examples": true}', ".examples", "true is not an integer"),
    _subset("float as integer", '{"use": "subset", "examples": 400.0}', ".examples", "400.0 is not an integer"),
    _subset("negative size", '{"use": "subset", "examples": -3}', ".examples",
            "-3 is out of range; give an integer from 1 to 1000000"),
    _subset("too large", '{"use": "subset", "examples": 1000001}', ".examples", "1000001 is out of range"),
    _subset("not a choice", '{"use": "length-filter", "keep": "short"}', ".keep",
            '"short"; give one of "shortest", "longest"'),
    _subset("own check", '{"use": "length-filter", "keep": "longest"}', "", "'longest' needs a 'share'; "),
    _subset("number as use", '{"use": 3}', ".use", "3 is not a string"),
    _subset("text as object", '"subset"', "", '"subset" is not an object'),
    _subset("missing setting", '{"use": "subset"}', ".examples", 'missing; add "examples"'),
    _subset("missing use", '{"examples": 3}', ".use", 'missing; add "use"'),
    Broken("empty parts", '"keep": "shortest"}\n    ]}]}', '"keep": "shortest"}\n    ]}], "otherwise": 3}', 22,
           "candidates[2].curate[0].otherwise", "3 does not fit; give a list or null"),
    Broken("list as study", '"schema_version": 1', '"schema_version": true', 2, "schema_version", "true is not an integer"),
    Broken("rate of zero", '"learning_rate": 0.001', '"learning_rate": 0', 33, "sft.learning_rate",
           "0 is out of range; give a number"),
    Broken("override of zero", '"learning_rate": 0.0005', '"learning_rate": 0', 23, "candidates[3].sft.learning_rate",
           "out of range"),
    Broken("negative seed", "[3, 4]", "[3, -4]", 4, "seeds[1]", "-4 is out of range; give an integer from 0"),
    Broken("no samples", '"use": "easy", "samples": 64', '"use": "easy", "samples": 0', 35, "benchmarks[0].samples",
           "0 is out of range"),
    Broken("hot", '{"temperature": 1}', '{"temperature": -1}', 35, "benchmarks[1].sampling.temperature",
           "-1 is out of range"),
    Broken("odd metric", '"metric": "pass@1"', '"metric": "accuracy"', 39, "outcome.metric",
           '"accuracy" is no outcome metric'),
    Broken("no workers", '"workers": "auto"', '"workers": 0', 40, "execution.workers", "0 is out of range"),
    Broken("no budget", '"tokens": 100000', '"tokens": 0', 41, "budget.tokens",
           "0 is out of range; give an integer of at least 1"),
    Broken("short pair", '"steps": 40,', '"steps": 40, "clip": [0.1],', 34, "rl.clip",
           "1 item is too few or too many; give a list of exactly 2 items"),
    # missing and empty
    Broken("no name", '  "name": "study",\n', "", 1, "name", 'missing; add "name"'),
    Broken("no version", '  "schema_version": 1,\n', "", 1, "schema_version", 'missing; add "schema_version"'),
    Broken("other version", '"schema_version": 1', '"schema_version": 2', 2, "schema_version",
           "version 2 is not supported; this harness reads version 1"),
    Broken("no seeds", "[3, 4]", "[]", 4, "seeds", "is empty"),
    Broken("no proxies", '"proxies": ["pass@1", "pass@16", {"use": "pass@k", "k": 32}, "generalization-loss"]',
           '"proxies": []', 36, "proxies", "is empty; give a list of at least 1 item"),
    Broken("no sft data", '"sft": {"use": "sums"},\n', "\n", 6, "data.sft",
           "missing; candidate 'unique x1' is trained on it"),
    Broken("no rl data", ',\n    "rl": {"use": "sums"}', "", 6, "data.rl", "missing; RL needs prompts"),
    Broken("no reward", '"rl": {"use": "sums"}', '"rl": {"use": "lines"}', 34, "rl.reward", "'lines' names no grader"),
    Broken("no trainer", '  "sft": {"use": "plain-sft", "learning_rate": 0.001},\n', "", 12, "candidates[0]",
           "nothing says how to train it"),
    Broken("no heldout", '"heldout": {"use": "lines", "path": "held.jsonl"},\n', "\n", 36, "proxies[3]",
           "reads held-out traces"),
    # names
    Broken("seed and seeds", '"seeds": [3, 4],', '"seed": 1,\n"seeds": [3, 4],', 5, "seeds",
           "both 'seed' and 'seeds'; remove one"),
    Broken("seed twice", "[3, 4]", "[3, 3]", 4, "seeds", "3 stands twice; remove one"),
    Broken("candidate twice", '"name": "mixed"', '"name": "unique x1"', 20, "candidates[2].name",
           "two candidates are called 'unique x1'"),
    Broken("benchmark twice", '"use": "hard",', '"use": "easy",', 35, "benchmarks[1].name",
           "two benchmarks are called 'easy'"),
    Broken("proxy twice", '"pass@16", {', '"pass@32", {', 36, "proxies[2]", "'pass@32' stands twice"),
    Broken("study with slash", '"name": "study"', '"name": "../study"', 3, "name", "has a slash"),
    Broken("study with escape", '"name": "study"', '"name": "\\u001b[31mstudy"', 3, "name", '"\\u001b[31mstudy" has'),
    Broken("long name", '"name": "study"', '"name": "' + "s" * 101 + '"', 3, "name",
           "101 characters are too few or too many; give a string of 1 to 100 characters"),
    Broken("escape in a key", '"seeds": [3, 4],', '"\\u001b[2J": 1,', 4, '["\\u001b[2J"]', "no such key"),
    Broken("bidi candidate", '"unique x1"', '"unique \\u202ex1"', 12, "candidates[0].name",
           "characters that cannot be seen"),
    # samples
    Broken("k above n", '"k": 32}', '"k": 33}', 36, "proxies[2]",
           "pass@33 needs 33 samples a problem, and benchmark 'hard' draws 32"),
    Broken("outcome k above n", '"metric": "pass@1"', '"metric": "pass@64"', 39, "outcome.metric",
           'pass@64 needs 64 samples a problem, and "samples" is 32'),
    Broken("k of zero", '"pass@16", {', '"pass@0", {', 36, "proxies[1]", "0 is out of range; give an integer of at least 1"),
    Broken("primary not listed", '"primary_proxy": "pass@16"', '"primary_proxy": "pass@8"', 37, "primary_proxy",
           "'pass@8' is not among the proxies"),
    Broken("baseline not listed", '"baseline_proxy": "pass@1"', '"baseline_proxy": "x"', 38, "baseline_proxy",
           "name one of them: pass@1"),
    Broken("probe without rl", '  "rl": {"use": "plain-rl", "steps": 40, "evaluate_at": [10, 20]},\n', "\n", 36,
           "proxies[3]", "micro-probe reads an RL run, and the recipe has none",
           ('"generalization-loss"]', '"micro-probe"]')),
    Broken("probe beyond rl", '"generalization-loss"]', '{"use": "micro-probe", "steps": 41}]', 36, "proxies[3]",
           "micro-probe (steps 41) reads 41 RL steps, and RL has 40; raise the \"steps\" of \"rl\""),
    Broken("drift without measuring", '"generalization-loss"]', '"drift"]', 36, "proxies[3]",
           "drift reads the drift from the base, which engine 'local' cannot measure; take an engine that can"),
    Broken("drift without heldout", '"heldout": {"use": "lines", "path": "held.jsonl"},\n', "\n", 36, "proxies[3]",
           "drift reads held-out traces", ('"generalization-loss"]', '"drift"]')),
    # candidates
    Broken("unknown start", '"start_from": "half x2"', '"start_from": "half x3"', 23, "candidates[3].start_from",
           "no candidate named 'half x3'; did you mean 'half x2'?"),
    Broken("start from base", '"start_from": "half x2"', '"start_from": "base"', 23, "candidates[3].start_from",
           "'base' has no SFT to start from"),
    Broken("start from itself", '"start_from": "half x2"', '"start_from": "staged"', 23, "candidates[3].start_from",
           "'staged' -> 'staged'"),
    Broken("cycle", '"name": "half x2",', '"name": "half x2", "start_from": "staged",', 14, "candidates[1].start_from",
           "goes round in a circle: 'half x2' -> 'staged' -> 'half x2'"),
    Broken("checkpoint and sft", '"checkpoint": "runs/ckpt"', '"checkpoint": "runs/ckpt", "sft": {}', 24,
           "candidates[4].sft", "a checkpoint is taken as it is"),
    Broken("checkpoint and curate", '"checkpoint": "runs/ckpt"', '"checkpoint": "runs/ckpt", "curate": []', 24,
           "candidates[4].curate", "taken as it is"),
    Broken("null and curate", '"name": "base", "sft": null', '"name": "base", "sft": null, "curate": []', 25,
           "candidates[5].curate", "trains nothing"),
    Broken("other trainer", '"sft": {"learning_rate": 0.0005}', '"sft": {"use": "other-sft"}', 23, "candidates[3].sft.rank",
           'missing; add "rank"'),
    # RL
    Broken("descending", "[10, 20]", "[20, 10]", 34, "rl.evaluate_at[1]", "10 comes after 20"),
    Broken("beyond the end", "[10, 20]", "[10, 41]", 34, "rl.evaluate_at[1]",
           "41 is beyond the end of RL, which has 40 steps"),
    Broken("step of zero", "[10, 20]", "[0, 20]", 34, "rl.evaluate_at[0]", "0 is out of range"),
    Broken("unknown reward", '"steps": 40,', '"steps": 40, "reward": {"use": "exakt"},', 34, "rl.reward.use",
           "no grader named 'exakt'; did you mean 'exact'?"),
    # files
    Broken("missing file", '"held.jsonl"', '"hold.jsonl"', 8, "data.heldout.path", '"hold.jsonl" is not there'),
    Broken("empty data", '"held.jsonl"', '"empty.jsonl"', 8, "data.heldout.path", '"empty.jsonl" is empty'),
    Broken("path outside", '"held.jsonl"', '"../held.jsonl"', 8, "data.heldout.path",
           '"../held.jsonl" leaves the recipe\'s folder; give an absolute path if it is meant'),
    Broken("devious path", '"held.jsonl"', '"runs/../../x"', 8, "data.heldout.path", "leaves the recipe's folder"),
    Broken("zero in a path", '"held.jsonl"', '"a\\u0000b"', 8, "data.heldout.path", '"a\\u0000b" is not there'),
    Broken("endless path", '"held.jsonl"', '"' + "p" * 5000 + '"', 8, "data.heldout.path", "cannot be read"),
    Broken("missing checkpoint", '"runs/ckpt"', '"runs/ckpt-9"', 24, "candidates[4].checkpoint", "is not there"),
    Broken("file as checkpoint", '"runs/ckpt"', '"held.jsonl"', 24, "candidates[4].checkpoint",
           "is a file; name a Hugging Face"),
    Broken("missing plug-in", '"seeds": [3, 4],', '"plugins": ["mine.py"],', 4, "plugins[0]", '"mine.py" is not there'),
    Broken("broken plug-in", '"seeds": [3, 4],', '"plugins": ["held.jsonl"],', 4, "plugins[0]", "plug-in file"),
    # grids
    Broken("grid with no values", '"axes": {"examples": [64, 128], "epochs": [1, 4]}',
           '"axes": {"examples": [], "epochs": [1, 4]}', 29, "grid.axes.examples", "is empty"),
    Broken("unknown axis", '"$examples"', '"$exmaples"', 31, "grid.curate[0].examples",
           "no axis named 'exmaples'; did you mean 'examples'?"),
    Broken("unknown axis in name", '"{examples}x{epochs}"', '"{examples}x{e}"', 28, "grid.name", "no axis named 'e'"),
    Broken("unknown axis in skip", '"skip": [{"examples"', '"skip": [{"example"', 30, "grid.skip[0].example",
           "no axis named"),
    Broken("idle axis", '"axes": {"examples": [64, 128], "epochs": [1, 4]}',
           '"axes": {"examples": [64, 128], "epochs": [1, 4], "lr": [1]}', 29, "grid.axes.lr", "nothing uses this axis"),
    Broken("grid value out of range", "[64, 128]", "[64, -128]", 31, "grid.curate[0].examples", "-128 is out of range"),
    Broken("grid names collide", '"{examples}x{epochs}"', '"{examples}"', 28, "grid.name",
           "two candidates are called '128'"),
    Broken("huge grid", '"axes": {"examples": [64, 128], "epochs": [1, 4]}', HUGE, 29, "grid.axes", "39601 combinations"),
]
# fmt: on
"""Each gives exactly one fault but for those of `SEVERAL`."""

SEVERAL = {"no trainer"}
