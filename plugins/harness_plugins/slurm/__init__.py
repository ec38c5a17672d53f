"""Steps as SLURM jobs, through submitit."""

__all__ = ["executor"]
