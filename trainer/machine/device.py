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
        ValueError: the name is unknown, or the machine has no such GPU.
    """
    if preferred is not None and preferred.split(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"Device {preferred!r} is not known; use 'cpu', 'cuda' or 'cuda:N'.")
    if preferred == "cpu":
        return _cpu("as requested")
    if torch.cuda.is_available():
        device = _cuda_device(preferred or "cuda")
        name = torch.cuda.get_device_name(device)
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return DeviceChoice(
                device, torch.bfloat16, f"Running on {name} in bfloat16, which it supports natively."
            )
        return DeviceChoice(
            device, torch.float32, f"Running on {name} in float32, because it has no native bfloat16."
        )
    if preferred is not None:
        raise ValueError(f"Device {preferred!r} is not available: PyTorch finds no CUDA GPU; use 'cpu'.")
    return _cpu("because PyTorch finds no CUDA GPU")


def in_bfloat16(choice: DeviceChoice) -> DeviceChoice | None:
    """The same device in bfloat16, or None where it does not support that natively; for comparisons.

    For a CPU with AVX-512 BF16 but without AMX, `choose_device` takes float32: in bfloat16 maps take half the
    time, but up to a hundredth of a mask's pixels change.
    """
    if choice.uses_autocast:
        return choice
    if choice.device.type == "cpu" and torch.cpu.get_capabilities().get("avx512_bf16", False):
        return replace(choice, dtype=torch.bfloat16)
    return None


def available_cpu_count() -> int:
    """Number of CPU cores that this process may run on, at least 1.

    Limits to certain cores (`taskset`, cpusets of containers) count; limits to a share of their time do not.
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def _cuda_device(name: str) -> torch.device:
    device = torch.device(name)
    count = torch.cuda.device_count()
    if device.index is not None and device.index >= count:
        raise ValueError(
            f"Device {name!r} does not exist; PyTorch finds {count} CUDA GPU(s), numbered from 0."
        )
    return device


def _cpu(why: str) -> DeviceChoice:
    # Without AMX, PyTorch emulates bfloat16 convolutions: EfficientNet-Lite0 took 17 times as long on AVX2.
    if torch.cpu.get_capabilities().get("amx_bf16", False):
        return DeviceChoice(
            torch.device("cpu"),
            torch.bfloat16,
            f"Running on the CPU, {why}; in bfloat16, which it computes fast (AMX).",
        )
    return DeviceChoice(
        torch.device("cpu"),
        torch.float32,
        f"Running on the CPU, {why}; in float32, because it has no fast bfloat16.",
    )
