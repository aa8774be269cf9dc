"""Masks that lie on the local disk and in a bucket, so that several studios, or a new machine, have them."""

from __future__ import annotations

import io
from pathlib import Path

from db.errors import MaskCorruptError, MaskMissingError, MaskStorageError
from db.masks import MaskArray, MaskStore, read_mask
from puzzlecam_app.storage.breaker import breaker_of
from puzzlecam_app.storage.bucket import Bucket, check_installed
from puzzlecam_app.storage.urls import parse_url
from trainer.machine.durable_write import write_cache


class SharedMasks(MaskStore):
    """Masks under `root`, each also in `bucket` under the same name.

    `put` returns when both have the mask. What is missing or damaged on the local disk comes back from the
    bucket. Nothing is ever deleted there.
    """

    def __init__(self, root: Path, bucket: Bucket) -> None:
        super().__init__(root)
        self._bucket = bucket

    def put(self, mask: MaskArray, palette: bytes) -> str:
        """Store `mask` in both places; raises MaskStorageError beside what `MaskStore.put` raises."""
        name = super().put(mask, palette)
        try:
            self._bucket.write(_key(name), self.path(name).read_bytes())
        except OSError as problem:
            raise MaskStorageError(
                f"The storage {self._bucket.url} did not take the mask ({problem.strerror}), so the change "
                "was not stored; try again soon, and check the storage if it stays so."
            ) from problem
        return name

    def get(self, name: str) -> MaskArray:
        """The mask called `name`; raises MaskStorageError beside what `MaskStore.get` raises."""
        try:
            return super().get(name)
        except (MaskMissingError, MaskCorruptError) as lost:
            found = self._fetched(name)
            if found is None:
                raise lost
            return found

    def is_near(self, name: str) -> bool:
        """Whether the local disk has it."""
        return self.path(name).exists()

    def file(self, name: str) -> Path:
        """The local file, which is made if it is missing."""
        if not self.is_near(name):
            self.get(name)
        return self.path(name)

    def _fetched(self, name: str) -> MaskArray | None:
        """The mask from the bucket, checked and kept on the local disk; None if the bucket lacks it."""
        try:
            data = self._bucket.read(_key(name))
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise MaskStorageError(
                f"The mask is not on this machine, and the storage {self._bucket.url} does not give it "
                f"({problem.strerror}); try again soon."
            ) from problem
        mask = read_mask(io.BytesIO(data), name, str(self._bucket.url.below(_key(name))))
        write_cache(self.path(name), data)
        return mask


def open_masks(root: Path, url: str | None) -> MaskStore:
    """The mask store of a workspace, with a bucket behind it if there is a URL.

    Raises:
        UserError: The package that speaks to the bucket is not installed.
    """
    if url is None:
        return MaskStore(root)
    parsed = parse_url(url)
    check_installed(parsed)
    return SharedMasks(root, Bucket(parsed, breaker=breaker_of(parsed)))


def _key(name: str) -> str:
    return f"{name[:2]}/{name}.png"
