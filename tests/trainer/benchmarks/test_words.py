"""Counting how often synonyms are understood."""

from trainer.benchmarks.words import answers, is_right, load_synonyms, summary
from trainer.data.imagenet_tags import match_tag
from trainer.data.labels import VOC_CLASSES
from trainer.data.meaning import Candidate, Suggestion


class Always:
    """Suggests the same for every tag."""

    def suggest(self, tag: str) -> tuple[Suggestion, ...]:
        return (Suggestion(tag, Candidate("zebra", 340, ("zebra",)), 0.5),)


def test_each_class_has_three_synonyms() -> None:
    synonyms = load_synonyms()
    assert list(synonyms) == list(VOC_CLASSES)
    assert {len(words) for words in synonyms.values()} == {3}


def test_an_answer_is_right_if_most_of_its_classes_are() -> None:
    assert is_right(match_tag("dog").imagenet_indices, "dog")
    assert not is_right(match_tag("animal").imagenet_indices, "dog")
    assert not is_right((), "dog")


def test_answers_are_counted_by_way() -> None:
    found = answers({"dog": ["puppy", "qwertz"]}, {"always": Always()})
    assert summary(found) == {
        "WordNet": {"synonyms": 2, "answered": 1, "right": 1, "unknown": 1, "right_of_unknown": 0},
        "always": {"synonyms": 2, "answered": 2, "right": 0, "unknown": 1, "right_of_unknown": 0},
    }
