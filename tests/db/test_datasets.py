"""Datasets and what belongs to them: class lists, pictures, tags, reports."""

from dataclasses import replace

import pytest

from db.annotations import history, propose, register_mask
from db.datasets import (
    add_import_report,
    create_dataset,
    find_dataset,
    get_dataset,
    has_been_used,
    list_datasets,
    list_import_reports,
    remove_dataset,
    require_dataset,
)
from db.engine import Database
from db.errors import InvalidInputError, NameTakenError, NotFoundError
from db.items import ItemSpec, all_items, find_item, get_item, replace_tags, tags_of, upsert_items
from db.labels import ClassSpec, add_classes, add_label_set, latest_label_set

A = ItemSpec("a.jpg", "a.jpg", "0" * 64, 4, 3, 1, "image/jpeg")
B = replace(A, name="b.jpg", path="b.jpg")


def test_a_name_is_free_again_after_removal_and_history_stays(
    database: Database, dataset_id: int, item_id: int
) -> None:
    with database.write() as session:
        propose(session, item_id, mask_hash="a" * 64, proposed_by="model")
        remove_dataset(session, dataset_id)
        again = create_dataset(session, "pets", root="/other", layout="voc")
    with database.read() as session:
        assert [dataset.id for dataset in list_datasets(session)] == [again.id]
        found = find_dataset(session, " pets ")
        assert found is not None
        assert found.id == again.id
        with pytest.raises(NotFoundError):
            get_dataset(session, dataset_id)
        assert len(history(session, item_id)) == 1


def test_a_database_remembers_that_it_was_used(database: Database) -> None:
    with database.write() as session:
        assert not has_been_used(session)
        remove_dataset(session, create_dataset(session, "pets", root="/", layout="voc").id)
        assert has_been_used(session)


def test_a_taken_or_impossible_name_is_refused(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        with pytest.raises(NameTakenError, match="pets"):
            create_dataset(session, "pets", root="/", layout="voc")
        for name in ("", "  ", "a\nb", "x" * 129):
            with pytest.raises(InvalidInputError, match="1 to 128"):
                create_dataset(session, name, root="/", layout="voc")
    with database.read() as session:
        assert len(list_datasets(session)) == 1


def test_an_unknown_name_is_answered_with_the_known_ones(database: Database, dataset_id: int) -> None:
    with database.read() as session, pytest.raises(NotFoundError, match="datasets are: pets"):
        require_dataset(session, "cats")


def test_reports_are_kept_newest_first(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        for number in (1, 2):
            add_import_report(
                session, dataset_id, source="/pets", summary={"added": number}, problems=[{"file": "ä"}]
            )
    with database.read() as session:
        reports = list_import_reports(session, dataset_id)
    assert [report.summary["added"] for report in reports] == [2, 1]
    assert reports[0].problems == [{"file": "ä"}]


def test_changing_the_class_list_adds_a_revision(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        before = latest_label_set(session, dataset_id)
        after = add_classes(session, dataset_id, ["dog", "horse", "horse"])
        unchanged = add_classes(session, dataset_id, ["cat"])
    assert (before.revision, [row.name for row in before.classes]) == (1, ["cat", "dog"])
    assert (after.revision, [(row.index, row.name) for row in after.classes]) == (
        2,
        [(1, "cat"), (2, "dog"), (3, "horse")],
    )
    assert unchanged.id == after.id


def test_classes_have_vocs_colours_unless_they_are_given(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        classes = [ClassSpec(1, "cat"), ClassSpec(2, "dog", "#ABCDEF")]
        label_set = add_label_set(session, dataset_id, classes)
    assert [row.color for row in label_set.classes] == ["#800000", "#abcdef"]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([ClassSpec(0, "cat")], "index 0"),
        ([ClassSpec(255, "cat")], "index 255"),
        ([ClassSpec(1, "cat"), ClassSpec(2, "cat")], "'cat' twice"),
        ([ClassSpec(1, "cat"), ClassSpec(1, "dog")], "without gaps"),
        ([ClassSpec(1, "cat"), ClassSpec(3, "dog")], "without gaps"),
        ([ClassSpec(1, " ")], "not a class name"),
        ([ClassSpec(1, "cat", "red")], "#rrggbb"),
    ],
)
def test_class_lists_that_cannot_be_are_refused(
    database: Database, dataset_id: int, classes: list[ClassSpec], message: str
) -> None:
    with database.write() as session, pytest.raises(InvalidInputError, match=message):
        add_label_set(session, dataset_id, classes)


def test_an_upsert_touches_only_what_differs(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        first = upsert_items(session, dataset_id, [A, B])
        second = upsert_items(session, dataset_id, [A, replace(B, split="val")])
    assert (first.added, first.changed) == (("a.jpg", "b.jpg"), ())
    assert (second.added, second.changed) == ((), ("b.jpg",))
    assert second.ids == first.ids
    with database.read() as session:
        assert [(item.name, item.split) for item in all_items(session, dataset_id)] == [
            ("a.jpg", None),
            ("b.jpg", "val"),
        ]


def test_an_import_without_masks_does_not_take_ground_truth_away(database: Database, dataset_id: int) -> None:
    with database.write() as session:
        register_mask(session, "a" * 64, height=3, width=4)
        upsert_items(session, dataset_id, [replace(A, ground_truth="a" * 64)])
        assert upsert_items(session, dataset_id, [A]).changed == ()
        item = find_item(session, dataset_id, "a.jpg")
    assert item is not None
    assert item.ground_truth == "a" * 64


def test_tags_are_replaced_whole(database: Database, dataset_id: int, item_id: int) -> None:
    with database.write() as session:
        assert replace_tags(session, dataset_id, {item_id: [2, 1, 1]}) == {item_id}
        assert replace_tags(session, dataset_id, {item_id: [1, 2]}) == set()
        assert tags_of(session, [item_id]) == {item_id: (1, 2)}
        assert replace_tags(session, dataset_id, {item_id: []}) == {item_id}
        assert tags_of(session, [item_id]) == {item_id: ()}
        with pytest.raises(InvalidInputError, match="no class with index 3"):
            replace_tags(session, dataset_id, {item_id: [3]})


def test_more_pictures_than_a_query_takes_parameters(database: Database, dataset_id: int) -> None:
    specs = [replace(A, name=f"{i:04}.jpg", path=f"{i:04}.jpg") for i in range(1200)]
    with database.write() as session:
        ids = upsert_items(session, dataset_id, specs).ids
        replace_tags(session, dataset_id, {item_id: [1] for item_id in ids.values()})
        assert set(tags_of(session, ids.values()).values()) == {(1,)}


def test_an_unknown_picture_is_told(database: Database) -> None:
    with database.read() as session, pytest.raises(NotFoundError, match="no picture with id 7"):
        get_item(session, 7)
