"""A report as one HTML file that needs neither a network nor, for what matters, JavaScript."""

from harness.report.html.drawing import require_drawing
from harness.report.html.page import source_of, write_page

__all__ = ["require_drawing", "source_of", "write_page"]
