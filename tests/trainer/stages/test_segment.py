"""Stage 6 trains on pseudo-labels and segments another split."""

import numpy as np
import pytest
import torch
from torch import nn

from trainer.data.ground_truth import read_mask
from trainer.data.masks import write_mask
from trainer.models.segmentation import load_segmentation_model
from trainer.stages import segment


def write_pseudo_labels(context, size=(40, 60)):
    for image in context.dataset.images:
        labels = np.zeros(size, np.uint8)
        labels[10:21, 15:31] = image.tags[0]
        write_mask(context.run_dir.pseudo_path(image.id), labels)


def test_the_network_is_stored_and_the_other_split_is_segmented(make_context, make_voc):
    root = make_voc(pictures=4)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("p0\np3\n")
    context = make_context(root=root)
    write_pseudo_labels(context)
    summary = segment.run(context).summary
    assert (summary["steps"], summary["predicted"], summary["predict_split"]) == (1, 2, "val")
    assert load_segmentation_model(context.run_dir.model_path("segment"), "cpu").class_names == ("cat", "dog")
    prediction = read_mask(context.run_dir.prediction_path("val", "p3"))
    assert prediction.shape == (40, 60)
    assert prediction.max() <= 2
    assert not context.run_dir.prediction_path("val", "p1").exists()


def test_predictions_of_an_attempt_that_was_cut_off_are_kept(make_context, make_voc):
    root = make_voc(pictures=2)
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("p0\np1\n")
    context = make_context("segment.use_crf=false", root=root)
    write_pseudo_labels(context)
    write_mask(context.run_dir.prediction_path("val", "p0"), np.full((40, 60), 2, np.uint8))
    segment.run(context)
    assert read_mask(context.run_dir.prediction_path("val", "p0")).min() == 2
    assert context.run_dir.prediction_path("val", "p1").is_file()


def test_a_dataset_without_the_other_split_is_trained_on_all_the_same(make_context, events_of):
    context = make_context()
    write_pseudo_labels(context)
    result = segment.run(context)
    assert result.summary["predicted"] == 0
    assert result.left_out is not None
    assert "segmenting pictures was skipped, because the split 'val'" in result.left_out
    assert "No pictures are segmented" in events_of(context, "warning")[0]["message"]


def test_an_unreadable_picture_of_the_other_split_is_skipped_and_said(make_context, make_voc, events_of):
    root = make_voc(pictures=3)
    (root / "ImageSets" / "Segmentation" / "train.txt").write_text("p0\np1\n")
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("p2\n")
    context = make_context(root=root)
    write_pseudo_labels(context)
    (root / "JPEGImages" / "p2.png").write_bytes(b"no picture")
    segment.run(context)
    assert "p2" in events_of(context, "images_skipped")[0]["reasons"]


def test_a_run_without_segmentation_does_nothing(make_context):
    assert "segment.enabled" in (segment.run(make_context("segment.enabled=false")).skipped or "")


class Fixed(nn.Module):
    """Says the same logits of every picture."""

    def __init__(self, logits):
        super().__init__()
        self.logits = nn.Parameter(logits)

    def forward(self, images):
        return self.logits.expand(len(images), -1, *images.shape[-2:])


def test_the_loss_is_the_mean_cross_entropy_of_labelled_pixels():
    step = segment.SegmentationStep(Fixed(torch.zeros(1, 4, 1, 1)))
    labels = torch.tensor([[[0, 255], [3, 255]]])
    loss = step({"images": torch.zeros(1, 3, 2, 2), "labels": labels}, 0.0)["loss"]
    assert loss.item() == pytest.approx(np.log(4))


def test_a_batch_without_labelled_pixels_is_no_division_by_zero():
    step = segment.SegmentationStep(Fixed(torch.zeros(1, 4, 1, 1)))
    batch = {"images": torch.zeros(1, 3, 2, 2), "labels": torch.full((1, 2, 2), 255)}
    loss = step(batch, 0.0)["loss"]
    loss.backward()
    assert loss.item() == 0.0


def test_classes_that_are_probable_nowhere_are_left_out():
    logits = torch.tensor([[[5.0, 0.0]], [[-5.0, -9.0]], [[0.0, 4.0]]])
    labels, probabilities = segment.probable_classes(logits)
    assert labels == (0, 2)
    np.testing.assert_allclose(probabilities, logits.softmax(0)[[0, 2]], atol=1e-3)
