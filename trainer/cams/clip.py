"""CAMs of any tag: CLIP compares each cell of a picture with words (NACLIP).

Class weights are text embeddings, and the map of a class is its share of a softmax over words. Sources:
Radford et al., ICML 2021 (CLIP, 80 prompts); Hajimiri et al., WACV 2025 (NACLIP: attention of the last
block, words, scale 40). Wysoczańska et al., arXiv 2407.05061, found that a single query needs contrast; how
words are chosen for that is ours. The maps have not been measured, because no weights were at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.cams.clip_words import load_clip_words, without
from trainer.cams.config import CamConfig
from trainer.contract import ZERO_SHOT_KIND
from trainer.data.transforms import ChannelValue
from trainer.machine.device import DeviceChoice
from trainer.nn.clip import ensemble, text_embeddings, windowed_naclip_features
from trainer.pretrained.clip import ClipNetwork, imagenet_prompts

HEAD_VERSION = 1
"""Raise it when the arithmetic changes, so that cached maps are recomputed."""

LOGIT_SCALE = 40.0
"""What NACLIP multiplies cosines by."""

CONTRAST_COUNT = 5
"""Contrast words for a picture with a single tag. Not published and not measured."""

NEAR_TEXT = 0.9
"""A word whose text is closer to the tag's than this cosine is no contrast to it. Not measured."""

CLIP_MAPS = CamConfig(scales=(1.0,), flip=False, max_side=448)
"""How NACLIP's maps are computed: one scale; a VOC picture of 500 x 375 gets NACLIP's short side of 336."""

PLAIN_PROMPT = "a photo of a {}."

_SENTENCES_AT_ONCE = 128


class ClipClassifier:
    """A `trainer.cams.classifier.CamClassifier` that only needs the names of the tags, whatever they are.

    The words of a picture are the names of its tags, words for background that are not in these names, and
    for a single tag a few contrast words. The map of a tag is, cell by cell, the largest probability of its
    names in softmax(40 cos) over all words. A sheep on grass is told from the grass, and from the other tags.

    Attributes:
        device: where it runs.
        identity: head, network, hash of the weights, and table of words.
        affinity_power: 0; NACLIP's attention already favours neighbours.
    """

    affinity_power = 0.0

    def __init__(self, network: ClipNetwork, device: DeviceChoice) -> None:
        self.device = device
        self.words = load_clip_words()
        self.identity = f"{ZERO_SHOT_KIND}-clip-v{HEAD_VERSION}/{network.identity}/{self.words.fingerprint}"
        self._network = network
        self._model = network.model.to(device.device)
        self._embedded = WordEmbeddings(network, imagenet_prompts(), device)
        self._plainly = WordEmbeddings(network, (PLAIN_PROMPT.format,), device)

    @property
    def output_stride(self) -> int:
        """Picture pixels per feature cell: the side of a patch."""
        return int(self._model.visual.patch_size[0])

    @property
    def mean_std(self) -> tuple[ChannelValue, ChannelValue]:
        """Normalisation of RGB in [0, 1]."""
        return self._network.mean, self._network.std

    def describe(self, class_name: str) -> str:
        """Which words the map of a tag comes from, in one sentence for people."""
        names = ", ".join(f"“{name}”" for name in self.words.names(class_name))
        return f"The map of “{class_name}” shows where CLIP finds {names} rather than other words."

    def is_weak(self, class_name: str) -> bool:  # noqa: ARG002
        """Never: every tag has a text embedding."""
        return False

    def features(self, images: Tensor) -> Tensor:
        """Normalised float32 pictures (N, 3, H, W) -> float32 features (N, C, h, w) in text space."""
        with (
            torch.inference_mode(),
            torch.autocast(self.device.device.type, self.device.dtype, enabled=self.device.uses_autocast),
        ):
            features = windowed_naclip_features(self._model.visual, images.to(self.device.device))
        return features.float()

    def class_weights(self, features: Tensor, class_names: Sequence[str]) -> SoftmaxHead | Tensor:
        """The head of the tags; for a single tag its contrast words follow from the features (N, C, h, w)."""
        if not class_names:
            return features.new_zeros((0, features.shape[1]))
        names = [self.words.names(name) for name in class_names]
        spoken = [name for some in names for name in some]
        background = without(self.words.naclip_background, spoken)
        if len(class_names) == 1:
            background += self.contrast(features, spoken, background)
        return SoftmaxHead(
            queries=self._embedded.of([*spoken, *background]).to(features.device),
            sizes=tuple(len(some) for some in names),
        )

    def contrast(self, features: Tensor, names: Sequence[str], background: Sequence[str]) -> tuple[str, ...]:
        """Words for what else the picture shows, most evident first.

        The evidence of a word is its mean probability over the cells, among names, background and all
        candidates. Candidates whose text says nearly the same as a name are left out.

        Args:
            features: (N, C, h, w) of the views of the picture.
            names: of the tag.
            background: words that are in the head already.
        """
        candidates = without(self.words.contrast, [*names, *background])
        queries = self._plainly.of([*names, *background, *candidates]).to(features.device)
        first = len(names) + len(background)
        shares = _word_shares(queries, features).mean(dim=(0, 2, 3))[first:]
        near = (queries[first:] @ queries[: len(names)].T).amax(dim=1) > NEAR_TEXT
        order = shares.masked_fill(near, -1.0).argsort(descending=True, stable=True)[:CONTRAST_COUNT]
        return tuple(candidates[index] for index in order.tolist() if not near[index])


@dataclass(frozen=True, eq=False)
class SoftmaxHead:
    """A `trainer.nn.classifier.MapHead`: the share of each class's best name in a softmax over words.

    Attributes:
        queries: unit text embeddings (Q, C): the names of the classes, class by class, then other words.
        sizes: number of names of each of the K classes.
    """

    queries: Tensor
    sizes: tuple[int, ...]

    def __call__(self, features: Tensor) -> Tensor:
        """Features (N, C, h, w) -> probabilities (N, K, h, w)."""
        shares = _word_shares(self.queries, features)[:, : sum(self.sizes)]
        return torch.stack([part.amax(dim=1) for part in torch.split(shares, list(self.sizes), dim=1)], dim=1)


class WordEmbeddings:
    """Text embeddings of words, each the normalised mean over prompts; every word is embedded once.

    Args:
        network: whose text transformer is used, on the device.
        prompts: from a word to a sentence.
        device: where it runs.
    """

    def __init__(
        self, network: ClipNetwork, prompts: Sequence[Callable[[str], str]], device: DeviceChoice
    ) -> None:
        self._network = network
        self._prompts = tuple(prompts)
        self._device = device
        self._known: dict[str, Tensor] = {}

    def of(self, words: Sequence[str]) -> Tensor:
        """Unit embeddings (Q, C) of Q words, at least one, on the CPU."""
        missing = [word for word in dict.fromkeys(words) if word not in self._known]
        sentences = [prompt(word) for word in missing for prompt in self._prompts]
        with torch.inference_mode():
            parts = [
                self._embed(sentences[first : first + _SENTENCES_AT_ONCE])
                for first in range(0, len(sentences), _SENTENCES_AT_ONCE)
            ]
            for word, own in zip(
                missing, torch.split(torch.cat(parts), len(self._prompts)) if parts else (), strict=True
            ):
                self._known[word] = ensemble(own)
            return torch.stack([self._known[word] for word in words])

    def _embed(self, sentences: Sequence[str]) -> Tensor:
        tokens = self._network.tokenize(list(sentences)).to(self._device.device)
        return text_embeddings(self._network.model, tokens).float().cpu()


def _word_shares(queries: Tensor, features: Tensor) -> Tensor:
    """Probabilities (N, Q, h, w) of the words in each cell."""
    return (LOGIT_SCALE * torch.einsum("qc,nchw->nqhw", queries, features)).softmax(dim=1)
