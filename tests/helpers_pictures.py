"""Pictures, masks and folders for tests, drawn on the spot; also the ones nobody wants to be sent."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from db.datasets import require_dataset
from db.engine import Database, open_database, sqlite_url
from db.items import all_items, tags_of
from db.labels import latest_label_set
from db.masks import MaskStore
from db.palette import voc_palette
from puzzlecam_app.interchange.reports import ImportReport
from puzzlecam_app.interchange.stores import Stores

Import = Callable[..., ImportReport]


@dataclass(frozen=True)
class Studio:
    """A workspace without an app around it."""

    root: Path
    database: Database
    masks: MaskStore
    images: Path

    @property
    def stores(self) -> Stores:
        return Stores(self.database, self.masks, self.images)

    def tags(self, dataset: str) -> dict[str, list[str]]:
        """Class names of every picture of a dataset, by picture."""
        with self.database.read() as session:
            dataset_id = require_dataset(session, dataset).id
            names = {row.index: row.name for row in latest_label_set(session, dataset_id).classes}
            items = all_items(session, dataset_id)
            tags = tags_of(session, [item.id for item in items])
        return {item.name: [names[index] for index in tags[item.id]] for item in items}


def open_studio(root: Path) -> Studio:
    """A new, empty workspace in `root`."""
    database = open_database(sqlite_url(root / "studio.sqlite3"))
    database.migrate()
    return Studio(root, database, MaskStore(root / "masks"), root / "images")


def pixels(width: int = 8, height: int = 6, seed: int = 0) -> np.ndarray:
    """A picture, uint8 HxWx3, that differs from every other `seed`."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path: Path, width: int = 8, height: int = 6, *, seed: int = 0, mode: str = "RGB", **options) -> Path:
    """Draw a picture and write it in the format of the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(width, height, seed)).convert(mode).save(path, **options)
    return path


def exif(orientation: int) -> Image.Exif:
    """EXIF data that holds nothing but an orientation."""
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def save_mask(path: Path, mask: np.ndarray) -> Path:
    """Write class indices as a palette PNG in VOC's colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(mask, np.uint8))
    image.putpalette(voc_palette())
    image.save(path)
    return path


def jpeg_bytes(width: int = 64, height: int = 48, seed: int = 0) -> bytes:
    """A JPEG in memory."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(width, height, seed)).save(buffer, "JPEG")
    return buffer.getvalue()


def png_header(width: int, height: int, *, bits: int = 8, color_type: int = 2) -> bytes:
    """The start of a PNG that claims a size and holds hardly any data: a decompression bomb."""
    return png(width, height, bits, color_type, bytes(1000))


def png_16_bit_rgb(width: int = 4, height: int = 3) -> bytes:
    """A PNG with 16 bits in each of three channels, which Pillow can read but not write."""

    rows = b"".join(b"\0" + struct.pack(">3H", 0x1234, 0x8000, 0xFFFF) * width for _ in range(height))
    return png(width, height, 16, 2, rows)


def png(
    width: int, height: int, bits: int, color_type: int, rows: bytes, *chunks: tuple[bytes, bytes]
) -> bytes:
    """A PNG of any kind; `rows` begin with their filter, and `chunks` stand before the pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0))
        + b"".join(chunk(kind, data) for kind, data in chunks)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def voc_folder(
    root: Path, names: dict[str, list[str]], *, splits: dict[str, list[str]] | None = None
) -> Path:
    """A VOC dataset with annotations: `names` gives each picture's objects, `splits` each list's names."""
    for seed, (name, tags) in enumerate(names.items()):
        save(root / "JPEGImages" / f"{name}.jpg", seed=seed)
        objects = "".join(f"<object><name>{tag}</name></object>" for tag in tags)
        annotation = root / "Annotations" / f"{name}.xml"
        annotation.parent.mkdir(parents=True, exist_ok=True)
        annotation.write_text(f"<annotation>{objects}</annotation>")
    for split, listed in (splits or {}).items():
        path = root / "ImageSets" / "Segmentation" / f"{split}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{name}\n" for name in listed))
    return root


def reasons(report: ImportReport) -> dict[str, tuple[str, str]]:
    """Severity and reason of each problem of an import, by file."""
    return {problem.file: (problem.severity, problem.reason) for problem in report.problems}
