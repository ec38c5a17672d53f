"""Settings of openrlhf-sft."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge

from harness import NOT_IN_KEY
from harness_plugins.openrlhf.flags import Flag, passed_on
from harness_plugins.openrlhf.settings import Optimization


@dataclass(frozen=True, slots=True, kw_only=True)
class Params(Optimization):
    """Settings of supervised fine-tuning; how often it goes over the data is the curation's to say (`epochs`)."""

    batch_size: Annotated[int, Ge(1), Flag("--train.batch_size")] = 128
    """Examples an optimizer step, over all GPUs. What does not fill a last step is left out."""
    micro_batch: Annotated[int, Ge(1), Flag("--train.micro_batch_size")] = 8
    """Examples a GPU works on at once."""
    max_tokens: Annotated[int, Ge(8), Flag("--data.max_len")] = 8192
    """Longest example, prompt and response together. A longer response is cut, and its last token made an end of sequence;
    an example whose prompt alone is longer is left out."""
    hostfile: str | None = field(default=None, metadata=NOT_IN_KEY)
    """DeepSpeed's list of nodes, lines such as `worker-0 slots=8`; null: this machine."""

    def __post_init__(self) -> None:
        """Check what belongs together.

        Raises:
            ValueError: settings that do not fit each other.
        """
        self.check_layout()
        once = self.micro_batch * self.replicas
        if self.batch_size % once:
            raise ValueError(
                f"batch_size {self.batch_size} is no multiple of {once} (micro_batch x copies of the model on "
                f"{self.gpus * self.nodes} GPUs); change one of them"
            )
        if self.nodes > 1 and self.hostfile is None:
            raise ValueError(f"nodes {self.nodes} needs a hostfile; name DeepSpeed's list of nodes")
        list(passed_on(self.flags, type(self), "train_sft", {}))
