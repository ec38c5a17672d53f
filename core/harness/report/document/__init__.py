"""A report as sections of text, tables and charts, whatever it is written as."""

from harness.report.document.blocks import Document
from harness.report.document.build import build

__all__ = ["Document", "build"]
