"""Ask a store one question in SQL: nothing is written, and no file outside the store is read."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import MissingError, UserError
from harness.sql.views import ABOUT, create

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

BATCH = 1_000
"""Rows fetched at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query's answer, its rows still to be fetched; good until the connection is closed."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def ask(store: Path, query: str) -> Iterator[Answer]:
    """Run one SELECT over the views of a store.

    Args:
        store: its folder.
        query: one SQL statement that reads.

    Raises:
        UserError: the SQL is wrong or more than a question, or the answer does not fit into memory.
        MissingError: no such store, or DuckDB is not installed.
    """
    import_duckdb()
    with _opened(store) as connection:
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type.name != "SELECT":
            kinds = ", ".join(one.type.name for one in statements) or "nothing"
            raise UserError(f"sql: one SELECT is answered, and this is {kinds}; a store is read and never written")
        done = connection.execute(statements[0])
        names = tuple(column[0] for column in done.description or ())
        yield Answer(columns=names, rows=_fetched(connection))


def columns(store: Path) -> dict[str, dict[str, str]]:
    """Return the columns of each view with their types, in order.

    Raises:
        MissingError: as `ask`.
    """
    import_duckdb()
    with _opened(store) as connection:
        return {name: {row[0]: row[1] for row in connection.execute(f'DESCRIBE "{name}"').fetchall()} for name in ABOUT}


def import_duckdb() -> None:
    """Import DuckDB.

    Raises:
        MissingError: it is not installed.
    """
    try:
        import duckdb  # noqa: F401 - for the error
    except ImportError:
        raise MissingError(
            "harness sql needs the package duckdb, which is not installed; run: pip install 'posttrain-harness[sql]'"
        ) from None


@contextmanager
def _opened(store: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with the views, and lock it: no other files, no extensions, no spilling to disk."""
    import duckdb

    store = store.absolute()
    if not (store / "studies").is_dir():
        raise MissingError(f"store {str(store)!r}: has no studies; name another with --store, or run one first")
    connection = duckdb.connect(":memory:")
    try:
        with _without_wildcards(store) as store, _told():
            for setting in ("autoinstall_known_extensions=false", "autoload_known_extensions=false", "temp_directory=''"):
                connection.execute(f"SET {setting}")
            connection.execute("SET enable_progress_bar=false")
            create(connection, store)
            folders = ", ".join("'" + f"{store}/{name}/".replace("'", "''") + "'" for name in ("studies", "artifacts"))
            connection.execute(f"SET allowed_directories=[{folders}]")
            connection.execute("SET enable_external_access=false")
            connection.execute("SET lock_configuration=true")
            yield connection
    finally:
        connection.close()


@contextmanager
def _without_wildcards(store: Path) -> Iterator[Path]:
    """Lend the store a path that DuckDB takes as it stands: wildcards in the name of an allowed folder cannot be quoted."""
    if not any(c in str(store) for c in "*?["):
        yield store
        return
    with tempfile.TemporaryDirectory(prefix="harness-sql-") as folder:
        link = Path(folder) / "store"
        link.symlink_to(store, target_is_directory=True)
        yield link


@contextmanager
def _told() -> Iterator[None]:
    """Turn DuckDB's errors into one line each."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = next(iter(lines), type(error).__name__)
        hint = next((line for line in lines[1:] if line.lower().startswith("candidate")), "")
        raise UserError(f"sql: {said}{f' ({hint})' if hint else ''}; see harness sql --schema") from None


def _fetched(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := connection.fetchmany(BATCH):
        yield from rows
