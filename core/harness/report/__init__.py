"""Reports: a study's result for people."""

from harness.report.console import open_console
from harness.report.terminal import print_result

__all__ = ["open_console", "print_result"]
