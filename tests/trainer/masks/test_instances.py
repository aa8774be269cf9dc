"""Instances: where cells end that follow a field, one walk each, and the objects of a class mask."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.errors import ArtifactError
from trainer.masks.instance_metrics import FoundInstance, InstancePrecision, TrueInstance
from trainer.masks.instances import clusters_of, find_instances, follow, in_class_mask
from trainer.masks.random_walk import random_walk
from trainer.run.instance_storage import Instances, load_instances, save_instances
from trainer.run.map_storage import ClassMaps, save_maps

HEIGHT, WIDTH = 12, 20
CLASS = 200


def field_to(centres: dict[tuple[int, int], np.ndarray], share: float = 0.5) -> np.ndarray:
    """A field that goes a share of the way to the centre of each region."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    field = np.zeros((2, HEIGHT, WIDTH), np.float32)
    for (y, x), region in centres.items():
        field[0][region], field[1][region] = (share * (y - rows))[region], (share * (x - columns))[region]
    return field


def halves() -> tuple[np.ndarray, np.ndarray]:
    left = np.zeros((HEIGHT, WIDTH), bool)
    left[:, : WIDTH // 2] = True
    return left, ~left


def test_each_half_ends_at_its_own_attractor_and_is_a_cluster() -> None:
    left, right = halves()
    field = field_to({(5, 4): left, (6, 15): right})
    rows, columns = follow(field)
    assert (rows[left] == 5).all()
    assert (columns[left] == 4).all()
    assert (rows[right] == 6).all()
    assert (columns[right] == 15).all()
    clusters = clusters_of(field)
    assert len(set(clusters[left])) == len(set(clusters[right])) == 1
    assert clusters[0, 0] != clusters[0, -1]


def test_without_a_field_every_cell_stays_and_all_are_one_cluster() -> None:
    rows, columns = follow(np.zeros((2, HEIGHT, WIDTH), np.float32))
    np.testing.assert_array_equal(rows, np.mgrid[:HEIGHT, :WIDTH][0])
    np.testing.assert_array_equal(columns, np.mgrid[:HEIGHT, :WIDTH][1])
    assert set(clusters_of(np.zeros((2, HEIGHT, WIDTH), np.float32)).ravel()) == {1}


def test_the_field_is_read_between_cells_and_nothing_leaves_the_grid() -> None:
    field = np.zeros((2, 1, 4), np.float32)
    field[1, 0] = [0.5, 1.0, 10.0, 10.0]
    # 0 -> 0.5, where the field is 0.75 -> 1.25, where it is 3.25 -> 4.5, kept at 3.
    assert follow(field, steps=1)[1][0].tolist() == [0, 2, 3, 3]
    assert follow(field, steps=3)[1][0, 0] == 3


def two_squares() -> tuple[ClassMaps, np.ndarray, np.ndarray]:
    """Two squares of one class that touch at a line of edges, their maps, edges and field."""
    seeds = np.zeros((HEIGHT, WIDTH), np.float32)
    seeds[2:10, 2:10], seeds[2:10, 10:18] = 0.9, 0.8
    edges = np.zeros((HEIGHT, WIDTH), np.float32)
    edges[[1, 10], 1:19], edges[1:11, [1, 18]], edges[2:10, 10] = 1, 1, 1
    left, right = halves()
    return (
        ClassMaps((CLASS,), (HEIGHT * 4, WIDTH * 4), seeds[None]),
        edges,
        field_to({(5, 5): left, (5, 14): right}, share=1.0),
    )


def test_two_squares_of_one_class_that_touch_are_two_instances() -> None:
    maps, edges, field = two_squares()
    found = find_instances(maps, edges, field)
    assert found.class_indices == (CLASS, CLASS)
    assert found.scores[0] == pytest.approx(1.0)
    assert found.ids_hw.shape == (HEIGHT * 4, WIDTH * 4)
    numbers = {int(found.ids_hw[24, 20]), int(found.ids_hw[24, 60])}
    assert numbers == {1, 2}
    edges[2:10, 10] = 0
    assert len(find_instances(maps, edges, np.zeros_like(field)).class_indices) == 1


def test_a_made_scene_is_found_object_by_object_only_with_the_field() -> None:
    """AP50 and AP70 against the truth written out: both squares, or one mask of both."""
    maps, edges, field = two_squares()
    edges[2:10, 10] = 0  # nothing but the field tells the squares apart
    truth = []
    for left in (2, 10):
        pixels = np.zeros((HEIGHT, WIDTH), bool)
        pixels[2:10, left : left + 8] = True
        truth.append(TrueInstance(CLASS, pixels))
    at_grid = ClassMaps(maps.class_indices, (HEIGHT, WIDTH), maps.maps_khw)

    def average(share: float, follows: np.ndarray) -> float | None:
        # One step: a long walk spreads each seed evenly over both squares.
        found = find_instances(at_grid, edges, follows, log2_steps=0)
        precision = InstancePrecision(share)
        both = zip(found.class_indices, found.scores, strict=True)
        precision.add(
            [
                FoundInstance(index, found.ids_hw == number, score)
                for number, (index, score) in enumerate(both, 1)
            ],
            truth,
        )
        return precision.mean()

    assert [average(share, field) for share in (0.5, 0.7)] == [1.0, 1.0]
    assert [average(share, np.zeros_like(field)) for share in (0.5, 0.7)] == [0.5, 0.0]


def test_every_cluster_has_a_walk_of_its_own() -> None:
    """The strongest single walk wins, as a map for each class and cluster written out says."""
    maps, edges, field = two_squares()
    generator = np.random.default_rng(0)
    maps = ClassMaps((3, CLASS), maps.image_size, generator.random((2, HEIGHT, WIDTH)).astype(np.float32))
    edges = (0.3 * generator.random((HEIGHT, WIDTH))).astype(np.float32)
    clusters = clusters_of(field)
    walks, classes = [], []
    for index, seeds in zip(maps.class_indices, maps.maps_khw, strict=True):
        for number in np.unique(clusters):
            walks.append(random_walk((seeds * (clusters == number))[None], edges)[0])
            classes.append(index)
    at_grid = ClassMaps(maps.class_indices, (HEIGHT, WIDTH), maps.maps_khw)
    found = find_instances(at_grid, edges, field)
    shares = np.stack(walks) / np.max(walks)
    expected = np.where(shares.max(axis=0) > 0.25, np.array(classes)[shares.argmax(axis=0)], 0)
    table = np.array([0, *found.class_indices])
    shown = table[found.ids_hw]
    # Fragments below a hundredth of the picture (two cells) are left out.
    assert ((shown == expected) | (shown == 0)).all()
    assert (shown == expected).mean() > 0.9


def test_a_fragment_is_no_instance_and_empty_maps_have_none() -> None:
    _, edges, field = two_squares()
    small = np.zeros((1, HEIGHT, WIDTH), np.float32)
    small[0, 5, 5] = 1.0
    walled = np.ones_like(edges)
    walled[5, 5] = 0
    assert find_instances(ClassMaps((1,), (HEIGHT, WIDTH), small), walled, field).class_indices == ()
    assert find_instances(ClassMaps((1,), (HEIGHT, WIDTH), 0 * small), edges, field).class_indices == ()
    assert find_instances(ClassMaps((), (HEIGHT, WIDTH), small[:0]), edges, field).class_indices == ()


def test_a_class_mask_is_divided_among_its_instances_and_every_pixel_once() -> None:
    ids = np.zeros((6, 12), np.uint8)
    ids[1:4, 1:3], ids[1:4, 4:6], ids[0, 11] = 1, 2, 3
    mask = np.zeros((6, 12), np.uint8)
    mask[1:5, 0:7] = CLASS  # larger than both instances
    mask[1:3, 9:11] = CLASS  # touches none of them
    mask[5, 11] = 255
    mask[0, 11] = 3  # the third instance says another class here
    found = Instances(ids, (CLASS, CLASS, 7), (1.0, 0.9, 0.8))
    objects = in_class_mask(found, mask)
    assert [index for index, _ in objects] == [CLASS, CLASS, 3, CLASS]
    first, second, other, part = (pixels for _, pixels in objects)
    assert first[1:5, 0:3].all()
    assert second[1:5, 4:7].all()
    assert (first | second)[1:5, 3].all()
    assert other.sum() == 1
    assert part.sum() == 4
    np.testing.assert_array_equal(
        sum(pixels.astype(int) for _, pixels in objects), (mask % 255 > 0).astype(int)
    )


def test_renaming_the_instances_changes_only_their_order() -> None:
    ids = np.zeros((4, 8), np.uint8)
    ids[:, :3], ids[:, 5:] = 1, 2
    mask = np.full((4, 8), CLASS, np.uint8)
    swapped = np.array([0, 2, 1], np.uint8)[ids]
    found, other = (in_class_mask(Instances(one, (CLASS, CLASS), (1.0, 1.0)), mask) for one in (ids, swapped))
    np.testing.assert_array_equal(found[0][1], other[1][1])
    np.testing.assert_array_equal(found[1][1], other[0][1])


def test_stored_instances_come_back_and_other_files_are_refused(tmp_path) -> None:
    path = tmp_path / "a.safetensors"
    ids = np.arange(12, dtype=np.uint8).reshape(3, 4) % 3
    save_instances(path, Instances(ids, (CLASS, 7), (0.75, 0.5)))
    found = load_instances(path)
    np.testing.assert_array_equal(found.ids_hw, ids)
    assert (found.class_indices, found.scores) == ((CLASS, 7), (0.75, 0.5))
    save_instances(path, Instances(ids, (7,), (0.5,)))
    with pytest.raises(ArtifactError, match="do not fit together"):
        load_instances(path)
    save_maps(path, ClassMaps((1,), (3, 4), np.zeros((1, 3, 4), np.float32)))
    with pytest.raises(ArtifactError, match="not an instance file"):
        load_instances(path)
    with pytest.raises(ArtifactError, match="does not exist"):
        load_instances(tmp_path / "b.safetensors")
