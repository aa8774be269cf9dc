"""CLIP networks: built by open_clip (extra `words`), with weights from a named file or from the hub."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from trainer.contract import FailureCode
from trainer.errors import TrainerError
from trainer.pretrained.hub import hub_file, hub_sha256, hub_url

DEFAULT_NETWORK = "ViT-B-16-quickgelu"
WEIGHTS_FILE = "open_clip_model.safetensors"
REPOSITORIES = {
    DEFAULT_NETWORK: "timm/vit_base_patch16_clip_224.openai",
    "ViT-B-16": "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
}
"""Where the weights of a network are published, as open_clip's own table says."""

# Numbers that OpenAI's files keep beside the tensors of the network.
_NOT_WEIGHTS = ("input_resolution", "context_length", "vocab_size")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ClipError(TrainerError):
    """CLIP or its weights cannot be used; the message says what to do."""

    code = FailureCode.WEIGHTS_MISSING


class ClipPackageError(ClipError):
    """The package open_clip is not installed."""

    code = FailureCode.PACKAGE_MISSING


@dataclass(frozen=True)
class ClipWeights:
    """Which CLIP network to use, and where its weights are.

    Attributes:
        file: `.safetensors`, or a PyTorch state dict; None for the published weights.
        sha256: the file's expected hash, 64 hexadecimal digits; None if nobody has said it.
        network: name in open_clip. The name does not follow from a file: OpenAI's weights need the activation
            of `ViT-B-16-quickgelu`, LAION's that of `ViT-B-16`.
    """

    file: Path | None = None
    sha256: str | None = None
    network: str = DEFAULT_NETWORK


@dataclass(frozen=True, eq=False)
class ClipNetwork:
    """A loaded CLIP network in evaluation mode, on the CPU.

    Attributes:
        model: open_clip's model with a vision transformer `visual` and a text transformer.
        tokenize: sentences -> int64 (P, length); its vocabulary comes with open_clip.
        identity: network and hash of the weights.
        mean, std: normalisation of RGB in [0, 1], by channel.
    """

    model: Any
    tokenize: Callable[[Sequence[str]], Tensor]
    identity: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @property
    def logit_scale(self) -> float:
        """What the network multiplies cosines by, 100 for OpenAI's weights."""
        return float(self.model.logit_scale.detach().exp())


def load_clip(weights: ClipWeights | None = None) -> ClipNetwork:
    """Build a CLIP network and load its weights; nothing of a file is executed.

    The file must have the hash that the caller expects, else the one in `<file>.sha256` beside it, else the
    one that the hub gave for it. Where nobody has said a hash, the file is taken as named. In every case the
    hash becomes part of the identity.

    Args:
        weights: the published weights of `DEFAULT_NETWORK` when None.

    Raises:
        ClipPackageError: open_clip is not installed.
        ClipError: the network is unknown or of another kind; the weights are missing, damaged, of another
            network, or do not have the expected hash.
    """
    weights = weights or ClipWeights()
    library = _open_clip()
    if weights.network not in library.list_models():
        raise ClipError(
            f"open_clip has no network {weights.network!r}; name one of its vision transformers, such as "
            f"{' or '.join(REPOSITORIES)}."
        )
    model = _random_network(library, weights.network)
    path = weights.file or _published(weights.network)
    digest = _checked_hash(path, weights.sha256)
    try:
        model.load_state_dict(_state(path))
    except RuntimeError as error:
        raise ClipError(
            f"Weights file {path} does not hold the weights of {weights.network} "
            f"({_first_line(error)}); name the file or the network that belong together."
        ) from error
    return ClipNetwork(
        model.eval().requires_grad_(False),
        library.get_tokenizer(weights.network),
        f"{weights.network}-{digest[:12]}",
        library.OPENAI_DATASET_MEAN,
        library.OPENAI_DATASET_STD,
    )


def imagenet_prompts() -> tuple[Callable[[str], str], ...]:
    """The 80 prompts of Radford et al. for ImageNet, as open_clip carries them."""
    return tuple(_open_clip().OPENAI_IMAGENET_TEMPLATES)


def _open_clip() -> ModuleType:
    try:
        import open_clip
    except ImportError as error:
        raise ClipPackageError(
            "The maps of CLIP need the package open_clip_torch, which is not installed; install the extra "
            "'words', for example with: pip install open_clip_torch==3.3.0"
        ) from error
    module: ModuleType = open_clip
    return module


def _published(network: str) -> Path:
    repository = REPOSITORIES.get(network)
    if repository is None:
        raise ClipError(
            f"The weights of {network} have no known place in the Hugging Face hub; name their file with "
            f"--clip-weights FILE."
        )
    try:
        return hub_file(repository, WEIGHTS_FILE)
    except (OSError, ValueError) as error:
        raise ClipError(
            f"The weights of CLIP ({network}) are not available ({_first_line(error)}); download "
            f"{hub_url(repository, WEIGHTS_FILE)} on a machine with internet access and name the file with "
            f"--clip-weights FILE."
        ) from error


def _checked_hash(path: Path, expected: str | None) -> str:
    """The SHA-256 of a file, after comparing it with what it should be."""
    if not path.is_file():
        raise ClipError(f"Weights file {path} does not exist; name a .safetensors or .pth file.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    wanted, source = _expected_hash(path, expected)
    if wanted is not None and wanted != digest:
        raise ClipError(
            f"Weights file {path} has the SHA-256 {digest}, but {source} says {wanted}; download the file "
            f"again, or correct the hash if you trust this file."
        )
    return digest


def _expected_hash(path: Path, expected: str | None) -> tuple[str | None, str]:
    if expected is not None:
        wanted, source = expected.strip().lower(), "the given hash"
    elif (beside := path.with_name(f"{path.name}.sha256")).is_file():
        words = beside.read_text(encoding="utf-8", errors="replace").split()
        wanted, source = (words[0].lower() if words else ""), str(beside)
    else:
        return hub_sha256(path), "the hub"
    if not _SHA256.fullmatch(wanted):
        raise ClipError(f"The SHA-256 {wanted!r} from {source} is none: give all 64 hexadecimal digits.")
    return wanted, source


def _state(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file, without running any code of it."""
    if _is_torchscript(path):
        raise ClipError(
            f"Weights file {path} is a TorchScript archive, which contains code; use {WEIGHTS_FILE} from "
            f"{hub_url(REPOSITORIES[DEFAULT_NETWORK], WEIGHTS_FILE)} instead."
        )
    try:
        state: dict[str, Any] = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
        state = state.get("state_dict", state)
        return {
            name.removeprefix("module."): value for name, value in state.items() if name not in _NOT_WEIGHTS
        }
    except Exception as error:
        raise ClipError(
            f"Weights file {path} cannot be read ({_first_line(error)}); name a .safetensors file, or a "
            f"PyTorch state dict that holds nothing but tensors."
        ) from error


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name for name in archive.namelist())


def _random_network(library: ModuleType, network: str) -> Any:
    """The network before its weights are loaded.

    `trainer.nn.clip` computes plain vision transformers with a class token alone; others are refused.
    """
    config = library.get_model_config(network)
    parts = {**config["vision_cfg"], **config["text_cfg"]}
    # Parts from other libraries could be downloaded while they are built.
    is_foreign = "custom_text" in config or any(key.startswith(("hf_", "timm_")) for key in parts)
    try:
        model = None if is_foreign else library.CLIP(**config)
    except TypeError:  # open_clip builds other kinds of networks from other settings
        model = None
    if not _is_plain(model):
        raise ClipError(
            f"{network} is not a plain vision transformer with a class token; choose "
            f"{' or '.join(REPOSITORIES)}."
        )
    return model


def _is_plain(model: Any) -> bool:
    visual = getattr(model, "visual", None)
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", ())
    return (
        len(blocks) > 0
        and all(isinstance(block.attn, torch.nn.MultiheadAttention) for block in blocks)
        and getattr(visual, "attn_pool", None) is None
        and getattr(visual, "pool_type", "") == "tok"
        and not getattr(visual, "final_ln_after_pool", False)
        and getattr(model, "text_pool_type", "") == "argmax"
        and isinstance(getattr(model, "text_projection", None), torch.nn.Parameter)
    )


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
