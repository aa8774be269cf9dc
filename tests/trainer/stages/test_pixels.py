"""Stage 4 learns the confident labels and gives maps that correct the CAMs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from trainer.data.masks import write_mask
from trainer.models.pixels import load_pixel_model
from trainer.nn.encoders import build_encoder
from trainer.nn.pixels import PixelNetwork
from trainer.run.map_storage import load_maps
from trainer.stages import affinity, pixels, refine


def write_labels(context, labels):
    for image in context.dataset.images:
        write_mask(affinity.label_path(context.run_dir, image.id), labels)


def test_it_learns_what_the_confident_labels_show(make_context, write_cams):
    context = make_context("pixels.epochs=25", "pixels.optimizer.learning_rate=0.005")
    write_cams(context)
    for image in context.dataset.images:
        shown = 1 if image.tags[0] == 1 else 0  # all of the first class, of the other nothing but background
        write_mask(affinity.label_path(context.run_dir, image.id), np.full((40, 60), shown, np.uint8))

    summary = pixels.run(context).summary

    assert summary["pictures"] == len(context.dataset)
    for image in context.dataset.images:
        stored = load_maps(context.run_dir.pixels_path(image.id))
        cam = load_maps(context.run_dir.cam_path(image.id))
        assert stored.class_indices == cam.class_indices
        assert stored.maps_khw.shape == cam.maps_khw.shape
        assert context.run_dir.seed_path(image.id) == context.run_dir.pixels_path(image.id)
        assert (stored.maps_khw[0].mean() > 0.5) == (image.tags[0] == 1)
    assert {image.tags[0] for image in context.dataset.images} == {1, 2}


def test_without_affinity_there_are_no_labels_and_nothing_is_done(make_context):
    context = make_context("affinity.enabled=false")
    assert "affinity.enabled" in (pixels.run(context).skipped or "")
    assert context.run_dir.seed_path("p0") == context.run_dir.cam_path("p0")


def test_maps_of_an_attempt_that_was_cut_off_are_kept(make_context, write_cams):
    context = make_context("pixels.epochs=0")
    write_cams(context)
    write_labels(context, np.zeros((40, 60), np.uint8))
    pixels.run(context)
    kept = context.run_dir.pixels_path("p0")
    before = kept.stat().st_mtime_ns
    context.run_dir.pixels_path("p1").unlink()
    pixels.run(context)
    assert kept.stat().st_mtime_ns == before
    assert context.run_dir.pixels_path("p1").is_file()


def test_a_picture_without_one_confident_pixel_has_no_loss():
    step = pixels.PixelStep(PixelNetwork(build_encoder("lite0"), 3))
    nothing = torch.full((1, 16, 16), 255, dtype=torch.uint8)
    batch = {"images": torch.zeros(1, 3, 64, 64), "labels": nothing, "possible": torch.ones(1, 3) > 0}
    assert step(batch, 0.0)["loss"] == 0


def test_a_pixel_is_told_from_the_classes_of_its_picture_alone():
    torch.manual_seed(0)
    network = PixelNetwork(build_encoder("lite0"), 4).eval()
    step = pixels.PixelStep(network)
    images = torch.randn(2, 3, 64, 64)
    labels = torch.zeros(2, 16, 16, dtype=torch.uint8)
    labels[0, :8], labels[1, :, :8] = 2, 255
    possible = torch.tensor([[True, False, True, False], [True, True, False, False]])
    batch = {"images": images, "labels": labels, "possible": possible}
    loss = step(batch, 0.0)["loss"]

    logits = network(images).double()
    expected = [
        logits[number, classes].softmax(dim=0).log()[classes.index(int(label)), row, column]
        for number, classes in enumerate(([0, 2], [0, 1]))
        for row, column in np.ndindex(16, 16)
        if (label := labels[number, row, column]) != 255
    ]
    assert loss.item() == pytest.approx(-torch.stack(expected).mean().item(), rel=1e-5)

    loss.backward()
    assert network.head.bias.grad[3] == 0, "no picture can show it"


def test_views_say_which_classes_a_picture_can_show(make_context):
    context = make_context()
    number, image = next((n, one) for n, one in enumerate(context.dataset.images) if one.tags == (1,))
    labels = np.zeros((40, 60), np.uint8)
    write_mask(affinity.label_path(context.run_dir, image.id), labels)
    labels[5, 5], labels[6, 6] = 255, 2  # a person found a class that is no tag
    views = affinity.confidently_labelled(
        context.dataset, context.run_dir, context.recipe.pixels.view, build_encoder("lite0").spec
    )
    assert views.load(number, np.random.default_rng(0))["possible"].tolist() == [True, True, False]
    write_mask(affinity.label_path(context.run_dir, image.id), labels)
    assert views.load(number, np.random.default_rng(0))["possible"].tolist() == [True, True, True]


def test_only_what_lies_on_the_encoder_is_trained():
    network = PixelNetwork(build_encoder("lite0"), 3).train()
    trained = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    assert trained
    assert not [name for name in trained if name.startswith("encoder.")]
    assert not network.encoder.training


@pytest.mark.parametrize("size", [(1, 1), (33, 70), (64, 64)])
def test_pictures_of_any_size_get_a_logit_every_four_pixels(size):
    network = PixelNetwork(build_encoder("lite0"), 3).eval()
    logits = network(torch.zeros(1, 3, *size))
    assert logits.shape == (1, 3, -(-size[0] // 4), -(-size[1] // 4))


def test_maps_compare_tags_with_background_alone(make_context, write_cams):
    context = make_context("pixels.epochs=0")
    write_cams(context)
    write_labels(context, np.zeros((40, 60), np.uint8))
    pixels.run(context)
    model = load_pixel_model(context.run_dir.model_path("pixels"), "cpu")
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    both = model.maps(picture, [1, 2], (10, 15))
    np.testing.assert_allclose(both[1:], model.maps(picture, [2], (10, 15)), atol=1e-5)
    assert model.maps(picture, [], (10, 15)).shape == (0, 10, 15)


def test_the_walk_starts_from_the_self_trained_maps(make_context, write_cams):
    context = make_context("refine.use_walk=false", "refine.use_crf=false", "refine.background_threshold=0.5")
    write_cams(context)
    write_labels(context, np.zeros((40, 60), np.uint8))
    pixels.run(context)
    refine.run(context)
    from trainer.data.ground_truth import read_mask
    from trainer.data.images import read_rgb
    from trainer.masks.pseudo_labels import PseudoLabelConfig, pseudo_label

    image = context.dataset.images[0]
    maps = load_maps(context.run_dir.pixels_path(image.id))
    config = PseudoLabelConfig(background_threshold=0.5, use_crf=False)
    expected = pseudo_label(read_rgb(image.path), maps.maps_khw, maps.class_indices, config)
    np.testing.assert_array_equal(read_mask(context.run_dir.pseudo_path(image.id)), expected)
