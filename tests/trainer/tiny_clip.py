"""A CLIP network small enough for tests; its file has random weights of open_clip's own module."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from trainer.pretrained.clip import ClipNetwork, ClipWeights, load_clip

open_clip = pytest.importorskip("open_clip", reason="needs the extra words (open_clip_torch)")

NETWORK = "tiny-clip"
PATCH = 4
CONFIG = {
    "embed_dim": 24,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 16, "layers": 3, "width": 32, "head_width": 8, "patch_size": PATCH},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
}


def register(folder: Path) -> None:
    """Make open_clip know the network, as a user's own configuration would."""
    (folder / f"{NETWORK}.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(folder / f"{NETWORK}.json")


def random_model(seed: int = 0) -> Any:
    """The network with weights that make every step count: no zero biases, no unit norms."""
    torch.manual_seed(seed)
    model = open_clip.CLIP(**CONFIG)
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name == "logit_scale":
                value.fill_(2.0)
            elif name.endswith(("ln_1.weight", "ln_2.weight", "ln_pre.weight", "ln_post.weight")):
                value.copy_(1 + 0.2 * torch.randn_like(value))
            else:
                value.copy_(0.3 * torch.randn_like(value))
    return model.eval()


def saved(folder: Path, suffix: str = ".safetensors", seed: int = 0) -> Path:
    """Weights of `random_model` in a file."""
    path = folder / f"tiny{suffix}"
    state = random_model(seed).state_dict()
    if suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": {f"module.{name}": value for name, value in state.items()}}, path)
    return path


def tiny_network(folder: Path) -> ClipNetwork:
    """The network, loaded from its file."""
    register(folder)
    return load_clip(ClipWeights(saved(folder), network=NETWORK))
