"""What the app needs to know about one picture, read in one database session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.datasets import get_dataset
from db.items import get_item, tags_of
from db.labels import latest_label_set, resolve_retired
from puzzlecam_app.errors import BusyError, UserError
from puzzlecam_app.root_files import REPLACE_THE_LINK, LeadsOutError, RootFiles
from puzzlecam_app.storage.bucket import BucketError
from puzzlecam_app.storage.dataset_files import ContentChangedError, files_of


@dataclass(frozen=True)
class ItemFacts:
    """A picture of a dataset that has not been removed; `width` and `height` are of the upright picture.

    Its file is `relative` among the `files` of the dataset. `is_missing` is true if an import found the file
    no more; another picture may have taken its place. `is_copy`: it is a copy for one person.
    """

    id: int
    dataset_id: int
    name: str
    files: RootFiles
    relative: str
    is_missing: bool
    sha256: str
    width: int
    height: int
    split: str | None
    disagreement: float | None
    label_set_revision: int
    tags: tuple[int, ...]
    class_names: dict[int, str]
    class_colors: dict[int, str]
    retired_to: dict[int, int]
    is_copy: bool = False

    @property
    def place(self) -> str:
        """Where the file should be, to be told to people; `read` opens it."""
        return self.files.place(self.relative)

    @property
    def tag_names(self) -> tuple[str, ...]:
        """Names of the tags, in the order of `tags`."""
        return tuple(self.class_names[index] for index in self.tags)

    def is_there(self) -> bool:
        """Whether the picture's file is where it should be; it may still be damaged."""
        return not self.is_missing and self.files.lists_file(self.relative)

    def gone(self) -> UserError:
        """What is said where the file is not there."""
        return UserError(
            "the picture is no longer where it was when it was imported",
            where=self.place,
            remedy="Put it back; if it was renamed, import the dataset again; if the folder was moved, use "
            "dataset relocate on the command line, or Moved folder on the page Datasets",
        )

    def read(self) -> bytes:
        """Return the content of the file.

        Raises:
            UserError: The file is missing, cannot be read, has changed at its URL, or is a link out of the
                dataset's folder.
            BusyError: The store that it is in does not give it now.
        """
        if not self.is_there():
            raise self.gone()
        try:
            return self.files.read_known(self.relative, self.sha256)
        except FileNotFoundError as problem:
            raise self.gone() from problem
        except LeadsOutError as problem:
            raise UserError(
                "the picture was replaced by a link that leads out of the folder of its dataset",
                where=self.place,
                remedy=REPLACE_THE_LINK,
            ) from problem
        except ContentChangedError as problem:
            raise UserError(
                "the picture has changed since it was imported",
                where=self.place,
                remedy="Put the old file back, or import the dataset again",
            ) from problem
        except BucketError as problem:
            raise BusyError(
                f"the picture cannot be fetched now ({problem.strerror})",
                where=self.place,
                remedy="Try again soon, and check the storage if it stays so",
            ) from problem
        except OSError as problem:
            raise UserError(
                f"the picture cannot be read ({problem.strerror})",
                where=self.place,
                remedy="Check the file and its permissions",
            ) from problem

    def load_image(self, max_pixels: int) -> NDArray[np.uint8]:
        """Return the upright picture, uint8 HxWx3 RGB.

        Raises:
            UserError: As `read`, or the picture is damaged or has more than `max_pixels` pixels.
        """
        from puzzlecam_app.interchange.pictures import load_upright_rgb

        return load_upright_rgb(self.read(), max_pixels=max_pixels, where=self.place)


def read_item(session: Session, item_id: int) -> ItemFacts:
    """Return the facts of a picture.

    Raises:
        NotFoundError: There is no such picture, or its dataset has been removed.
    """
    item = get_item(session, item_id)
    dataset = get_dataset(session, item.dataset_id)
    label_set = latest_label_set(session, dataset.id)
    return ItemFacts(
        id=item.id,
        dataset_id=dataset.id,
        name=item.name,
        files=files_of(session, dataset),
        relative=item.path,
        is_missing=item.missing_since is not None,
        sha256=item.sha256,
        width=item.width,
        height=item.height,
        split=item.split,
        disagreement=item.disagreement,
        label_set_revision=label_set.revision,
        tags=tags_of(session, [item.id])[item.id],
        class_names={one.index: one.name for one in label_set.classes},
        class_colors={one.index: one.color for one in label_set.classes},
        retired_to=resolve_retired(
            {one.index: one.retired_to for one in label_set.classes if one.retired_to is not None}
        ),
        is_copy=item.is_copy,
    )
