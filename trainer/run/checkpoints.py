"""Networks and training states on disk: safetensors with a JSON header and a hash, no pickles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from trainer.contract import FailureCode
from trainer.errors import TrainerError
from trainer.machine.durable_write import write_atomic

VERSION = 1


class CheckpointError(TrainerError):
    """A stored network or training state is missing, damaged, or of another kind or version."""

    code = FailureCode.DAMAGED_FILE


@dataclass(frozen=True, eq=False)
class TensorFile:
    """The content of a file.

    Attributes:
        header: JSON values.
        tensors: tensors by name, on the CPU.
    """

    header: dict[str, Any]
    tensors: dict[str, Tensor]


def save_tensors(path: Path, kind: str, header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Store tensors; the file is written completely or not at all.

    Args:
        path: the file; its folder is created.
        kind: what the file is, e.g. "puzzlecam-classifier"; `load_tensors` checks it.
        header: JSON values.
        tensors: tensors by name, on any device.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    stored = {"kind": kind, "version": VERSION, "sha256": _digest(plain), **header}
    write_atomic(path, safetensors.torch.save(plain, metadata={"header": json.dumps(stored)}))


def read_header(path: Path, kind: str) -> dict[str, Any]:
    """The header alone, without reading the tensors.

    Raises:
        CheckpointError: see `load_tensors`.
    """
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist; train it first, or name another run directory.")
    try:
        with safe_open(path, framework="pt") as file:
            header: dict[str, Any] = json.loads((file.metadata() or {}).get("header", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); {_remedy(path)}") from error
    if (header.get("kind"), header.get("version")) != (kind, VERSION):
        raise CheckpointError(
            f"{path} is of kind {header.get('kind')!r}, version {header.get('version')}, but should be of "
            f"kind {kind!r}, version {VERSION}; {_remedy(path)}"
        )
    return header


def load_tensors(path: Path, kind: str) -> TensorFile:
    """Read what `save_tensors` stored.

    Raises:
        CheckpointError: the file is missing, damaged (its hash is checked), or of another kind or version.
    """
    header = read_header(path, kind)
    try:
        tensors = safetensors.torch.load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged ({error}); {_remedy(path)}") from error
    if header.get("sha256") != _digest(tensors):
        raise CheckpointError(f"{path} is damaged (its content does not match its hash); {_remedy(path)}")
    return TensorFile(header, tensors)


def _remedy(path: Path) -> str:
    return f"delete {path.name} and run again; the stage then starts from the beginning."


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        # As bytes: numpy knows no bfloat16.
        digest.update(tensor.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()
