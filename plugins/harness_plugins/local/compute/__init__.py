"""Torch code of the local engine and trainers; imported when a component runs, never when it is offered."""
