"""Whether a file's labels were drawn on the picture that is there."""

from __future__ import annotations

from puzzlecam_app.interchange.mask_files import MaskFileError
from puzzlecam_app.interchange.pictures import PictureInfo
from trainer.data.images import SWAPS_SIDES


def check_size(width: object, height: object, picture: PictureInfo) -> None:
    """Raise MaskFileError if a format says another size than the upright picture has; None is no size."""
    if width is None or height is None or (width, height) == (picture.width, picture.height):
        return
    reason = f"it is for {width} x {height} pixels, but the picture is {picture.width} x {picture.height}"
    if picture.orientation in SWAPS_SIDES and (height, width) == (picture.width, picture.height):
        raise MaskFileError(
            f"{reason}; it was drawn on the picture as stored, without its EXIF rotation",
            remedy="Export it again for the picture the way it is shown",
        )
    raise MaskFileError(reason, remedy="Export it again for this picture")
