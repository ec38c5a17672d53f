"""harness analyze: how well each proxy foretold the outcome, in a table, a result or published studies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.options import print_json
from harness.errors import DataError, MissingError, UserError, suggest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.studies import Study

ROLES = ("outcome", "proxies", "lower_better", "baseline", "family", "label", "compute")
"""Options that say which column is what, by their parameters' names."""

FILES = (".csv", ".parquet", ".json")


@click.command(name="analyze", short_help="judge the proxies of a table, a result or published studies")
@click.argument("table", required=False)
@click.option("--outcome", help="Column measured after RL; higher is better. A CSV or Parquet table needs it.")
@click.option(
    "--proxy", "proxies", multiple=True, help="A column measured before RL, higher better. Default: all numeric ones."
)
@click.option("--lower-better", multiple=True, help="A column measured before RL, lower better (a loss).")
@click.option("--baseline", help="The proxy to beat (default: the first).")
@click.option("--family", help="Column that says which candidates share a base model.")
@click.option("--label", help="Column that names the candidates.")
@click.option("--compute", help="Column of RL compute: the table then has a row for each point of a run.")
@click.option("--all-studies", is_flag=True, help="Meta-analysis of the published studies in the registry, without TABLE.")
@click.option(
    "--resamples", default=10_000, show_default=True, type=click.IntRange(100, 1_000_000), help="Bootstrap resamples."
)
@click.option("--seed", type=click.IntRange(0), help="Seed of the resamples (default: 0, of a result its own).")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON on stdout, proxies as in result.json.")
def command(**given: Any) -> None:
    """Judge every proxy of TABLE by how well it foretold the outcome; needs no torch.

    TABLE is a CSV or Parquet file of your numbers; or a result.json, which is worked out again from the counts beside it; or
    the name of a published study such as retu-qwen2.5-7b, whose columns are known and need no options.
    """
    if given["all_studies"]:
        _all_studies(given)
        return
    if given["table"] is None:
        raise UserError("analyze: no TABLE; name a CSV or Parquet file, a result.json or a study, or give --all-studies")
    path = Path(given["table"])
    if path.is_file() or not _is_name(given["table"]):
        if path.suffix == ".json":
            _result(path, given)
        else:
            _table(path, given)
        return
    _study(given)


def _is_name(table: str) -> bool:
    """Whether an argument that is no file can be the name of a study."""
    return Path(table).suffix not in FILES and len(Path(table).parts) == 1


def _table(path: Path, given: Mapping[str, Any]) -> None:
    from harness.analysis import Question, analyze
    from harness.table import read_table

    table = read_table(path)
    if given["outcome"] is None:
        columns = ", ".join(table.columns)
        raise DataError(f"{path}: --outcome is missing; name the column that was measured after RL, one of: {columns}")
    question = Question(**{role: given[role] for role in ROLES})
    found = analyze(table, question, resamples=given["resamples"], seed=given["seed"] or 0)
    _show(found, given["as_json"])


def _study(given: Mapping[str, Any]) -> None:
    from harness.analysis import analyze
    from harness.studies import read_study, study_names, study_question, study_table

    name, known = given["table"], study_names()
    if name not in known:
        near = [one for one in known if name in one] or known
        raise MissingError(f"analyze: no file and no study is called {name!r}; {suggest(name, near)}")
    if given["compute"]:
        raise UserError(f"analyze: --compute does not go with {name}: a study has one row a start; leave it out")
    study = read_study(name)
    roles = {role: given[role] for role in ROLES if role != "compute"}
    question = study_question(study, **roles)
    found = analyze(study_table(study), question, resamples=given["resamples"], seed=given["seed"] or 0)
    about = _about(study)
    _show({**found, "study": about}, given["as_json"], _lines(about))


def _result(path: Path, given: Mapping[str, Any]) -> None:
    from harness.reanalysis import reanalyze

    _refuse(given, ROLES, f"{path}: a result.json knows its own columns")
    _show(reanalyze(path, resamples=given["resamples"], seed=given["seed"]), given["as_json"])


def _all_studies(given: Mapping[str, Any]) -> None:
    from harness.report import open_console
    from harness.report.forest import print_forest
    from harness.studies import meta_analysis, studies

    _refuse(given, ("table", *ROLES), "analyze: --all-studies takes all studies of the registry as they are")
    meta = meta_analysis(studies(), resamples=given["resamples"], seed=given["seed"] or 0)
    if given["as_json"]:
        print_json(meta.to_json())
    else:
        print_forest(meta, open_console())


def _refuse(given: Mapping[str, Any], names: Sequence[str], why: str) -> None:
    spelled = {"table": "TABLE", "proxies": "--proxy", "lower_better": "--lower-better"}
    wrong = [spelled.get(name, f"--{name}") for name in names if given[name]]
    if wrong:
        raise UserError(f"{why}; leave out {', '.join(wrong)}")


def _about(study: Study) -> dict[str, Any]:
    return {
        "name": study.name,
        "title": study.title,
        "source": {name: getattr(study.source, name) for name in study.source.__slots__},
        "varied": study.varied,
        "rl": study.rl,
        "seeds": study.seeds,
        "family_is": study.family_is,
        "evaluation": study.primary_evaluation or None,
        "excluded": [{"label": row.label, "reason": row.excluded} for row in study.rows if row.excluded],
        "caveats": list(study.caveats),
    }


def _lines(about: Mapping[str, Any]) -> list[str]:
    source = about["source"]
    seeds = "seeds not stated" if about["seeds"] is None else f"{about['seeds']} seed{'s' * (about['seeds'] > 1)} a start"
    return [
        f"study   {about['title']}",
        f"source  {source['id']}, {source['where']}; {source['how_read']} (confidence {source['confidence']})",
        f"varied  {about['varied']}; {seeds}; family: {about['family_is']}",
        *([f"scored  {about['evaluation']}"] if about["evaluation"] else []),
        *(f"left out  {row['label']}: {row['reason']}" for row in about["excluded"]),
        *(f"caveat  {caveat}" for caveat in about["caveats"]),
    ]


def _show(found: Mapping[str, Any], as_json: bool, about: Sequence[str] = ()) -> None:
    if as_json:
        print_json(found)
        return
    from harness.report import open_console, print_result
    from harness.report.families import print_families

    console = open_console()
    for line in about:
        console.print(line, soft_wrap=True)
    if about:
        console.print()
    print_result(found, console)
    print_families(found, console)
