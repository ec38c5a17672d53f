"""Studies in TensorBoard, MLflow and Weights & Biases."""

__all__ = ["hooks"]
