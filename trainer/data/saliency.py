"""Saliency maps of pictures: read from a folder, or computed from the picture alone."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.contract import FailureCode
from trainer.data.dataset import TaggedImage
from trainer.data.images import ImageReadError, decode, open_picture, upright_size
from trainer.data.transforms import RgbImage, check_rgb
from trainer.errors import TrainerError
from trainer.saliency_config import SaliencyConfig

SaliencyMap = NDArray[np.float32]

_WORKING_SIDE = 64
"""Pixels of the longer side on which the spectrum is taken (section 3 of the paper)."""

_SMOOTHING = 2.5
"""Standard deviation of the last smoothing, in pixels of the working size."""

NO_SALIENCY = (
    "saliency.source is none: background is where the CAMs are low. The published figures of systems with "
    "saliency take background from the map of a saliency network."
)
"""The sentence for a report of a system that needs saliency and has none."""


class SaliencyError(TrainerError):
    """A saliency map is missing or does not fit its picture; the message names the file."""

    code = FailureCode.BAD_DATASET


def saliency_of(config: SaliencyConfig, image: TaggedImage, image_rgb: RgbImage) -> SaliencyMap | None:
    """The saliency map of a picture.

    Args:
        config: where it comes from.
        image: the picture; its id names the file of the map.
        image_rgb: its pixels, uint8 (H, W, 3), upright.

    Returns:
        float32 (H, W) in [0, 1], 1 where the picture stands out most; None if the source is "none".

    Raises:
        SaliencyError: the map is missing, cannot be read or has another size.
    """
    if config.source == "none":
        return None
    if config.source == "classical":
        return spectral_residual(image_rgb)
    path = _path(config, image)
    try:
        with open_picture(path) as opened:
            decode(opened, path)
            grey = np.asarray(opened.convert("L"), dtype=np.float32) / np.float32(255)
    except ImageReadError as error:
        raise SaliencyError(f"The saliency map {path} cannot be read: {error}") from error
    _check_size(path, (grey.shape[0], grey.shape[1]), (image_rgb.shape[0], image_rgb.shape[1]))
    return grey


def spectral_residual(image_rgb: RgbImage) -> SaliencyMap:
    """What a picture's spectrum has beyond the average of spectra (Hou and Zhang, CVPR 2007).

    The log amplitude of the Fourier transform minus its mean over 3 x 3 frequencies is the residual
    (equation 3); transformed back with the old phase, squared and smoothed, it is the map (equation 4). The
    map is stretched from its minimum to its maximum.

    Args:
        image_rgb: uint8 (H, W, 3).

    Returns:
        float32 (H, W) in [0, 1]; 0 everywhere for a picture of one colour.
    """
    check_rgb(image_rgb)
    height, width = image_rgb.shape[:2]
    scale = _WORKING_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA).mean(axis=2)
    if not np.ptp(grey):
        return np.zeros((height, width), np.float32)
    spectrum = np.fft.fft2(grey)
    log_amplitude = np.log(np.abs(spectrum) + 1e-8)
    residual = log_amplitude - cv2.blur(log_amplitude, (3, 3), borderType=cv2.BORDER_REFLECT_101)
    back = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))) ** 2
    smooth = cv2.GaussianBlur(back, (0, 0), _SMOOTHING)
    stretched = (smooth - smooth.min()) / max(float(np.ptp(smooth)), 1e-12)
    fine = cv2.resize(stretched.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine.clip(0.0, 1.0), dtype=np.float32)


def check_saliency(config: SaliencyConfig, images: Iterable[TaggedImage]) -> None:
    """Look for the maps of all pictures before anything is trained.

    Raises:
        SaliencyError: maps are missing, or one has another size than its picture.
    """
    if config.source != "folder":
        return
    listed = list(images)
    missing = [image.id for image in listed if not _path(config, image).is_file()]
    if missing:
        raise SaliencyError(
            f"{config.folder} has no saliency map of {len(missing):,} of {len(listed):,} pictures, first "
            f"{missing[0]}.png; add them, or set saliency.source to classical or none."
        )
    for image in listed:
        path = _path(config, image)
        try:
            size = upright_size(path)
        except ImageReadError as error:
            raise SaliencyError(f"The saliency map {path} cannot be read: {error}") from error
        with contextlib.suppress(ImageReadError):  # a run leaves out pictures that cannot be read
            _check_size(path, size, upright_size(image.path))


def saliency_fingerprint(config: SaliencyConfig, images: Iterable[TaggedImage]) -> str:
    """Short hash of the settings, and of the sizes of the files if there is a folder."""
    digest = hashlib.sha256(config.fingerprint.encode())
    if config.source == "folder":
        for image in images:
            path = _path(config, image)
            digest.update(f"\0{image.id}\0{path.stat().st_size if path.is_file() else -1}".encode())
    return digest.hexdigest()[:16]


def _path(config: SaliencyConfig, image: TaggedImage) -> Path:
    if config.folder is None:
        raise SaliencyError("saliency.source = folder needs saliency.folder.")
    return config.folder / f"{image.id}.png"


def _check_size(path: Path, found: tuple[int, int], wanted: tuple[int, int]) -> None:
    if found != wanted:
        raise SaliencyError(
            f"The saliency map {path} has {found[1]} x {found[0]} pixels, but its picture, upright, has "
            f"{wanted[1]} x {wanted[0]}; store maps at the size of their pictures."
        )
