"""Progress of a study on standard error."""

__all__ = ["display"]
