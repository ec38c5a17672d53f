"""Steps as tasks of a Ray cluster."""

__all__ = ["executor"]
