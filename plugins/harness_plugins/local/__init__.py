"""Built-in plug-ins."""

__all__: list[str] = []
