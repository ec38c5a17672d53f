"""The result of a study: candidates, proxies judged against the outcome, the pick, the cost."""

from harness.result.assemble import assemble
from harness.result.check import check_result

__all__ = ["assemble", "check_result"]
