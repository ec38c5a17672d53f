"""The gate: rules on proxies that a checkpoint must keep before it goes on in a pipeline."""

from harness.gate.finished import measured_from_result
from harness.gate.fresh import measure
from harness.gate.judge import Gate, Verdict, judge_rules
from harness.gate.measured import Measured
from harness.gate.rules import Rule, parse_rule

__all__ = ["Gate", "Measured", "Rule", "Verdict", "judge_rules", "measure", "measured_from_result", "parse_rule"]
