"""Facts about model, classes and losses for the headers of the Lab's answers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from puzzlecam_app.bounds import bounds_of
from puzzlecam_app.lab.headers import ClassFacts, LossFacts, ModelFacts, PuzzleHeader, WalkFacts, WalkIn
from puzzlecam_app.lab.looking import PictureLook
from puzzlecam_app.live.view import NOTHING_LEARNED, LiveView
from trainer.contract import RUN_KIND

if TYPE_CHECKING:
    from trainer.cams.inspection import PuzzleLook
    from trainer.models.proposal import ProposalModel


def model_facts(model: ProposalModel) -> ModelFacts:
    """The model and its settings, and a sentence for each part that it lacks."""
    from puzzlecam_app.lab.taught import TaughtModel
    from trainer.masks.crf import CrfConfig, crf_available

    refinement, crf = model.refinement, crf_available()
    is_run = model.identity.startswith(RUN_KIND)
    walk = model.walk.config if model.walk else None
    taught = model if isinstance(model, TaughtModel) else None
    prior_walk = taught.prior.walk if taught else model.walk
    if walk:
        no_walk = None
    elif prior_walk:
        no_walk = "The live model starts from a run's maps after the random walk, with the run's settings."
    elif is_run:
        no_walk = (
            "This run has no AffinityNet, so there is no edge map and no random walk. Train a run with "
            "affinity.enabled = true and wait until its stage affinity is done."
        )
    else:
        no_walk = (
            "The zero-shot model has no edge map and no random walk: these have to be trained. Start a run "
            "on the Runs page, then choose it under Model."
        )
    return ModelFacts(
        identity=model.identity,
        title=_title(taught.knowledge.masks if taught else None, is_run=is_run),
        is_trained=is_run,
        threshold=refinement.background_threshold,
        scales=sorted(model.sources.config.scales),
        flip=model.sources.config.flip,
        max_side=model.sources.config.max_side,
        tiles_per_side=model.loss.tiles_per_side if model.loss else model.sources.config.tiles_per_side,
        affinity_power=model.sources.first.affinity_power,
        shares=[source.share for source in model.sources.all],
        crf=refinement.crf if refinement.use_crf and crf.available else None,
        min_piece_share=refinement.min_piece_share,
        crf_constants=refinement.crf,
        crf_bounds={name: bounds_of(field) for name, field in CrfConfig.model_fields.items()},
        no_crf=None if crf.available else crf.reason,
        walk=WalkFacts(beta=walk.beta, radius=walk.radius, log2_steps=walk.log2_steps) if walk else None,
        walk_bounds={name: bounds_of(field) for name, field in WalkIn.model_fields.items()},
        walk_background=prior_walk is not None and prior_walk.config.walk_background,
        no_walk=no_walk,
    )


def _title(masks: int | None, *, is_run: bool) -> str:
    before = "trained run" if is_run else "zero-shot model"
    if masks is None:
        return before
    return f"live model, learned from {masks:,} {'mask' if masks == 1 else 'masks'}, on the {before}"


def class_facts(model: ProposalModel, picture: PictureLook, shown: list[int]) -> list[ClassFacts]:
    """Facts about the classes of the maps at the positions `shown`."""
    from puzzlecam_app.lab.taught import TaughtModel

    item, classifier = picture.item, model.sources.first
    view = LiveView(knowledge=model.knowledge) if isinstance(model, TaughtModel) else NOTHING_LEARNED
    facts = []
    for position in shown:
        index = (*item.tags, *picture.others)[position]
        name = item.class_names[index]
        facts.append(
            ClassFacts(
                index=index,
                name=name,
                color=item.class_colors[index],
                tagged=position < len(item.tags),
                weak=classifier.is_weak(name) and not view.has_proved(index),
                seen_as=model.describe(name),
                logit=float(picture.steps.logits_c[position]),
                maximum=float(picture.steps.raw_chw[position].max()),
            )
        )
    return facts


def puzzle_facts(model: ProposalModel, look: PuzzleLook) -> PuzzleHeader:
    """Tiles, disagreement and losses. JSON has no infinities, and losses are never infinite."""
    return PuzzleHeader(
        tiles=look.tiles_per_side,
        cells_share=look.cells_share,
        tile_share=look.tile_share,
        disagreement=[float(value) for value in look.disagreement_t],
        loss=LossFacts.model_validate(asdict(look.loss)) if look.loss else None,
        loss_settings=model.loss,
        no_loss=None
        if look.loss
        else "The classifier was not trained on any of these classes, so there is no loss.",
    )
