"""Stage 3 makes labels and an edge branch, from CAMs alone."""

import numpy as np
import pytest
import torch

from trainer.data.ground_truth import read_mask
from trainer.data.images import read_rgb
from trainer.errors import TrainerUsageError
from trainer.models.edges import KIND, EdgeModel, load_edge_model
from trainer.nn.encoders import EncoderSpec
from trainer.recipes import load_recipe
from trainer.run.checkpoints import load_tensors
from trainer.stages import affinity


def test_labels_and_a_trained_branch_are_stored(make_context, write_cams):
    context = make_context()
    write_cams(context)
    result = affinity.run(context)
    labels = read_mask(affinity.label_path(context.run_dir, "p1"))
    assert labels.shape == (40, 60)
    assert labels[15, 22] == 2
    assert labels[38, 58] == 0
    assert result.summary["steps"] == 1
    assert load_tensors(context.run_dir.model_path("affinity"), KIND).header["backbone"] == "lite0"


def test_a_run_without_affinity_does_nothing(make_context):
    context = make_context("affinity.enabled=false")
    assert "affinity.enabled" in (affinity.run(context).skipped or "")
    assert not context.run_dir.model_path("affinity").exists()


def test_labels_of_an_attempt_that_was_cut_off_are_kept(make_context, write_cams):
    context = make_context()
    write_cams(context)
    affinity.make_labels(context)
    kept = affinity.label_path(context.run_dir, "p0")
    kept.write_bytes(affinity.label_path(context.run_dir, "p1").read_bytes())
    affinity.label_path(context.run_dir, "p2").unlink()
    affinity.make_labels(context)
    assert read_mask(kept).max() == read_mask(affinity.label_path(context.run_dir, "p1")).max()
    assert affinity.label_path(context.run_dir, "p2").is_file()


@pytest.mark.parametrize("displacement", ["false", "true"])
def test_a_cut_off_training_ends_with_the_weights_of_an_uninterrupted_one(
    make_context, monkeypatch, one_thread, write_cams, displacement
):
    settings = ("affinity.epochs=3", "affinity.batch_size=2", f"affinity.displacement={displacement}")
    whole = make_context(*settings, run="whole")
    cut = make_context(*settings, run="cut", root=whole.dataset.root)
    for context in (whole, cut):
        write_cams(context)
    affinity.run(whole)

    step, calls = affinity.AffinityStep.forward, []

    def dies(self, batch, progress):
        calls.append(progress)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return step(self, batch, progress)

    monkeypatch.setattr(affinity.AffinityStep, "forward", dies)
    with pytest.raises(KeyboardInterrupt):
        affinity.run(cut)
    affinity.run(cut)
    weights = [load_tensors(context.run_dir.model_path("affinity"), KIND).tensors for context in (whole, cut)]
    assert len(calls) == 5 + 2
    for name, tensor in weights[0].items():
        assert torch.equal(tensor, weights[1][name]), name
    assert ("displacement.mean" in weights[0]) == (displacement == "true")


def test_the_mean_displacement_of_the_training_pictures_is_subtracted(make_context, write_cams):
    context = make_context("affinity.displacement=true")
    write_cams(context)
    result = affinity.run(context)
    assert result.summary["losses"]["field_object"] > 0
    model = load_edge_model(context.run_dir.model_path("affinity"), "cpu")
    assert isinstance(model, EdgeModel)
    assert model.has_displacements
    sums = [
        model.displacements(read_rgb(image.path), (10, 15)).mean(axis=(1, 2))
        for image in context.dataset.images
    ]
    raw = load_tensors(context.run_dir.model_path("affinity"), KIND).tensors["displacement.mean"]
    assert raw.abs().max() > 0
    np.testing.assert_allclose(np.mean(sums, axis=0), 0, atol=0.1 * float(raw.abs().max()) + 1e-4)


def test_psa_has_no_displacements():
    with pytest.raises(TrainerUsageError, match=r"needs affinity\.method = irn"):
        load_recipe("tiny", ("affinity.displacement=true", "affinity.method=psa"))


@pytest.mark.parametrize("crop", [64, 50, 17])
def test_views_carry_labels_on_the_grid_of_the_edges(make_context, crop, write_cams):
    context = make_context(f"affinity.view.crop={crop}")
    write_cams(context)
    affinity.make_labels(context)
    views = affinity.confidently_labelled(
        context.dataset,
        context.run_dir,
        context.recipe.affinity.view,
        EncoderSpec("x", (0.5,) * 3, (0.5,) * 3),
    )
    sample = views.load(0, np.random.default_rng(0))
    cells = -(-crop // 4)
    assert sample["images"].shape == (3, crop, crop)
    assert sample["labels"].shape == (cells, cells)
    assert set(np.unique(sample["labels"])) <= {0, 1, 255}
