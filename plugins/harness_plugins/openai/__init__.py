"""openai: samples and scores by any server that speaks OpenAI's completions interface, and models that such a server has."""

__all__ = ["engine", "served"]
