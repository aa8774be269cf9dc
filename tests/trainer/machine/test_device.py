"""The one place that decides about devices."""

import os
import subprocess
import sys

import pytest
import torch

from trainer.machine.device import available_cpu_count, choose_device, in_bfloat16


def test_without_a_gpu_the_cpu_is_chosen_and_the_reason_given(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    choice = choose_device()
    assert choice.device.type == "cpu"
    assert "no CUDA GPU" in choice.reason


def test_a_cpu_without_amx_computes_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": False})
    choice = choose_device("cpu")
    assert choice.dtype == torch.float32
    assert not choice.uses_autocast


def test_a_cpu_with_amx_computes_in_bfloat16(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    assert choose_device("cpu").dtype == torch.bfloat16


def test_asking_for_cuda_where_there_is_none_says_what_to_do(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="use 'cpu'"):
        choose_device("cuda")


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="'tpu'"):
        choose_device("tpu")


def test_there_is_always_a_core():
    assert available_cpu_count() >= 1


@pytest.mark.parametrize(
    ("capabilities", "dtype", "compared"),
    [
        ({}, torch.float32, None),
        ({"avx512_bf16": True}, torch.float32, torch.bfloat16),
        ({"avx512_bf16": True, "amx_bf16": True}, torch.bfloat16, torch.bfloat16),
    ],
)
def test_bfloat16_is_compared_where_the_processor_has_it(monkeypatch, capabilities, dtype, compared):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    choice = choose_device("cpu")
    narrow = in_bfloat16(choice)
    assert choice.dtype == dtype
    assert (narrow.dtype if narrow else None) == compared


@pytest.mark.parametrize(
    ("given", "expected"), [({}, "PASSIVE 20000"), ({"GOMP_SPINCOUNT": "7"}, "PASSIVE 7")]
)
def test_waiting_threads_soon_sleep_unless_the_environment_says_otherwise(given, expected):
    own = {name: value for name, value in os.environ.items() if "OMP_" not in name}
    code = "import os, trainer; print(os.environ['OMP_WAIT_POLICY'], os.environ['GOMP_SPINCOUNT'])"
    told = subprocess.run(
        [sys.executable, "-c", code], env={**own, **given}, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == expected
