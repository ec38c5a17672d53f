"""Settings that both trainers have; in a recipe all settings stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from harness import NOT_IN_KEY
from harness_plugins.openrlhf.flags import Flag, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How OpenRLHF is started and its text put together."""

    python: str | None = field(default=None, metadata=NOT_IN_KEY)
    """Python of OpenRLHF's environment, an executable or the environment's folder; null: HARNESS_OPENRLHF_PYTHON, or this
    Python if OpenRLHF is installed for it."""
    gpus: Annotated[int, Ge(1)] = 8
    """GPUs a node that training uses; DeepSpeed takes a node's first ones, whatever CUDA_VISIBLE_DEVICES says."""
    nodes: Annotated[int, Ge(1)] = 1
    """Nodes that training uses; more than one need the store on a disk they share."""
    template: Literal["plain", "chat"] = "plain"
    """plain: prompts are used as they are, with the tokenizer's opening token in front. chat: a prompt is the user's message
    in the tokenizer's chat template."""
    save_every_steps: Annotated[int, Ge(0)] = 50
    """Save what a resume needs (weights and optimizer) after every so many steps, or more often where the recipe asks for
    checkpoints in between; 0: never, and a stopped run starts anew."""
    kept_states: Annotated[int, Ge(1), Flag("--ckpt.max_num")] = 2
    """How many of those are kept; one of 8 billion parameters takes about 110 GB."""
    flags: Mapping[str, Value] = field(default_factory=dict)
    """Any other flag of the supported version by name, such as {"--ds.zpg": 8}; true for a switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory(Program):
    """How the model is laid over GPUs."""

    zero_stage: Annotated[Literal[0, 1, 2, 3], Flag("--ds.zero_stage")] = 2
    """DeepSpeed's ZeRO stage; 3 spreads the weights too, and is for models that do not fit one GPU."""
    offload: Annotated[bool, Flag("--ds.adam_offload")] = False
    """Keep the optimizer in the host's memory."""
    dtype: Annotated[Literal["bf16", "fp16"], Flag("--ds.param_dtype")] = "bf16"
    """Type of the weights in forward and backward, and of the checkpoints."""
    attention: Annotated[str, Flag("--ds.attn_implementation")] = "flash_attention_2"
    """Attention as transformers knows it: eager, sdpa, flash_attention_2, ..."""
    packing: Annotated[bool, Flag("--ds.packing_samples")] = True
    """Lay examples end to end instead of padding them; needs a flash attention."""
    gradient_checkpointing: Annotated[
        bool, Flag("--model.gradient_checkpointing_enable", "--actor.gradient_checkpointing_enable")
    ] = True
    """Compute activations again in backward instead of keeping them."""
    liger: Annotated[bool, Flag("--ds.use_liger_kernel")] = False
    """Use Liger's fused kernels; its package has to be installed there."""
    tensor_parallel: Annotated[int, Ge(1), Flag("--ds.tensor_parallel_size")] = 1
    """GPUs that share each layer in training."""
    ring_attention: Annotated[int, Ge(1), Flag("--ds.ring_attn_size")] = 1
    """GPUs that share each sequence; more than 1 needs packing and ring-flash-attn."""
    lora_rank: Annotated[int, Ge(0), Flag("--ds.lora.rank")] = 0
    """Rank of LoRA's matrices; 0: all weights are trained. The adapter is merged into the checkpoint at the end."""
    lora_alpha: Annotated[int, Ge(1), Flag("--ds.lora.alpha")] = 16
    """Scale of LoRA's update, over its rank."""
    lora_dropout: Annotated[float, Ge(0), Lt(1), Flag("--ds.lora.dropout")] = 0.0
    """Dropout before LoRA's matrices."""
    lora_targets: Annotated[tuple[str, ...] | None, Flag("--ds.lora.target_modules")] = None
    """Names of the modules that get LoRA; null: all linear ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimization(Memory):
    """How optimizer steps are taken."""

    learning_rate: Annotated[float, Gt(0), Lt(100), Flag("--adam.lr", "--actor.adam.lr")] = 5e-6
    """Peak learning rate of AdamW."""
    betas: Annotated[
        tuple[Annotated[float, Ge(0), Lt(1)], Annotated[float, Ge(0), Lt(1)]], Flag("--adam.betas", "--actor.adam.betas")
    ] = (0.9, 0.95)
    """Decay rates of its moments."""
    eps: Annotated[float, Gt(0), Flag("--adam.eps", "--actor.adam.eps")] = 1e-8
    """Added to its denominator."""
    weight_decay: Annotated[float, Ge(0), Flag("--adam.weight_decay", "--actor.adam.weight_decay")] = 0.0
    """Its weight decay."""
    schedule: Annotated[
        Literal["cosine_with_min_lr", "cosine", "linear", "constant", "constant_with_warmup"],
        Flag("--lr_scheduler", "--actor.lr_scheduler"),
    ] = "cosine_with_min_lr"
    """How the learning rate falls after warm-up, by transformers' names; plain `constant` has no warm-up."""
    warmup_share: Annotated[float, Ge(0), Le(1), Flag("--lr_warmup_ratio", "--actor.lr_warmup_ratio")] = 0.03
    """Share of all steps over which the learning rate rises."""
    final_share: Annotated[float, Ge(0), Le(1), Flag("--min_lr_ratio", "--actor.min_lr_ratio")] = 0.1
    """Where cosine_with_min_lr ends, as a share of the peak."""
    grad_clip: Annotated[float, Gt(0), Flag("--max_norm", "--actor.max_norm")] = 1.0
    """Largest L2 norm of the gradient."""

    def check_layout(self) -> None:
        """Refuse what OpenRLHF would change without a word, or stop at after loading.

        Raises:
            ValueError: naming the setting.
        """
        if self.packing and "flash_attention" not in self.attention:
            raise ValueError(f"packing needs a flash attention, not {self.attention!r}; set packing to false, or attention")
        if self.ring_attention > 1 and not self.packing:
            raise ValueError(f"ring_attention {self.ring_attention} needs packing; set packing to true")
        together = self.tensor_parallel * self.ring_attention
        if self.gpus * self.nodes % together:
            raise ValueError(
                f"{self.gpus * self.nodes} GPUs cannot be cut into groups of {together} "
                "(tensor_parallel x ring_attention); change gpus, nodes or these"
            )

    @property
    def replicas(self) -> int:
        """Copies of the model that train side by side."""
        return self.gpus * self.nodes // (self.tensor_parallel * self.ring_attention)
