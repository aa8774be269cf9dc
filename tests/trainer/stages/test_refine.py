"""Stage 5 makes pseudo-labels: random walk, threshold, CRF."""

import numpy as np
import pytest
import torch

from trainer.data.ground_truth import read_mask
from trainer.errors import ArtifactError
from trainer.masks.random_walk import random_walk
from trainer.models.edges import save_edge_network
from trainer.nn.affinity import EdgeNetwork
from trainer.nn.encoders import build_encoder
from trainer.run.instance_storage import load_instances
from trainer.run.map_storage import ClassMaps, load_maps, save_maps
from trainer.stages import refine


def write_edge_model(context, bias=0.0):
    torch.manual_seed(0)
    network = EdgeNetwork(build_encoder("lite0"))
    torch.nn.init.constant_(network.edge.bias, bias)
    save_edge_network(context.run_dir.model_path("affinity"), network, context.recipe)


def test_every_picture_gets_walked_maps_and_a_pseudo_label(make_context, write_cams):
    context = make_context()
    write_cams(context)
    write_edge_model(context)
    assert refine.run(context).summary == {"pictures": 4, "random_walk": True}
    for image in context.dataset.images:
        walked = load_maps(context.run_dir.walk_path(image.id))
        assert walked.class_indices == image.tags
        assert walked.maps_khw.max() == pytest.approx(1.0, abs=1e-3)
        labels = read_mask(context.run_dir.pseudo_path(image.id))
        assert labels.shape == (40, 60)
        assert set(np.unique(labels)) <= {0, *image.tags}


def test_with_a_displacement_field_every_picture_gets_instances(make_context, write_cams):
    context = make_context("affinity.displacement=true", "saliency.source=classical")
    write_cams(context)
    torch.manual_seed(0)
    network = EdgeNetwork(build_encoder("lite0"), displacement=True)
    save_edge_network(context.run_dir.model_path("affinity"), network, context.recipe)
    assert refine.run(context).summary["saliency"] == "classical"
    for image in context.dataset.images:
        found = load_instances(context.run_dir.instances_path(image.id))
        assert found.ids_hw.shape == (40, 60)
        assert set(found.class_indices) <= set(image.tags)
    tagged = next(image for image in context.dataset.images if image.tags)
    assert load_instances(context.run_dir.instances_path(tagged.id)).ids_hw.any()


def test_walked_maps_are_the_walk_over_the_maximum_of_all_classes(make_context):
    generator = np.random.default_rng(0)
    cams = generator.random((2, 6, 7), dtype=np.float32) * np.array([1.0, 0.3], np.float32)[:, None, None]
    edges = generator.random((6, 7), dtype=np.float32)
    config = make_context("refine.log2_steps=8").recipe.refine
    walked = refine.walked_maps(ClassMaps((3, 9), (24, 28), cams), edges, config)
    expected = random_walk(cams, edges)
    np.testing.assert_allclose(walked.maps_khw, expected / expected.max(), rtol=1e-3)
    assert walked.class_indices == (3, 9)


def test_where_background_walks_too_it_competes_with_the_classes(make_context):
    generator = np.random.default_rng(0)
    shares = generator.dirichlet([1.0, 1.0, 1.0], (6, 7)).transpose(2, 0, 1).astype(np.float32)
    maps = shares[1:] / (shares[1:] + shares[:1])
    edges = generator.random((6, 7), dtype=np.float32)
    config = make_context("refine.walk_background=true", "refine.log2_steps=8").recipe.refine
    walked = refine.walked_maps(ClassMaps((3, 9), (24, 28), maps), edges, config).maps_khw
    expected = random_walk(shares, edges)
    np.testing.assert_allclose(walked, expected[1:] / (expected[1:] + expected[0]), atol=1e-3)
    seen = np.concatenate((np.full((1, 6, 7), 0.5), walked)).argmax(axis=0)
    np.testing.assert_array_equal(seen, expected.argmax(axis=0))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_background_walks_where_a_map_is_certain(make_context, value):
    config = make_context("refine.walk_background=true").recipe.refine
    maps = ClassMaps((1, 2), (8, 8), np.full((2, 4, 4), value, np.float32))
    walked = refine.walked_maps(maps, np.zeros((4, 4), np.float32), config).maps_khw
    np.testing.assert_allclose(walked, value, atol=1e-3)
    empty = ClassMaps((), (8, 8), np.zeros((0, 4, 4), np.float32))
    assert refine.walked_maps(empty, np.zeros((4, 4), np.float32), config).maps_khw.shape == (0, 4, 4)


def test_without_the_walk_the_cams_are_thresholded(make_context, write_cams):
    context = make_context("refine.use_walk=false", "refine.use_crf=false")
    write_cams(context)
    assert refine.run(context).summary["random_walk"] is False
    labels = read_mask(context.run_dir.pseudo_path("p1"))
    assert labels[15, 22] == 2
    assert labels[2, 2] == 0
    assert not context.run_dir.walk_path("p1").exists()


def test_finished_pictures_are_not_touched_again(make_context, write_cams):
    context = make_context("refine.use_walk=false")
    write_cams(context)
    refine.run(context)
    kept = context.run_dir.pseudo_path("p0")
    kept.write_bytes(b"kept")
    context.run_dir.pseudo_path("p1").unlink()
    refine.run(context)
    assert kept.read_bytes() == b"kept"
    assert read_mask(context.run_dir.pseudo_path("p1")).shape == (40, 60)


def test_a_picture_without_tags_is_background(make_context, make_voc, write_cams):
    root = make_voc(pictures=2)
    tags = root / "tags.csv"
    tags.write_text(tags.read_text().replace("p0.png,cat", "p0.png,"))
    context = make_context(root=root)
    write_cams(context)
    write_edge_model(context)
    refine.run(context)
    assert read_mask(context.run_dir.pseudo_path("p0")).max() == 0


def test_a_picture_of_one_pixel_gets_a_pseudo_label(make_context, make_voc):
    context = make_context(root=make_voc(pictures=2, size=(1, 1)))
    for image in context.dataset.images:
        save_maps(
            context.run_dir.cam_path(image.id), ClassMaps(image.tags, (1, 1), np.ones((1, 1, 1), np.float32))
        )
    write_edge_model(context, bias=-3.0)
    refine.run(context)
    assert read_mask(context.run_dir.pseudo_path("p0")).tolist() == [[1]]


def test_a_damaged_cam_file_is_named(make_context, write_cams):
    context = make_context("refine.use_walk=false")
    write_cams(context)
    context.run_dir.cam_path("p2").write_bytes(b"broken")
    with pytest.raises(ArtifactError, match=r"p2\.safetensors is damaged"):
        refine.run(context)


@pytest.mark.parametrize(("share", "expected"), [("0", [9, 0]), ("0.001", [0, 0])])
def test_pseudo_labels_have_no_pieces_below_the_recipes_share(make_context, share, expected):
    context = make_context(
        "affinity.enabled=false", "refine.use_crf=false", f"refine.min_piece_share={share}"
    )
    maps = np.zeros((1, 40, 60), dtype=np.float32)
    maps[0, 3, 3] = 1.0
    for image in context.dataset.images:
        save_maps(context.run_dir.seed_path(image.id), ClassMaps((9,), (40, 60), maps))
    refine.run(context)
    labels = read_mask(context.run_dir.pseudo_path(context.dataset.images[0].id))
    assert labels[[3, 20], [3, 20]].tolist() == expected
