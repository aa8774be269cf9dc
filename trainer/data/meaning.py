"""Which ImageNet class, or curated tag, is nearest in meaning to words that WordNet does not know."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from trainer.data.class_table import IMAGENET_CLASS_COUNT, load_class_table
from trainer.data.wordnet_table import load_wordnet_table
from trainer.machine.durable_write import write_cache

Embeddings = NDArray[np.float32]


class SentenceEncoder(Protocol):
    """Turns texts into vectors whose products say how near their meanings are."""

    @property
    def identity(self) -> str:
        """Changes with the weights."""

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Texts -> float32 (N, D), rows of length 1."""


@dataclass(frozen=True)
class Candidate:
    """Something that a tag can be matched with.

    Attributes:
        name: the curated tag, or the first lemma of the class.
        class_index: index of the ImageNet class; None for a curated tag.
        texts: what its meaning is taken from.
    """

    name: str
    class_index: int | None
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Suggestion:
    """A match by meaning that nobody has agreed to yet; `score` is a cosine, at most 1."""

    tag: str
    candidate: Candidate
    score: float


class MeaningIndex:
    """The meanings of all candidates, to compare tags with."""

    def __init__(
        self, encoder: SentenceEncoder, candidates: Sequence[Candidate], cache_dir: Path | None = None
    ) -> None:
        """Args:
        encoder: makes the vectors.
        candidates: at least one.
        cache_dir: folder in which the candidates' vectors are kept; None keeps none.
        """
        self._encoder = encoder
        self._candidates = tuple(candidates)
        texts = [text for candidate in candidates for text in candidate.texts]
        self._owner = np.repeat(np.arange(len(candidates)), [len(one.texts) for one in candidates])
        self._embeddings = _cached(encoder, texts, cache_dir)

    def suggest(self, tag: str, count: int = 1) -> tuple[Suggestion, ...]:
        """The nearest candidates, the best first. The score of a candidate is that of its nearest text."""
        scores = self._embeddings @ self._encoder.encode([tag.replace("_", " ")])[0]
        best = np.full(len(self._candidates), -1.0, dtype=np.float32)
        np.maximum.at(best, self._owner, scores)
        order = np.argsort(-best, kind="stable")[:count]
        return tuple(Suggestion(tag, self._candidates[one], round(float(best[one]), 3)) for one in order)


@functools.cache
def imagenet_candidates() -> tuple[Candidate, ...]:
    """The 1,000 classes, each by its name and by its name with its WordNet gloss."""
    from timm.data.imagenet_info import ImageNetInfo  # brings torch along

    info, lemmas = ImageNetInfo(), load_wordnet_table().class_lemmas
    return tuple(
        Candidate(
            lemmas[index][0], index, (lemmas[index][0], info.index_to_description(index, detailed=True))
        )
        for index in range(IMAGENET_CLASS_COUNT)
    )


@functools.cache
def tag_candidates() -> tuple[Candidate, ...]:
    """The tags of the curated table that have classes."""
    table = load_class_table()
    spelled = {"diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "tv monitor"}
    return tuple(
        Candidate(name, None, (spelled.get(name, name),)) for name in table.counterparts | table.stand_ins
    )


def _cached(encoder: SentenceEncoder, texts: Sequence[str], cache_dir: Path | None) -> Embeddings:
    key = hashlib.sha256("\n".join((encoder.identity, *texts)).encode()).hexdigest()[:16]
    path = None if cache_dir is None else cache_dir / f"{key}.safetensors"
    if path is not None and path.is_file():
        try:
            kept = load(path.read_bytes())["embeddings"]
            if kept.shape[0] == len(texts):
                return kept.astype(np.float32)
        except (OSError, SafetensorError, KeyError):
            pass  # made again below
    embeddings = encoder.encode(texts)
    if path is not None:
        write_cache(path, save({"embeddings": embeddings.astype(np.float16)}))
    return embeddings
