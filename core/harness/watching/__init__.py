"""How far studies are, seen from outside: by the files of the store and the events the studies leave there."""

from harness.watching.standing import Standing, StepAtWork, standing, study_folders
from harness.watching.tail import Tail
from harness.watching.watch import watch

__all__ = ["Standing", "StepAtWork", "Tail", "standing", "study_folders", "watch"]
