from __future__ import annotations

import torch

from trainer.training.cam_monitor import CamMonitor

NAMES = ("cat", "dog")
EVERYTHING = torch.tensor([[1.0, 1.0]])


def maps(cat: float, dog: float) -> torch.Tensor:
    """Maps of one picture whose peaks are given."""
    return torch.tensor([[[[cat, -9.0]], [[dog, -9.0]]]])


def alarms(*pictures: torch.Tensor, labels: torch.Tensor = EVERYTHING) -> list[tuple[str, dict[str, object]]]:
    monitor = CamMonitor(NAMES, torch.device("cpu"))
    for picture in pictures:
        monitor.add(picture, labels)
    return [(alarm.name, alarm.details) for alarm in monitor.end_epoch(1)]


def test_maps_that_light_up_raise_no_alarm() -> None:
    assert alarms(maps(1.0, 2.0)) == []


def test_a_class_that_never_lights_up_is_named() -> None:
    assert alarms(maps(1.0, -1.0), maps(2.0, 0.0)) == [("vanished_class", {"epoch": 1, "classes": ["dog"]})]


def test_a_class_that_lights_up_once_has_not_vanished() -> None:
    assert alarms(maps(1.0, -1.0), maps(1.0, 0.1)) == []


def test_a_class_that_was_not_shown_is_not_missed() -> None:
    assert alarms(maps(1.0, -1.0), labels=torch.tensor([[1.0, 0.0]])) == []


def test_maps_that_are_dark_everywhere_have_collapsed() -> None:
    assert [name for name, _ in alarms(maps(-1.0, 0.0))] == ["collapse"]


def test_every_epoch_counts_anew() -> None:
    monitor = CamMonitor(NAMES, torch.device("cpu"))
    monitor.add(maps(-1.0, -1.0), EVERYTHING)
    assert list(monitor.end_epoch(1))
    monitor.add(maps(1.0, 1.0), EVERYTHING)
    assert list(monitor.end_epoch(2)) == []
    assert list(monitor.end_epoch(3)) == [], "an epoch that showed nothing says nothing"
