"""Where the saliency maps of pictures come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trainer.settings import Settings, later_field

SaliencySource = Literal["none", "folder", "classical"]


class SaliencyConfig(Settings):
    """One grey map for each picture that says how much each pixel stands out, whatever it shows."""

    source: SaliencySource = later_field(
        "none",
        description="Where saliency maps come from. none: there are none, and background is where CAMs are "
        "low. folder: grey pictures that a saliency network made, for runs of the command line. classical: "
        "the spectral residual of the picture (Hou and Zhang, CVPR 2007), which needs no training.",
    )
    folder: Path | None = later_field(
        None,
        description="Folder of the maps for source folder: ID.png for each picture, 8 bit grey, of the "
        "picture's size; white stands out.",
    )
    background_threshold: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = later_field(
        0.06, description="Pixels whose saliency is below this are background, whatever the CAMs say."
    )

    @model_validator(mode="after")
    def _folder_where_it_is_read(self) -> Self:
        if (self.source == "folder") != (self.folder is not None):
            raise ValueError(
                "saliency.source = folder needs saliency.folder, the folder of the maps, and no other source "
                "reads one"
            )
        return self
