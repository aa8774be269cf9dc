"""Stage 6 trains on pseudo-labels and segments another split."""

import numpy as np
import pytest
import torch
from torch import nn

from trainer.data.ground_truth import read_mask
from trainer.data.images import read_rgb
from trainer.data.masks import write_mask
from trainer.data.saliency import spectral_residual
from trainer.errors import TrainerUsageError
from trainer.masks.crf import crf_available
from trainer.models.segmentation import load_segmentation_model
from trainer.nn.encoders import build_encoder
from trainer.stages import segment
from trainer.stages.seeds import seeded


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


@pytest.mark.skipif(not crf_available().available, reason="pydensecrf2 is not installed")
def test_dsrg_learns_seeds_of_the_cams_and_accepted_masks_instead_of_pseudo_labels(
    make_context, make_voc, write_cams
):
    root = make_voc(pictures=2)
    write_mask(root / "accepted" / "p1.png", np.full((40, 60), 2, np.uint8))
    context = make_context("segment.method=dsrg", root=root)
    write_cams(context)
    seeds = seeded(context, build_encoder("lite0").spec)
    of_cams, accepted = (seeds.labels_of(image) for image in context.dataset.images)
    assert of_cams.shape == (10, 15)
    assert (of_cams[2:6, 3:8] == context.dataset.images[0].tags[0]).all()
    assert of_cams[0, 0] == 0  # no CAM is there
    assert of_cams[1, 2] == 255  # 0.2 is between both thresholds
    assert (accepted == 2).all()
    assert set(segment.run(context).summary["losses"]) == {"loss", "seed", "boundary"}


def test_dsrg_without_a_seed_says_so_before_it_trains(make_context, write_cams):
    context = make_context("segment.method=dsrg", "affinity.foreground_threshold=0.95")
    write_cams(context)
    with pytest.raises(
        TrainerUsageError, match=r"no CAM exceeds affinity\.foreground_threshold = 0\.95; lower"
    ):
        segment.run(context)


def test_dsrg_takes_background_from_saliency_where_there_is_a_source(make_context, make_voc, write_cams):
    context = make_context("segment.method=dsrg", "saliency.source=classical", root=make_voc(pictures=1))
    write_cams(context)
    image = context.dataset.images[0]
    seeds = seeded(context, build_encoder("lite0").spec).labels_of(image)
    salient = spectral_residual(read_rgb(image.path))
    cells = salient.reshape(10, 4, 15, 4).mean(axis=(1, 3))
    free = seeds != image.tags[0]
    assert np.array_equal(seeds[free] == 0, cells[free] < 0.06)
