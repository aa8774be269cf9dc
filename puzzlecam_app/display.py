"""A picture for the browser: upright, as a thumbnail, and its superpixels.

All are cached on disk. Where the cache cannot be written, they are computed each time.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.palette import VOID, voc_palette
from puzzlecam_app.interchange.pictures import open_picture
from puzzlecam_app.items import ItemFacts
from trainer.data.images import orientation
from trainer.data.rgb import bits_per_channel
from trainer.machine.durable_write import write_cache

ThumbnailSize = Literal["small", "large"]
THUMBNAIL_SIDES_PX: Final[dict[ThumbnailSize, int]] = {"small": 144, "large": 384}
_MASK_OPACITY = 0.5
_SHOWN_AS_THEY_ARE = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_PLAIN_MODES = {"RGB", "L"}
# Part of the names of cached pictures; another number where the rules of `trainer.data.rgb` change.
_READER = 2
# SLIC works on at most this many pixels, so that superpixels stay large enough to hit on any picture.
_SUPERPIXEL_AREA_PX = 500_000
_SUPERPIXEL_PIXELS_EACH = 250


def picture(item: ItemFacts, cache_dir: Path, max_pixels: int) -> tuple[Path | bytes, str]:
    """Return what browsers show with the pixels that the program works on, and its media type.

    It is the content of the original if that is an upright 8-bit RGB or grey JPEG, PNG or WebP. Otherwise it
    is a PNG made from it: its file in the cache, or its content where the cache cannot be written.

    Raises:
        UserError: The file is missing or damaged.
    """
    content = item.read()
    with open_picture(content, max_pixels=max_pixels, where=item.place) as opened:
        media_type = _SHOWN_AS_THEY_ARE.get(opened.format or "")
        # Before the orientation, for which a PNG is decoded.
        is_plain = opened.mode in _PLAIN_MODES and bits_per_channel(opened) == 8
        is_plain = is_plain and getattr(opened, "n_frames", 1) == 1
        is_upright = orientation(opened) == 1
        has_profile = "icc_profile" in opened.info or "transparency" in opened.info
    if media_type and is_upright and is_plain and not has_profile:
        return content, media_type
    cached = cache_dir / item.sha256[:2] / f"{item.sha256}-{_READER}.png"
    if not cached.exists():
        buffer = io.BytesIO()
        Image.fromarray(item.load_image(max_pixels)).save(buffer, "PNG", compress_level=1)
        if not write_cache(cached, buffer.getvalue()):
            return buffer.getvalue(), "image/png"
    return cached, "image/png"


def thumbnail(
    item: ItemFacts,
    mask: NDArray[np.uint8] | None,
    mask_hash: str | None,
    cache_dir: Path,
    max_pixels: int,
    size: ThumbnailSize = "small",
) -> Path | bytes:
    """Return a WebP of the size in `THUMBNAIL_SIDES_PX` on its longer side, with the mask laid over it.

    Where the cache cannot be written, the content is returned in place of the file.

    Args:
        mask: uint8 HxW of the picture's size, or `None` for the picture alone.
        mask_hash: The mask's hash, `None` without a mask; part of the cache key.
    """
    suffix = ".webp" if size == "small" else f"-{size}.webp"
    cached = cache_dir / item.sha256[:2] / f"{item.sha256}-{(mask_hash or 'bare')[:32]}{suffix}"
    if cached.exists():
        return cached
    bare = cache_dir / item.sha256[:2] / f"{item.sha256}-bare{suffix}"
    if mask is not None and bare.exists():
        with Image.open(bare) as opened:
            small = np.asarray(opened.convert("RGB"))
    else:
        shown = Image.fromarray(item.load_image(max_pixels))
        shown.thumbnail((THUMBNAIL_SIDES_PX[size], THUMBNAIL_SIDES_PX[size]))
        small = np.asarray(shown)
        kept = _kept_webp(bare, small)
        if mask is None:
            return kept
    if mask is None:
        return bare
    return _kept_webp(cached, _lay_over(small, mask))


def superpixels(
    item: ItemFacts, cache_dir: Path, max_pixels: int, count: int | None = None
) -> NDArray[np.uint16]:
    """Return SLIC superpixels as a uint16 label map: about `count`, by default in proportion to the picture.

    Large pictures are segmented at a smaller size. The map is then smaller than the picture: enlarge it with
    nearest neighbours.
    """
    suffix = "" if count is None else f"-{count}"
    cached = cache_dir / item.sha256[:2] / f"{item.sha256}{suffix}.npy"
    try:
        labels: NDArray[np.uint16] = np.load(cached, allow_pickle=False)
        return labels
    except (OSError, ValueError, EOFError):
        pass
    from skimage.segmentation import slic

    image = Image.fromarray(item.load_image(max_pixels))
    scale = min(1.0, (_SUPERPIXEL_AREA_PX / (image.width * image.height)) ** 0.5)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = np.asarray(image.resize(size, Image.Resampling.BOX) if scale < 1 else image)
    wanted = count or max(1, small.shape[0] * small.shape[1] // _SUPERPIXEL_PIXELS_EACH)
    labels = slic(small, n_segments=wanted, compactness=10, start_label=0, enforce_connectivity=True)
    buffer = io.BytesIO()
    np.save(buffer, labels.astype(np.uint16), allow_pickle=False)
    write_cache(cached, buffer.getvalue())
    return labels.astype(np.uint16)


def _kept_webp(path: Path, rgb: NDArray[np.uint8]) -> Path | bytes:
    """The file where it could be kept, else its content."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "WEBP", quality=80)
    return path if write_cache(path, buffer.getvalue()) else buffer.getvalue()


def _lay_over(small: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = small.shape[:2]
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(np.intp)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(np.intp)
    classes = mask[rows[:, None], columns]
    palette = np.frombuffer(voc_palette(), np.uint8).reshape(256, 3)
    blended = small * (1 - _MASK_OPACITY) + palette[classes] * _MASK_OPACITY
    is_labelled = (classes != 0) & (classes != VOID)
    return np.where(is_labelled[..., None], blended, small).astype(np.uint8)
