"""The one place that decides on which device and in which number format networks run, and says why."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True)
class DeviceChoice:
    """Where and in which format networks run.

    Attributes:
        device: target of modules and tensors.
        dtype: format of the heavy arithmetic (autocast); weights stay float32.
        reason: one sentence for people, shown by `doctor` and in logs.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str

    @property
    def uses_autocast(self) -> bool:
        """Whether forward passes run in a shorter format than the float32 weights."""
        return self.dtype != torch.float32


def choose_device(preferred: str | None = None) -> DeviceChoice:
    """Decide device and dtype for inference and training.

    Args:
        preferred: "cpu", "cuda" or "cuda:N"; None takes CUDA where there is a GPU, else the CPU.

    Raises:
        ValueError: the name is unknown, or CUDA was asked for and is not there.
    """
    if preferred is not None and preferred.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"Device {preferred!r} is not known; use 'cpu', 'cuda' or 'cuda:N'.")
    if preferred == "cpu":
        return _cpu("The CPU was asked for")
    if torch.cuda.is_available():
        device = _cuda_device(preferred or "cuda")
        name = torch.cuda.get_device_name(device)
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return DeviceChoice(
                device, torch.bfloat16, f"Running on {name} in bfloat16, which it computes natively."
            )
        return DeviceChoice(
            device, torch.float32, f"Running on {name} in float32: it has no native bfloat16."
        )
    if preferred is not None:
        raise ValueError(f"Device {preferred!r} was asked for, but PyTorch sees no CUDA GPU here; use 'cpu'.")
    return _cpu("PyTorch sees no CUDA GPU")


def in_bfloat16(choice: DeviceChoice) -> DeviceChoice | None:
    """The device in bfloat16 where it computes that natively, None elsewhere: for comparisons.

    A CPU with AVX-512 BF16 but without AMX is chosen in float32: pictures into maps take half the time in
    bfloat16, but up to a hundredth of a mask's pixels differs.
    """
    if choice.uses_autocast:
        return choice
    if choice.device.type == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16", False):
        return replace(choice, dtype=torch.bfloat16)
    return None


def available_cpu_count() -> int:
    """Number of CPU cores this process may use (at least 1); containers and `taskset` count."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def _cuda_device(name: str) -> torch.device:
    device = torch.device(name)
    count = torch.cuda.device_count()
    if device.index is not None and device.index >= count:
        raise ValueError(
            f"Device {name!r} was asked for, but there are only {count} CUDA GPUs (numbered from 0)."
        )
    return device


def _cpu(why: str) -> DeviceChoice:
    # Without AMX, PyTorch emulates bfloat16 convolutions: EfficientNet-Lite0 took 17 times as long on AVX2.
    if torch.cpu.get_capabilities().get("amx_bf16", False):
        return DeviceChoice(
            torch.device("cpu"),
            torch.bfloat16,
            f"{why}: running on the CPU in bfloat16, for which it has AMX.",
        )
    return DeviceChoice(
        torch.device("cpu"),
        torch.float32,
        f"{why}: running on the CPU in float32, as it has no fast bfloat16.",
    )
