"""What a report is made from: a result, and what the store still has of its study."""

from harness.report.study.find import Study, find, read_study

__all__ = ["Study", "find", "read_study"]
