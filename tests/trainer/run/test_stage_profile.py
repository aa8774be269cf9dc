"""Seconds are added up by phase, also from threads and worker processes."""

from trainer.run.progress import ProgressDisplay
from trainer.run.stage_profile import CRF, NETWORK, READING, StageProfile


def test_phases_are_added_up_in_a_fixed_order():
    profile = StageProfile()
    profile.add({CRF: 1.5})
    profile.add({CRF: 0.25, READING: 2.0})
    assert list(profile.seconds().items()) == [(READING, 2.0), (CRF, 1.75)]


def test_a_device_is_waited_for_before_its_phase_ends():
    waited = []
    profile = StageProfile(lambda: waited.append(list(profile.seconds())))
    with profile.phase(READING):
        pass
    with profile.phase(NETWORK, on_device=True):
        pass
    assert waited == [[READING]]
    assert list(profile.seconds()) == [READING, NETWORK]


def test_the_terminal_shows_them(capsys):
    with ProgressDisplay() as display:
        profile = {"network": 7.25, "waiting": 1.5}
        display({"kind": "stage_finished", "stage": "cams", "seconds": 9.1, "profile": profile})
    assert "cams: done in 9.1 s\n  network       7.25 s\n  waiting       1.50 s" in capsys.readouterr().err
