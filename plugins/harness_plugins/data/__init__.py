"""Data, problems and base models from files and from the Hugging Face hub."""

from harness_plugins.data import hf_dataset, hf_model, jsonl, parquet, problems_file

__all__ = ["hf_dataset", "hf_model", "jsonl", "parquet", "problems_file"]
