"""SQL over a store: read-only views on its files."""

from harness.sql.query import Answer, ask, columns

__all__ = ["Answer", "ask", "columns"]
