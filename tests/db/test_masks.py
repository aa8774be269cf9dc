"""The mask store gives back exactly what it was given, or says that it cannot."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from pathlib import Path

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from db.errors import (
    DiskFullError,
    InvalidInputError,
    MaskCorruptError,
    MaskMissingError,
    MaskUnwritableError,
)
from db.masks import MaskStore, mask_hash
from db.palette import voc_palette

PALETTE = voc_palette()
MASK = np.array([[0, 1, 255], [2, 2, 0]], np.uint8)


@pytest.fixture
def store(tmp_path: Path) -> MaskStore:
    return MaskStore(tmp_path / "masks")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(mask=npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_mask_comes_back_as_it_was(store: MaskStore, mask: np.ndarray) -> None:
    found = store.get(store.put(mask, PALETTE))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, mask)


def test_a_view_with_strides_is_stored_as_what_it_shows(store: MaskStore) -> None:
    view = np.asfortranarray(MASK)[::-1, ::2]
    np.testing.assert_array_equal(store.get(store.put(view, PALETTE)), view)


def test_equal_masks_share_a_file_and_the_shape_counts(store: MaskStore) -> None:
    assert store.put(MASK, PALETTE) == store.put(MASK.copy(), PALETTE)
    assert mask_hash(MASK) != mask_hash(MASK.reshape(3, 2))
    assert len(list(store.root.rglob("*.png"))) == 1


def test_the_file_is_a_palette_png_in_vocs_colours(store: MaskStore) -> None:
    with Image.open(store.path(store.put(MASK, PALETTE))) as image:
        assert image.mode == "P"
        assert image.getpalette() == list(PALETTE)
        np.testing.assert_array_equal(np.array(image), MASK)


@pytest.mark.parametrize(
    "mask",
    [MASK.astype(np.int64), MASK.astype(bool), MASK[0], MASK[None], np.zeros((0, 3), np.uint8)],
    ids=["int64", "bool", "1-d", "3-d", "empty"],
)
def test_what_is_no_mask_is_refused(store: MaskStore, mask: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="uint8 array HxW"):
        store.put(mask, PALETTE)


def test_a_short_palette_is_refused(store: MaskStore) -> None:
    with pytest.raises(InvalidInputError, match="768"):
        store.put(MASK, b"\0" * 6)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_hashes_name_masks(store: MaskStore, name: str) -> None:
    with pytest.raises(InvalidInputError, match="not the hash"):
        store.get(name)


def test_a_missing_mask_is_told_apart_from_a_damaged_one(store: MaskStore) -> None:
    with pytest.raises(MaskMissingError, match="missing"):
        store.get("0" * 64)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])


def _replace_with_another_mask(path: Path) -> None:
    image = Image.fromarray(MASK[::-1].copy())
    image.putpalette(PALETTE)
    image.save(path)


def _replace_with_grey(path: Path) -> None:
    Image.fromarray(MASK).save(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = [_truncate, _replace_with_another_mask, _replace_with_grey, _empty]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_mask_is_never_returned(store: MaskStore, damage: object) -> None:
    name = store.put(MASK, PALETTE)
    damage(store.path(name))
    with pytest.raises(MaskCorruptError, match=r"backup|mode L"):
        store.get(name)


@pytest.mark.parametrize("damage", DAMAGES)
def test_storing_a_mask_again_repairs_its_file(store: MaskStore, damage: object) -> None:
    name = store.put(MASK, PALETTE)
    damage(store.path(name))
    assert store.put(MASK, PALETTE) == name
    np.testing.assert_array_equal(store.get(name), MASK)


def test_a_failed_write_leaves_neither_mask_nor_litter(
    store: MaskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match="free some space"):
        store.put(MASK, PALETTE)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_is_explained(
    store: MaskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(MaskUnwritableError, match="Input/output error"):
        store.put(MASK, PALETTE)


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_left_half_written_is_swept(store: MaskStore) -> None:
    name = store.put(MASK, PALETTE)
    folder = store.path(name).parent
    left = [folder / f".new-{_ended_process()}-0123.tmp", folder / f".new-{uuid.uuid4().hex}.tmp"]
    left.append(folder / f".new-{os.getpid()}-0123.tmp")  # of an earlier process with the same number
    for path in left:
        path.write_bytes(b"half a mask")
    at_work = folder / f".new-{os.getppid()}-0123.tmp"
    at_work.write_bytes(b"of a process that is at work")
    assert store.sweep() == 3
    assert [path for path in left if path.exists()] == []
    assert at_work.exists()
    np.testing.assert_array_equal(store.get(name), MASK)


def test_sweeping_leaves_what_is_being_written(store: MaskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    fsync = os.fsync

    def sweep_meanwhile(descriptor: int) -> None:
        swept.append(store.sweep())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sweep_meanwhile)
    np.testing.assert_array_equal(store.get(store.put(MASK, PALETTE)), MASK)
    assert set(swept) == {0}


def test_many_threads_may_store_the_same_mask(store: MaskStore) -> None:
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(store.put(MASK, PALETTE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1
    assert len(names) == 8
    assert [path.suffix for path in store.root.rglob("*") if path.is_file()] == [".png"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_writer_loses_nothing_it_had_acknowledged(store: MaskStore) -> None:
    """A process that stores one mask after the other is killed at no particular moment."""
    writer = textwrap.dedent(
        f"""
        import numpy as np
        from pathlib import Path
        from db.masks import MaskStore
        from db.palette import voc_palette
        store = MaskStore(Path({str(store.root)!r}))
        random = np.random.default_rng(0)
        while True:
            print(store.put(random.integers(0, 21, (200, 300), np.uint8), voc_palette()), flush=True)
        """
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.wait()

    for name in acknowledged:
        assert store.get(name).shape == (200, 300)
    for path in store.root.rglob("*.png"):
        store.get(path.stem)
