"""The registry: submissions that anyone can check, published studies, and known plug-ins."""

from harness.registry.records import TIERS, Entry, Fault, Verification
from harness.registry.run import Run, find_run
from harness.registry.submit import Written, reproduce, submit
from harness.registry.verify import verify

__all__ = ["TIERS", "Entry", "Fault", "Run", "Verification", "Written", "find_run", "reproduce", "submit", "verify"]
