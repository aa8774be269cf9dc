"""Later rounds: the segmentation network of the round before, held to the tags, labels the pictures again."""

import numpy as np
import pytest
import torch

from tests.trainer.stages.test_refine import write_edge_model
from trainer.data.augment import draw_view, label_tensor
from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.masks.walked_maps import walked_maps
from trainer.models.edges import load_edge_model
from trainer.models.segmentation import load_segmentation_model, save_segmentation_network
from trainer.nn.encoders import EncoderSpec, build_encoder
from trainer.nn.segmentation import SegmentationNetwork
from trainer.run.map_storage import ClassMaps, load_maps
from trainer.stage_graph import StageGraph, stage_module
from trainer.stages import relabel, segment

ROUNDS = ("rounds=2", "relabel.scales=[1.0]", "relabel.flip=false")


def write_network(context, stage="segment", favoured=None):
    """A network with random weights; with `favoured`, one that gives every pixel this class."""
    torch.manual_seed(0)
    network = SegmentationNetwork(build_encoder("lite0"), context.dataset.class_count + 1).eval()
    if favoured is not None:
        torch.nn.init.zeros_(network.head[0].weight)
        torch.nn.init.zeros_(network.head[0].bias)
        network.head[0].bias.data[favoured] = 8.0
    path = context.run_dir.model_path(stage)
    save_segmentation_network(path, network, context.recipe, context.dataset.class_names)


def test_every_picture_gets_maps_and_a_pseudo_label_of_its_tags(make_context):
    context = make_context(*ROUNDS)
    write_network(context)
    write_edge_model(context)
    assert relabel.run(context, 2).summary == {"pictures": 4, "random_walk": True}
    for image in context.dataset.images:
        maps = load_maps(context.run_dir.final_path(image.id, 2))
        assert (maps.class_indices, maps.image_size, maps.maps_khw.shape) == (
            image.tags,
            (40, 60),
            (1, 10, 15),
        )
        labels = read_mask(context.run_dir.pseudo_path(image.id, 2))
        assert labels.shape == (40, 60)
        assert set(np.unique(labels)) <= {0, *image.tags}
    assert not context.run_dir.pseudo_path("p0").exists(), "the labels of round 1 are other files"


def test_a_class_without_a_tag_is_ruled_out_however_probable(make_context):
    context = make_context(*ROUNDS, "relabel.use_walk=false", "refine.use_crf=false")
    write_network(context, favoured=2)
    relabel.run(context, 2)
    # p0 is tagged with class 1 alone, which is as probable as background; p1 with class 2.
    np.testing.assert_allclose(load_maps(context.run_dir.final_path("p0", 2)).maps_khw, 0.5, atol=1e-3)
    assert read_mask(context.run_dir.pseudo_path("p1", 2)).min() == 2


def test_the_maps_walk_along_the_edges_of_the_run_and_background_walks_too(make_context):
    context = make_context(*ROUNDS, "refine.walk_background=false")
    write_network(context)
    write_edge_model(context)
    relabel.run(context, 2)
    image = context.dataset.images[1]
    network = load_segmentation_model(context.run_dir.model_path("segment"), context.device)
    edges = load_edge_model(context.run_dir.model_path("affinity"), context.device)
    from trainer.data.images import read_rgb

    picture = read_rgb(image.path)
    maps = ClassMaps(image.tags, (40, 60), network.tag_maps(picture, image.tags, scales=(1.0,), flip=False))
    config = context.recipe.refine.model_copy(update={"walk_background": True})
    expected = walked_maps(maps, edges.edges(picture, (10, 15)), config).maps_khw
    np.testing.assert_allclose(
        load_maps(context.run_dir.final_path(image.id, 2)).maps_khw, expected, atol=1e-3
    )


def test_a_third_round_reads_the_network_of_the_second(make_context):
    context = make_context("rounds=3", "relabel.use_walk=false", "refine.use_crf=false")
    write_network(context, favoured=0)
    write_network(context, "segment-2", favoured=2)
    relabel.run(context, 3)
    assert read_mask(context.run_dir.pseudo_path("p1", 3)).min() == 2


def test_pictures_that_an_earlier_attempt_finished_are_kept(make_context):
    context = make_context(*ROUNDS, "relabel.use_walk=false")
    write_network(context)
    write_mask(context.run_dir.pseudo_path("p0", 2), np.full((40, 60), 1, np.uint8))
    relabel.run(context, 2)
    assert read_mask(context.run_dir.pseudo_path("p0", 2)).min() == 1
    assert context.run_dir.pseudo_path("p3", 2).is_file()


def test_in_every_round_the_network_learns_the_accepted_mask(make_context, make_voc):
    root = make_voc(pictures=4)
    mask = np.zeros((40, 60), np.uint8)
    mask[20:, 30:] = 2
    write_mask(root / "accepted" / "p1.png", mask)
    context = make_context(*ROUNDS, root=root)
    for image in context.dataset.images:
        write_mask(context.run_dir.pseudo_path(image.id, 2), np.ones((40, 60), np.uint8))
    config, spec = context.recipe.segment.view, EncoderSpec("x", (0.5,) * 3, (0.5,) * 3)
    views = segment.pseudo_labelled(context.dataset, context.run_dir, config, spec, 2)
    view = draw_view(np.random.default_rng(5), mask.shape, config)
    assert torch.equal(views.load(1, np.random.default_rng(5))["labels"], label_tensor(mask, view))
    assert set(views.load(0, np.random.default_rng(5))["labels"].unique().tolist()) <= {1, 255}


def test_a_new_accepted_mask_repeats_the_training_of_every_round(make_context, make_voc):
    root = make_voc(pictures=4)

    def keys():
        context = make_context(*ROUNDS, "accepted_pixel_weight=0", root=root)
        graph = StageGraph(context.recipe, context.dataset, context.run_dir)
        return {name: graph.key(name) for name in ("segment", "relabel-2", "segment-2")}

    before = keys()
    write_mask(root / "accepted" / "p1.png", np.zeros((40, 60), np.uint8))
    after = keys()
    assert all(after[name] != before[name] for name in before)


@pytest.mark.parametrize("number", [2, 3])
def test_each_round_has_files_of_its_own(number):
    made = {
        one
        for round_number in range(2, number + 1)
        for name in ("relabel", "segment")
        for one in stage_module(f"{name}-{round_number}").MAKES
    }
    assert len(made) == 4 * (number - 1)
    assert not made & {*stage_module("segment").MAKES, *stage_module("refine").MAKES}
