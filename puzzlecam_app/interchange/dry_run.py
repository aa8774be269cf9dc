"""What an import would do, without storing anything: what would come in, and what would be lost."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel, ConfigDict, Field

from db.palette import voc_hex_color
from puzzlecam_app.interchange.check import CheckedPicture, Checker, remarks_on_overlaps
from puzzlecam_app.interchange.importing import ImportOptions, check_all, settle
from puzzlecam_app.interchange.parallel import Progress
from puzzlecam_app.interchange.problems import Problem, in_words
from puzzlecam_app.interchange.source import Source


class CheckedClass(BaseModel):
    """A class that would come in."""

    model_config = ConfigDict(frozen=True)

    index: int = Field(description="Its index in masks, from 1.")
    name: str
    color: str = Field(description="As #rrggbb.")
    source_id: int | None = Field(default=None, description="Its number in the format, if it has one.")
    tagged: int = Field(description="Pictures with this tag, if tags are not taken from masks.")
    in_masks: int = Field(description="Masks that contain it.")


class CheckReport(BaseModel):
    """What an import would do."""

    model_config = ConfigDict(frozen=True)

    source: str = Field(description="Folder that was read.")
    layout: str
    recognised: str = Field(description="By what the format was recognised.")
    found: int = Field(description="Pictures that the folder contains or lists.")
    usable: int = Field(description="Pictures that would be imported.")
    classes: tuple[CheckedClass, ...] = Field(description="In index order.")
    masks_found: int = Field(description="Pictures with a mask.")
    masks_usable: int = Field(description="Masks that would be imported.")
    objects: int = Field(description="Objects that would be kept beside the masks.")
    splits: dict[str, int] = Field(description="Pictures in each split; without one, under none.")
    problems: tuple[Problem, ...] = Field(description="What would be lost or should be looked at.")

    @property
    def is_complete(self) -> bool:
        """Whether everything that the folder contains would be used."""
        return self.usable == self.found and not any(problem.left_out for problem in self.problems)


def check_source(
    source: Source, options: ImportOptions | None = None, *, progress: Progress | None = None
) -> CheckReport:
    """Read all pictures and masks of a dataset as an import does, and store nothing.

    Masks are read wherever the dataset says what their indices mean, also if the options leave them out.

    Raises:
        UserError: The dataset as a whole cannot be imported.
    """
    with source.named():
        return _check(source, options or ImportOptions(), progress)


def _check(source: Source, options: ImportOptions, progress: Progress | None) -> CheckReport:
    items, problems = settle(source, source.place, options)
    checker = Checker(
        files=source.files,
        max_pixels=options.max_pixels,
        mask_store=None,
        class_list=source.class_list,
        copy_to=None,
        void_is_class=options.void_is_class,
    )
    checked = check_all(checker, items, progress)
    usable = [one for one in checked if isinstance(one, CheckedPicture)]
    tags = Counter(tag for item in items for tag in item.tags)
    masked = [one for one in usable if one.mask_hash is not None]
    in_masks = Counter(index for one in masked for index in one.mask_classes or ())
    return CheckReport(
        source=source.place,
        layout=source.layout,
        recognised=source.recognised,
        found=len(source.items),
        usable=len(usable),
        classes=tuple(
            CheckedClass(
                index=index,
                name=name,
                color=_color(source, index),
                source_id=source.source_ids.get(name),
                tagged=tags[name],
                in_masks=in_masks[index],
            )
            for index, name in enumerate(source.classes, start=1)
        ),
        masks_found=sum(item.mask is not None for item in items),
        masks_usable=len(masked),
        objects=sum(len(one.objects) for one in masked),
        splits=dict(Counter(item.split or "none" for item in items)),
        problems=tuple(
            in_words(
                [
                    *problems,
                    *(problem for one in checked for problem in one.problems),
                    *remarks_on_overlaps(usable),
                ],
                source.in_words,
            )
        ),
    )


def _color(source: Source, index: int) -> str:
    color = source.colors.get(index)
    return voc_hex_color(index) if color is None else "#{:02x}{:02x}{:02x}".format(*color)
