"""OpenRLHF's own command lines, parsed by its own code: run by the Python of an environment that has the package.

usage: real_parser.py flags MODULE            print the options of openrlhf.cli.MODULE as JSON
       real_parser.py parse < JOBS            read [[module, argv], ...], print what each gives, in order

The parser of openrlhf.cli.train_sft and the like stands inside `if __name__ == "__main__":`, behind imports of torch, ray
and vllm. So the file is read as a syntax tree: the main block without its last statement, `train(args)`, is run with the
standard library's imports only. What runs is OpenRLHF's parser and every check it makes after parsing.
"""

import argparse
import ast
import contextlib
import importlib.util
import io
import json
import sys
import types
from pathlib import Path


def package():
    return Path(importlib.util.find_spec("openrlhf").submodule_search_locations[0])


def main_block(module):
    path = package() / "cli" / f"{module}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "__name__ == '__main__'"]
    kept = [node for node in tree.body if _is_standard(node)]
    return path, kept, block.body


def _is_standard(node):
    names = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module]
    return bool(names) and all(name.split(".")[0] in sys.stdlib_module_names for name in names)


def run(module, argv, *, until_parsed=False):
    """Run the main block up to its call of train; `until_parsed`: only up to parse_args."""
    path, kept, body = main_block(module)
    if ast.unparse(body[-1]) != "train(args)" and module != "lora_combiner":
        raise SystemExit(f"{path}: its main block does not end with train(args); read it again")
    ends = [i for i, node in enumerate(body) if "parse_args()" in ast.unparse(node)]
    body = body[: ends[0]] if until_parsed else body[:-1]
    # openrlhf/utils/__init__.py imports torch; its config.py, which the main block needs, imports nothing.
    stub = types.ModuleType("openrlhf.utils")
    stub.__path__ = [str(package() / "utils")]
    sys.modules.setdefault("openrlhf.utils", stub)
    if module == "lora_combiner":
        kept = [*kept, *ast.parse("from openrlhf.utils.config import hierarchize").body]
    names = {"__name__": "main_block_of_openrlhf"}
    before, sys.argv = sys.argv, [module, *argv]
    try:
        exec(compile(ast.Module(body=[*kept, *body], type_ignores=[]), str(path), "exec"), names)  # noqa: S102 - it is what is tested
    finally:
        sys.argv = before
    return names


def flags(module):
    """Describe every option: type, number of values, choices."""
    found = {}
    for action in run(module, [], until_parsed=True)["parser"]._actions:
        for name in action.option_strings:
            if isinstance(action, argparse._HelpAction):
                continue
            kind = "switch" if action.nargs == 0 else (action.type or str).__name__
            found[name] = {"kind": kind}
            if action.nargs not in (None, 0):
                found[name]["values"] = action.nargs
            if action.choices:
                found[name]["choices"] = list(action.choices)
    return found


def parse(module, argv):
    """Return what the command line means, or what was said against it."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            args = run(module, argv)["args"]
    except (SystemExit, AssertionError, TypeError) as error:
        return {"refused": f"{said.getvalue()}{error!r}"}
    return {"args": _flat(args), "said": said.getvalue()}


def _flat(value, name=""):
    if not isinstance(value, types.SimpleNamespace):
        return {name: value}
    found = {}
    for key, inner in vars(value).items():
        found |= _flat(inner, f"{name}.{key}" if name else key)
    return found


if __name__ == "__main__":
    if sys.argv[1] == "flags":
        json.dump(flags(sys.argv[2]), sys.stdout, indent=1)
    else:
        json.dump([parse(module, argv) for module, argv in json.load(sys.stdin)], sys.stdout, default=str)
