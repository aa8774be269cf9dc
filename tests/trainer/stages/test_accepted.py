"""What accepted masks change in each stage, and that nothing changes without them."""

import json

import numpy as np
import pytest
import torch

from trainer.cams.trained import KIND
from trainer.data.augment import draw_view, label_tensor
from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.nn.encoders import EncoderSpec
from trainer.run.checkpoints import load_tensors
from trainer.run.map_storage import load_maps
from trainer.stage_graph import StageGraph
from trainer.stages import affinity, cams, classify, evaluate, pixels, segment

SPEC = EncoderSpec("x", (0.5,) * 3, (0.5,) * 3)


def accept(root, identifier="p1"):
    """A mask that neither the CAMs of `write_cams` nor the ground truth resemble."""
    mask = np.zeros((40, 60), np.uint8)
    mask[20:, 30:] = 2
    mask[:3] = 255
    write_mask(root / "accepted" / f"{identifier}.png", mask)
    return mask


@pytest.fixture
def root(make_voc):
    return make_voc(pictures=4)


def test_the_accepted_mask_is_the_label_of_affinitynet(make_context, root, write_cams):
    mask = accept(root)
    context = make_context(root=root)
    write_cams(context)
    affinity.make_labels(context)
    np.testing.assert_array_equal(read_mask(affinity.label_path(context.run_dir, "p1")), mask)
    assert read_mask(affinity.label_path(context.run_dir, "p3"))[15, 22] == 2


def test_the_segmentation_network_learns_the_accepted_mask_instead_of_the_pseudo_label(make_context, root):
    mask = accept(root)
    context = make_context(root=root)
    for image in context.dataset.images:
        write_mask(context.run_dir.pseudo_path(image.id), np.ones((40, 60), np.uint8))
    config = context.recipe.segment.view
    views = segment.pseudo_labelled(context.dataset, context.run_dir, config, SPEC)
    view = draw_view(np.random.default_rng(5), mask.shape, config)
    assert torch.equal(views.load(1, np.random.default_rng(5))["labels"], label_tensor(mask, view))
    assert set(views.load(0, np.random.default_rng(5))["labels"].unique().tolist()) <= {1, 255}


def test_self_training_sees_accepted_masks_more_often(make_context, root, write_cams, monkeypatch):
    seen = []
    train = pixels.train

    def note(context, training):
        seen.append(training.samples)
        return train(context, training)

    monkeypatch.setattr(pixels, "train", note)
    mask = accept(root)
    context = make_context("pixels.accepted_repeat=3", "pixels.epochs=0", root=root)
    write_cams(context)
    affinity.make_labels(context)
    pixels.run(context)
    assert [image.id for image in seen[0].dataset.images] == ["p0", "p1", "p2", "p3", "p1", "p1"]
    assert [image.id for image in context.dataset.images] == ["p0", "p1", "p2", "p3"]
    labels = seen[0].load(5, np.random.default_rng(0))["labels"]
    assert set(labels.unique().tolist()) <= set(np.unique(mask).tolist())


@pytest.mark.parametrize("has_masks", [False, True])
def test_how_often_they_are_seen_matters_only_where_there_are_any(make_context, root, has_masks):
    if has_masks:
        accept(root)

    def keys(times):
        context = make_context(f"pixels.accepted_repeat={times}", root=root)
        graph = StageGraph(context.recipe, context.dataset, context.run_dir)
        return {name: graph.key(name) for name in ("cams", "affinity", "pixels", "refine")}

    once, often = keys(1), keys(5)
    assert {name for name in once if once[name] != often[name]} == (
        {"pixels", "refine"} if has_masks else set()
    )


def test_views_of_picture_and_mask_match(make_context, root):
    # The square of the picture is the mask: in every view its cells are where the square's colour is.
    square = read_mask(root / "SegmentationClass" / "p1.png")
    write_mask(root / "accepted" / "p1.png", square)
    context = make_context(root=root)
    stride = classify.mask_stride(context)
    views = classify.TaggedViews(context.dataset, context.recipe.classify.view, SPEC, stride)
    for seed in range(6):
        sample = views.load(1, np.random.default_rng(seed))
        full = classify.TaggedViews(context.dataset, context.recipe.classify.view, SPEC, 1)
        inside = full.load(1, np.random.default_rng(seed))["coverage"][2] > 0
        red = (sample["images"][0] - (200 / 255 - 0.5) / 0.5).abs()
        assert red[inside].median() < 0.02
        assert sample["coverage"].shape == (3, 64 // stride, 64 // stride)
        assert sample["coverage"][2].sum() * stride**2 == pytest.approx(inside.sum().item())


def test_a_picture_without_a_mask_has_no_coverage(make_context, root):
    accept(root)
    context = make_context(root=root)
    views = classify.TaggedViews(
        context.dataset, context.recipe.classify.view, SPEC, classify.mask_stride(context)
    )
    assert views.load(0, np.random.default_rng(0))["coverage"].abs().sum() == 0


def test_the_pixel_term_is_logged_and_changes_the_classifier(make_context, root, events_of, one_thread):
    settings = ("classify.head_init=random", "classify.optimizer.learning_rate=1e-4")
    plain = make_context(*settings, root=root, run="plain")
    accept(root)
    with_mask = make_context(*settings, root=root, run="mask")
    without_term = make_context(*settings, "accepted_pixel_weight=0", root=root, run="off")
    for context in (plain, with_mask, without_term):
        classify.run(context)
    weights = [
        load_tensors(context.run_dir.model_path("classify"), KIND).tensors
        for context in (plain, with_mask, without_term)
    ]
    assert "pixel" in events_of(with_mask, "step")[0]["losses"]
    assert "pixel" not in events_of(without_term, "step")[0]["losses"]
    assert all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])
    assert any(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_keys_are_those_of_the_tags_until_a_mask_is_accepted(make_context, root):
    def keys(*overrides):
        context = make_context(*overrides, root=root)
        graph = StageGraph(context.recipe, context.dataset, context.run_dir)
        return {name: graph.key(name) for name in ("classify", "cams", "affinity", "segment")}

    before = keys()
    assert keys("accepted_pixel_weight=3") == before
    accept(root)
    after = keys()
    assert all(after[name] != before[name] for name in before)
    assert keys("accepted_pixel_weight=3")["classify"] != after["classify"]
    tags_only = keys("accepted_pixel_weight=0")
    assert (tags_only["cams"], tags_only["affinity"] != before["affinity"]) == (before["cams"], True)


def test_pictures_with_an_accepted_mask_are_in_no_figure(make_context, root, write_cams):
    def rows(run):
        context = make_context("refine.use_walk=false", root=root, run=run)
        write_cams(context)
        for image in context.dataset.images:
            # p1 alone is right.
            truth = read_mask(root / "SegmentationClass" / f"{image.id}.png")
            write_mask(context.run_dir.pseudo_path(image.id), truth * (image.id == "p1"))
        (context.run_dir.path / "metrics.json").unlink(missing_ok=True)
        object.__setattr__(context, "inputs", {"refine": "key", "cams": "key"})
        evaluate.run(context)
        return json.loads(context.run_dir.metrics_path.read_text())

    before = rows("before")
    accept(root)
    after = rows("after")
    assert "accepted_left_out" not in before
    assert after["accepted_left_out"] == 1
    assert "1 pictures with an accepted mask" in after["note"]
    assert [row["pictures"] for row in before["rows"]] == [4, 4]
    assert [row["pictures"] for row in after["rows"]] == [3, 3]
    assert after["rows"][1]["honest"]["per_class"][2] == 0.0 < before["rows"][1]["honest"]["per_class"][2]


def cams_of(context):
    cams.run(context)
    return {
        image.id: load_maps(context.run_dir.cam_path(image.id)).maps_khw for image in context.dataset.images
    }


ZERO_SHOT = ("backbone.pretrained=true", "cams.zero_shot_share=1", "cams.scales=[1.0]")


def test_cams_can_take_what_accepted_masks_teach(make_context, make_voc):
    root = make_voc(pictures=4, size=(96, 112))
    for identifier in ("p0", "p2"):
        mask = np.zeros((96, 112), np.uint8)
        mask[24:49, 28:57] = 1
        write_mask(root / "accepted" / f"{identifier}.png", mask)
    plain = cams_of(make_context(*ZERO_SHOT, root=root, run="plain"))
    taught = cams_of(make_context(*ZERO_SHOT, "cams.learn_from_accepted=true", root=root, run="taught"))
    assert not np.array_equal(taught["p0"], plain["p0"])
    np.testing.assert_array_equal(taught["p1"], plain["p1"])  # no accepted mask shows a dog


def test_without_accepted_masks_cams_that_may_learn_from_them_are_the_same(make_context, root):
    plain = cams_of(make_context(*ZERO_SHOT, root=root, run="plain"))
    taught = cams_of(make_context(*ZERO_SHOT, "cams.learn_from_accepted=true", root=root, run="taught"))
    for identifier, maps_khw in plain.items():
        np.testing.assert_array_equal(taught[identifier], maps_khw)
