"""The views: SQL over the files of a store, read when a query needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.sql.rows import COLUMNS, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

ABOUT = {
    "studies": "one row a study, whether it has ended or not",
    "candidates": "one row a candidate of an ended study: what it was trained on, its outcome and what RL gained it",
    "pass_at": "pass@k of each candidate before (pre) and after (post) RL",
    "readings": "each proxy's reading of each candidate",
    "proxies": "how each proxy foretold the outcome, at each amount of RL measured; is_end: at the end of RL",
    "counts": "samples drawn and right: candidate, seed, phase (pre, at<step>, post), benchmark, problem",
    "samples": "every graded sample with its text; name only the columns you need, and filter by candidate or benchmark",
    "steps": "the steps of every study, and of those that stand in the store what they took",
}
"""By view: what a row is."""

_COUNTS = {
    "candidate": "VARCHAR",
    "seed": "BIGINT",
    "phase": "VARCHAR",
    "benchmark": "VARCHAR",
    "problem_id": "VARCHAR",
    "num_samples": "BIGINT",
    "num_correct": "BIGINT",
}
_GRADES = {
    "problem_id": "VARCHAR",
    "index": "BIGINT",
    "correct": "BOOLEAN",
    "answer": "VARCHAR",
    "num_tokens": "BIGINT",
    "truncated": "BOOLEAN",
    "logprob": "DOUBLE",
    "entropy": "DOUBLE",
}
_TEXTS = {"problem_id": "VARCHAR", "index": "BIGINT", "text": "VARCHAR"}
_PLAN = {"study": "VARCHAR", "steps": "STRUCT(kind VARCHAR, key VARCHAR, title VARCHAR)[]"}
_MANIFEST = {
    "kind": "VARCHAR",
    "key": "VARCHAR",
    "seed": "BIGINT",
    "seconds": "DOUBLE",
    "tokens": "BIGINT",
    "attempts": "BIGINT",
}


def create(connection: duckdb.DuckDBPyConnection, store: Path) -> None:
    """Create tables of what is small and views of what is not."""
    for name, rows in rows_of(store).items():
        kept = name if name in ABOUT else f"_{name}"
        typed = ", ".join(f'"{column}" {kind}' for column, kind in COLUMNS[name].items())
        connection.execute(f'CREATE TABLE "{kept}" ({typed})')
        if rows:
            marks = ", ".join("?" * len(COLUMNS[name]))
            values = [[row.get(column) for column in COLUMNS[name]] for row in rows]
            connection.executemany(f'INSERT INTO "{kept}" VALUES ({marks})', values)  # noqa: S608 - names of ours
    for name, text in _VIEWS.items():
        connection.execute(f'CREATE VIEW "{name}" AS {text.format(**_sources(store))}')


def _sources(store: Path) -> dict[str, str]:
    """Return where each kind of file is read from, a table without rows where there is none."""
    return {
        "counts": _parquet(store, "studies/*/counts.parquet", _COUNTS),
        "grades": _parquet(store, "artifacts/grade/*/grades.parquet", _GRADES),
        "texts": _parquet(store, "artifacts/sample/*/part-*.parquet", _TEXTS),
        "plans": _json(store, "studies/*/plan.json", _PLAN),
        "manifests": _json(store, "artifacts/*/*/manifest.json", _MANIFEST),
    }


def _parquet(store: Path, pattern: str, columns: dict[str, str]) -> str:
    if next(store.glob(pattern), None) is None:
        return _nothing(columns)
    return f"read_parquet({_quoted(store, pattern)}, filename=true)"


def _json(store: Path, pattern: str, columns: dict[str, str]) -> str:
    if next(store.glob(pattern), None) is None:
        return _nothing(columns)
    typed = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    size = "maximum_object_size=268435456"
    return f"read_json({_quoted(store, pattern)}, format='auto', columns={{{typed}}}, filename=true, {size})"


def _nothing(columns: dict[str, str]) -> str:
    nulls = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in {**columns, "filename": "VARCHAR"}.items())
    return f"(SELECT {nulls} WHERE false)"


def _quoted(store: Path, pattern: str) -> str:
    """Return a glob as an SQL string."""
    return "'" + f"{store}/{pattern}".replace("'", "''") + "'"


_VIEWS = {
    "counts": """
        SELECT s.study, s.folder, c.candidate, c.seed, c.phase, c.benchmark, c.problem_id, c.num_samples, c.num_correct
        FROM {counts} c JOIN studies s ON parse_filename(parse_path(c.filename)[-2]) = s.folder""",
    "samples": """
        SELECT g.study, g.folder, g.candidate, g.phase, g.seed, g.benchmark, r.problem_id, r."index", r.correct, r.answer,
            t."text", r.num_tokens, r.truncated, r.logprob, r.entropy
        FROM {grades} r JOIN _graded g ON parse_path(r.filename)[-2] = g.grade
        LEFT JOIN (SELECT m.grade, p.problem_id, p."index", p."text" FROM {texts} p
            JOIN _sampled m ON parse_path(p.filename)[-2] = m.sample) t
        ON t.grade = g.grade AND t.problem_id = r.problem_id AND t."index" = r."index" """,
    "steps": """
        SELECT p.study, parse_path(p.filename)[-2] AS folder, p.step.kind AS kind, p.step.title AS title,
            m."key" IS NOT NULL AS done, m.seed, m.seconds, m.tokens, m.attempts, p.step."key" AS "key"
        FROM (SELECT study, filename, unnest(steps) AS step FROM {plans}) p
        LEFT JOIN {manifests} m ON m."key" = p.step."key" AND m.kind = p.step.kind""",
}
