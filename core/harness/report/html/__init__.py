"""A report as one HTML file that needs neither a network nor, for what matters, JavaScript."""

from harness.report.html.page import write_page

__all__ = ["write_page"]
