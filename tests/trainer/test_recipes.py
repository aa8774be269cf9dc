from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel
from torch import nn

from trainer.config import Recipe, Settings
from trainer.errors import TrainerUsageError
from trainer.recipes import load_recipe, recipe_from, recipe_names
from trainer.training.optimiser import build_optimizer

PAPER = ("paper-resnet50", "paper-resnest50", "paper-resnest101", "paper-resnest269")


class Tiny(nn.Module):
    """A pretrained layer and a new one, both with weights and biases."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, 4, 1)
        self.classifier = nn.Conv2d(4, 2, 1)


@pytest.mark.parametrize("name", recipe_names())
def test_every_shipped_recipe_can_be_read_and_says_what_it_is_for(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description


def test_the_recipes_of_the_issue_are_shipped() -> None:
    assert {"tiny", "cpu-lite0", "gpu-lite2", *PAPER} <= set(recipe_names())


def test_every_setting_is_described() -> None:
    def undescribed(model: type[BaseModel]) -> list[str]:
        missing = [
            f"{model.__name__}.{name}" for name, field in model.model_fields.items() if not field.description
        ]
        for field in model.model_fields.values():
            if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
                missing += undescribed(field.annotation)
        return missing

    assert undescribed(Recipe) == []


@pytest.mark.parametrize("name", PAPER)
def test_paper_recipes_train_with_the_momentum_that_the_reference_really_had(name: str) -> None:
    optimizer = build_optimizer(
        Tiny(), load_recipe(name).classify.optimizer, lambda name: name.startswith("classifier.")
    )

    held = {
        group["name"]: (group["lr"], group["momentum"], group["weight_decay"])
        for group in optimizer.param_groups
    }
    assert held == {
        "weights": (0.1, 1e-4, 1e-4),
        "biases": (0.2, 1e-4, 0.0),
        "new weights": (1.0, 1e-4, 1e-4),
        "new biases": (2.0, 1e-4, 0.0),
    }


@pytest.mark.parametrize("name", ["cpu-lite0", "gpu-lite2"])
def test_modern_recipes_have_momentum_and_a_rate_that_fits_it(name: str) -> None:
    optimizer = build_optimizer(Tiny(), load_recipe(name).classify.optimizer, lambda _: False)

    assert {group["momentum"] for group in optimizer.param_groups} == {0.9}
    assert optimizer.param_groups[0]["lr"] <= 0.01


def test_overrides_change_single_settings() -> None:
    recipe = load_recipe("tiny", ["classify.epochs=7", "classify.view.crop=32", "backbone.name=lite2"])
    assert (recipe.classify.epochs, recipe.classify.view.crop, recipe.backbone.name) == (7, 32, "lite2")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("classify.epoch=3", "classify.epoch is not a setting"),
        ("classify.epochs=-1", "classify.epochs"),
        ("classify.epochs", "must have the form"),
        ("name.x=1", "too many parts"),
        ("classify.accumulate=3", "choose accumulate so that it divides batch_size"),
        ("classify.view.min_side=9999", "swap them"),
    ],
)
def test_a_wrong_override_is_answered_with_what_is_wrong(override: str, said: str) -> None:
    with pytest.raises(TrainerUsageError, match=said):
        load_recipe("tiny", [override])


def test_an_unknown_recipe_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TrainerUsageError, match="cpu-lite0"):
        load_recipe("cpu-lite9")


@pytest.mark.parametrize(("line", "said"), [("version = 0", "has version 0"), ("", "has no version")])
def test_a_recipe_of_an_older_version_is_refused_with_what_to_do(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "old.toml"
    path.write_text(f'{line}\nname = "old"\n', encoding="utf-8")
    with pytest.raises(TrainerUsageError, match=f"{said}.*set version = 1"):
        load_recipe(path)


def test_a_stored_recipe_can_be_read_back() -> None:
    recipe = load_recipe("cpu-lite0")
    assert recipe_from(recipe.model_dump(mode="json"), where="Manifest") == recipe


def test_settings_of_the_machine_do_not_change_what_a_stage_is_identified_by() -> None:
    plain, other = (
        load_recipe("tiny"),
        load_recipe("tiny", ["classify.workers=3", "classify.log_every_steps=9"]),
    )
    assert plain.classify.fingerprint == other.classify.fingerprint
    assert plain.classify.fingerprint != load_recipe("tiny", ["classify.loss.alpha=9.0"]).classify.fingerprint
